import type { Clock } from '../../core/clock.ts';

/** Receipts that are given at once, before the next ones wait for a turn of the event loop. */
const GIVEN_PER_TURN = 512;

/** Gives receipts at once, but not so many that whoever waits for each of them would hold up everything else. */
export class ReceiptPace {
  readonly #clock: Pick<Clock, 'turn'>;
  /** Given since the last turn of the event loop that was waited for. */
  #given = 0;
  #turn: Promise<void> | undefined;

  constructor(clock: Pick<Clock, 'turn'>) {
    this.#clock = clock;
  }

  give<T>(receipt: T): Promise<T> {
    this.#given += 1;
    if (this.#given < GIVEN_PER_TURN) return Promise.resolve(receipt);
    this.#turn ??= this.#clock.turn().then(() => {
      this.#turn = undefined;
      this.#given = 0;
    });
    return this.#turn.then(() => receipt);
  }
}
