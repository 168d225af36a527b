import type { PortcullisError } from '../../core/errors.ts';
import type { FirmCap } from './limit-cap.ts';
import { type LimitDifference, limitDifferences } from './limit-difference.ts';
import { type LimitEngines, type LimitTexts, textOf } from './limit-engines.ts';
import type { AskedLimits, WantedLimits } from './limit-order.ts';

/** A change that has failed. It may be on disk. */
export interface Unsettled {
  readonly wanted: WantedLimits;
  readonly error: PortcullisError;
}

/** Which limits are in force, and which stand beside them until that is settled. Each verb is one step. */
export class StandingLimits {
  readonly #engines: LimitEngines;
  /** What waits, is being made, or has failed. */
  readonly #beside = new Set<AskedLimits>();
  readonly #failed = new Set<AskedLimits>();
  #unsettled: Unsettled | undefined;
  #fileHash: string | undefined;

  constructor(engines: LimitEngines) {
    this.#engines = engines;
  }

  get unsettled(): Unsettled | undefined {
    return this.#unsettled;
  }

  /** SHA-256 of the file that was last taken in. */
  get fileHash(): string | undefined {
    return this.#fileHash;
  }

  /** In force alone, once nothing stands beside them. */
  get texts(): LimitTexts {
    return textOf(this.#engines.limits);
  }

  /** Puts them in force beside all that is. @throws {PortcullisError} `OPTION_INVALID`; then nothing has changed */
  ask(asked: AskedLimits): void {
    textOf({ ...this.#engines.limits, ...asked });
    this.#beside.add(asked);
    try {
      this.#stand();
    } catch (error) {
      this.refuse(asked);
      throw error;
    }
  }

  /** Ends what `ask` began, unless it has failed: then it may be on disk. */
  refuse(asked: AskedLimits): void {
    if (this.#failed.has(asked)) return;
    this.#beside.delete(asked);
    this.#stand();
  }

  /** It has failed, and stays beside until something is adopted. What comes next builds on it. */
  keep(asked: AskedLimits, wanted: WantedLimits, error: PortcullisError): void {
    this.#beside.add(asked);
    this.#failed.add(asked);
    this.#unsettled = { wanted, error };
    this.#stand();
  }

  /** From here on exactly these are in force, and what waits for its turn beside them. */
  adopt(asked: AskedLimits, wanted: WantedLimits): void {
    for (const done of [asked, ...this.#failed]) this.#beside.delete(done);
    this.#failed.clear();
    this.#unsettled = undefined;
    this.#fileHash = wanted.fileHash;
    this.#engines.adopt(wanted);
    this.#stand();
  }

  /** The firm scope has at most this from here on, whatever is adopted. */
  cap(most: FirmCap): void {
    this.#engines.cap(most);
    this.#stand();
  }

  /** What is asked for in one engine, and in the other what is in force or has failed. */
  whole(asked: AskedLimits): WantedLimits {
    const { risk, execution } = this.#unsettled?.wanted ?? this.#engines.limits;
    return { risk, execution, ...asked, fileHash: asked.fileHash ?? this.#fileHash };
  }

  differencesTo(wanted: WantedLimits): readonly LimitDifference[] {
    return limitDifferences({ ...this.texts }, { ...textOf(wanted) });
  }

  #stand(): void {
    this.#engines.stand(this.#beside);
  }
}
