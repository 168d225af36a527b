import type { Clock } from '../../core/clock.ts';

/** Lets one wait until another says that there is something to do. */
export class Wake {
  readonly #clock: Pick<Clock, 'deadline'>;
  #isUp = false;
  #resolve: (() => void) | undefined;

  constructor(clock: Pick<Clock, 'deadline'>) {
    this.#clock = clock;
  }

  up(): void {
    this.#isUp = true;
    this.#resolve?.();
  }

  /** Resolves at once if it was woken since the last wait, else when it is, or after so long. Default: no end. */
  async wait(mostMs?: number): Promise<void> {
    if (!this.#isUp) {
      await new Promise<void>((resolve) => {
        const timer = mostMs === undefined ? undefined : this.#clock.deadline(mostMs, resolve);
        this.#resolve = () => {
          timer?.[Symbol.dispose]();
          resolve();
        };
      });
      this.#resolve = undefined;
    }
    this.#isUp = false;
  }
}
