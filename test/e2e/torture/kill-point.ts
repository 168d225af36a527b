import { writeSync } from 'node:fs';

/** Where a process is to end: at the `nth` time that it comes to a step. */
export interface KillTarget {
  readonly step: string;
  readonly nth: number;
}

const PIPE = 3;

/** What a trader tells its torturer, a line of JSON each. */
export type Told =
  | {
      readonly at: 'opened';
      readonly records: number;
      readonly inDoubt: number;
      readonly fromSnapshot: boolean;
    }
  /** Reconciled with the exchange: entries go through again. */
  | { readonly at: 'open-for-trading' }
  | { readonly at: 'step'; readonly step: string }
  | { readonly at: 'finished' };

/** Written before the call returns, so that a kill right after it loses nothing. */
export function tell(told: Told): void {
  writeSync(PIPE, `${JSON.stringify(told)}\n`);
}

/** Ends the process with SIGKILL at one named step. Nothing that stands behind the step in the same tick runs any more. */
export class KillPoint {
  readonly #target: KillTarget | undefined;
  #seen = 0;

  constructor(target: KillTarget | undefined) {
    this.#target = target;
  }

  /** Comes by a step. */
  at(step: string): void {
    if (this.isDue(step)) this.die();
  }

  /** The same, but the caller has something to do before it ends the process with `die()`. */
  isDue(step: string): boolean {
    if (step !== this.#target?.step) return false;
    this.#seen += 1;
    return this.#seen === this.#target.nth;
  }

  die(): never {
    tell({ at: 'step', step: this.#target?.step ?? 'none' });
    process.kill(process.pid, 'SIGKILL');
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
}
