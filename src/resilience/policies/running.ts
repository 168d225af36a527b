import type { Failure } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';

/** Work that runs, and may be given up before it has ended. */
export class Running<T> {
  readonly #onOutcome: (outcome: Outcome<T>) => void;
  #isOver = false;
  #onEnded: (() => void) | undefined;

  /** @param onOutcome called once: with what the work gave, or with why it was given up */
  constructor(onOutcome: (outcome: Outcome<T>) => void) {
    this.#onOutcome = onOutcome;
  }

  until(end: Promise<Outcome<T>>): void {
    void end.then((outcome) => {
      this.#end(outcome);
    });
  }

  /** The failure becomes the outcome now; its `stillRunning` settles when the work has really ended. */
  giveUp(failure: Failure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const stillRunning = new Promise<void>((resolve) => {
      this.#onEnded = resolve;
    });
    this.#onOutcome(failed({ ...failure, stillRunning }));
  }

  #end(outcome: Outcome<T>): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#onOutcome(outcome);
      return;
    }
    // What was given up further in has ended only when that has.
    const deeper = outcome.ok ? undefined : outcome.failure.stillRunning;
    if (deeper === undefined) this.#onEnded?.();
    else void deeper.then(this.#onEnded);
  }
}
