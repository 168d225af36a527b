import type { Clock } from '../../core/clock.ts';
import type { Family } from './family.ts';
import { type ForeignMetric, foreignFamily } from './foreign-metrics.ts';

interface ForeignSourceDeps {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly onFailed: () => void;
}

/** The metrics of others. When it fails, or hangs, an exposition goes out without them. */
export class ForeignSource {
  readonly #look: () => Promise<readonly ForeignMetric[]>;
  readonly #deps: ForeignSourceDeps;
  /** Looks that were given up and have not ended. */
  #hanging = 0;

  constructor(look: () => Promise<readonly ForeignMetric[]>, deps: ForeignSourceDeps) {
    this.#look = look;
    this.#deps = deps;
  }

  /** Waits no longer than the timeout, and not at all while an earlier look hangs. Never rejects: none, and a failure. */
  async families(): Promise<readonly Family[]> {
    const families = this.#hanging > 0 ? undefined : await this.#inTime();
    if (families !== undefined) return families;
    this.#deps.onFailed();
    return [];
  }

  async #inTime(): Promise<readonly Family[] | undefined> {
    const { clock, timeoutMs } = this.#deps;
    const late = Promise.withResolvers<undefined>();
    let isLate = false;
    const timer = clock.deadline(timeoutMs, () => {
      isLate = true;
      this.#hanging += 1;
      late.resolve(undefined);
    });
    const answer = this.#answer().finally(() => {
      if (isLate) this.#hanging -= 1;
    });
    const families = await Promise.race([answer, late.promise]);
    timer[Symbol.dispose]();
    return families;
  }

  async #answer(): Promise<readonly Family[] | undefined> {
    try {
      return (await this.#look()).map(foreignFamily);
    } catch {
      return undefined;
    }
  }
}
