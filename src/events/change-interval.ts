import type { Clock } from '../core/clock.ts';

export interface ChangeIntervalOptions {
  /** Milliseconds, at least 1. */
  readonly everyMs: number;
  /** Whether the first change in an interval is told at once. The others wait for its end. */
  readonly firstAtOnce: boolean;
}

/**
 * Tells of each thing that has changed once for each interval, however often it has: the last state counts. What still waits
 * when it is disposed is told then.
 */
export class ChangeInterval implements Disposable {
  readonly #firstAtOnce: boolean;
  readonly #tell: (key: string) => void;
  readonly #timer: Disposable;
  /** Those told in this interval. */
  #told = new Set<string>();
  #waiting = new Set<string>();
  #isOver = false;

  /** @param tell what it throws comes out of `changed`, or of the timer */
  constructor(
    { everyMs, firstAtOnce }: ChangeIntervalOptions,
    clock: Pick<Clock, 'every'>,
    tell: (key: string) => void,
  ) {
    this.#firstAtOnce = firstAtOnce;
    this.#tell = tell;
    this.#timer = clock.every(everyMs, () => {
      this.#next();
    });
  }

  /** To be called for each change; after the end it does nothing. */
  changed(key: string): void {
    if (this.#isOver) return;
    if (!this.#firstAtOnce || this.#told.has(key)) {
      this.#waiting.add(key);
      return;
    }
    this.#told.add(key);
    this.#tell(key);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#timer[Symbol.dispose]();
    this.#next();
  }

  #next(): void {
    const waiting = this.#waiting;
    this.#waiting = new Set();
    this.#told = waiting;
    for (const key of waiting) this.#tell(key);
  }
}
