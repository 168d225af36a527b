import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import type { Work } from '../policy.ts';

/** Work that runs, and may be given up before it has ended. */
export class Running<T> {
  readonly #onOutcome: (outcome: Outcome<T>) => void;
  #onEnded: (() => void) | undefined;

  /** @param onOutcome called once: with what the work gave, or with why it was given up */
  constructor(onOutcome: (outcome: Outcome<T>) => void) {
    this.#onOutcome = onOutcome;
  }

  /** Work that throws breaks its promise: it counts as failed, or it would take the process with it. */
  async start(work: Work<T>, call: Call): Promise<void> {
    let outcome: Outcome<T>;
    try {
      outcome = await work(call);
    } catch (error) {
      outcome = failed({ code: 'WORK_FAILED', upstream: 'unknown', mayRetry: false, error });
    }
    this.#end(outcome);
  }

  /** The failure becomes the outcome now; its `stillRunning` settles when the work has really ended. To be called before there is an outcome. */
  giveUp(failure: Failure): void {
    const stillRunning = new Promise<void>((resolve) => {
      this.#onEnded = resolve;
    });
    this.#onOutcome(failed({ ...failure, stillRunning }));
  }

  #end(outcome: Outcome<T>): void {
    if (this.#onEnded === undefined) {
      this.#onOutcome(outcome);
      return;
    }
    // What was given up further in has ended only when that has.
    const deeper = outcome.ok ? undefined : outcome.failure.stillRunning;
    if (deeper === undefined) this.#onEnded();
    else void deeper.then(this.#onEnded);
  }
}
