import type { KillRecord } from './kill-record.ts';

/** What restrains while it is not fine, asked anew by every order: nobody has to notice first. */
export class Condition {
  readonly #isFine: () => boolean;
  readonly #describe: (before: KillRecord | undefined) => KillRecord;
  #record: KillRecord | undefined;

  /** @param describe the record as it is to be now, after the one that stood at the last look, if one did */
  constructor(isFine: () => boolean, describe: (before: KillRecord | undefined) => KillRecord) {
    this.#isFine = isFine;
    this.#describe = describe;
  }

  /** What it restrains now; `undefined` while it is fine. */
  get standing(): KillRecord | undefined {
    this.#record = this.#isClearlyFine() ? undefined : this.#describe(this.#record);
    return this.#record;
  }

  /** Only a clear yes is one. */
  #isClearlyFine(): boolean {
    try {
      return (this.#isFine() as unknown) === true;
    } catch {
      return false;
    }
  }
}
