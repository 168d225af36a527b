import type { Clock } from '../core/clock.ts';

/** That a member is to stop, and when at the latest. */
export class MemberStop<T> {
  readonly #clock: Clock;
  readonly #deadlines: Disposable[] = [];
  readonly #ended = Promise.withResolvers<readonly T[]>();
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves with what is to be given back. */
  get promise(): Promise<readonly T[]> {
    return this.#ended.promise;
  }

  /** Calls `onLate` once the time is up, at once where there is none. */
  within(timeoutMs: number, onLate: () => void): void {
    if (this.#isOver) return;
    if (timeoutMs > 0) this.#deadlines.push(this.#clock.deadline(timeoutMs, onLate));
    else onLate();
  }

  /** From here on nothing is acknowledged. */
  close(): void {
    this.#isOver = true;
    for (const deadline of this.#deadlines) deadline[Symbol.dispose]();
  }

  resolve(rest: readonly T[]): void {
    this.#ended.resolve(rest);
  }
}
