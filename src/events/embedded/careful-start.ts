import type { GroupCursor } from './group-cursor.ts';

/** What of it outlives the process. */
export interface SavedTries {
  /** The last that may have been on its way when a process died. */
  readonly until: number;
  /** The one whose attempt had begun and not ended. */
  readonly running?: number | undefined;
  /** Attempts begun, of those that have not come to an end. */
  readonly attempts: readonly (readonly [seq: number, attempts: number])[];
}

export interface CarefulStartOptions {
  readonly until: number;
  /** Up to here no more goes out than is saved to be on its way; 0 for nowhere. */
  readonly fence: number;
  readonly attempts: SavedTries['attempts'];
}

/** How many events beyond the last acknowledged one that is on record may have been on their way. */
export const SUSPECTS = 1000;

/** Whether tries of several places may run at once. Where one of them may have ended the process before, they do not. */
export class TryTurns {
  readonly #isAlone: boolean;
  #running = 0;

  constructor(isAlone: boolean) {
    this.#isAlone = isAlone;
  }

  get isFree(): boolean {
    return !this.#isAlone || this.#running === 0;
  }

  begin(): void {
    this.#running += 1;
  }

  end(): void {
    this.#running -= 1;
  }
}

/**
 * A place of a group after a process that has ended without closing its bus: which of the events that may have been on their
 * way was it that ended it? Those are tried one by one, each attempt after a note of it, so that the one that ends the process
 * again is known. What stands behind them may have been on its way as well, if less likely: it goes out freely, but for a
 * while no further than it can be told afterwards.
 */
export class CarefulStart {
  readonly #until: number;
  readonly #fence: number;
  readonly #attempts: Map<number, number>;
  readonly #turns: TryTurns;
  #running: number | undefined;

  constructor({ until, fence, attempts }: CarefulStartOptions, turns: TryTurns) {
    this.#until = until;
    this.#fence = fence;
    this.#attempts = new Map(attempts);
    this.#turns = turns;
  }

  isOver({ floor }: GroupCursor): boolean {
    return this.#running === undefined && floor >= this.#until && floor >= this.#fence;
  }

  /** Whether an event may go out now, and how; `saved` for: once it is on record how far the group is. */
  admits(seq: number, cursor: GroupCursor): 'freely' | 'alone' | 'later' | 'saved' {
    if (this.#running !== undefined) return 'later';
    if (seq <= this.#until) return this.#turns.isFree ? 'alone' : 'later';
    if (seq > this.#fence || seq <= cursor.savedTop + SUSPECTS) return 'freely';
    return cursor.top > cursor.savedTop ? 'saved' : 'later';
  }

  attemptsOf(seq: number): number {
    return this.#attempts.get(seq) ?? 0;
  }

  /** It is tried, once that is on record. */
  begin(seq: number): void {
    this.#running = seq;
    this.#turns.begin();
  }

  /**
   * The attempt has ended, and the process has not.
   *
   * @param attempts where there will be more: those so far
   * @returns whether it was the one that was tried
   */
  end(seq: number, attempts = 0): boolean {
    if (this.#running !== seq) return false;
    this.#running = undefined;
    this.#turns.end();
    if (attempts > 0) this.#attempts.set(seq, attempts);
    else this.#attempts.delete(seq);
    return true;
  }

  save(): SavedTries {
    const running = this.#running;
    return {
      until: this.#until,
      ...(running !== undefined && { running }),
      attempts: [...this.#attempts],
    };
  }
}
