import { parseOptions } from '../../core/options.ts';
import { type RollbackTriggerOptions, type TriggerSettings, triggerSchema } from './criterion.ts';
import { StatsWindow } from './stats-window.ts';
import { type CheckVerdict, judge } from './verdict.ts';
import type { StatsSample } from './version-stats.ts';

/** What a trigger compares with: what was once recorded, or the counters of another version now. */
export type BaselineInput =
  | { readonly kind: 'recorded'; readonly total: StatsSample }
  | { readonly kind: 'live'; readonly sample: StatsSample | undefined };

export interface TriggerInput {
  /** Monotonic time. */
  readonly atMs: number;
  /** Counters of the running version; undefined for no data. */
  readonly sample: StatsSample | undefined;
  readonly baseline?: BaselineInput | undefined;
  /** What comes now does not count yet. Default false. */
  readonly isWarmingUp?: boolean;
}

export interface TriggerCheck extends CheckVerdict {
  /** Whether the trigger has fired and nobody has armed it again. */
  readonly isFired: boolean;
  /** Whether it was this check that fired it. */
  readonly isFiring: boolean;
  /** Failed checks among the last conclusive ones. */
  readonly failed: number;
  readonly conclusive: number;
}

/**
 * Decides when one measure has been bad for long enough: it fires when `failures` of the last `of` conclusive checks failed, and
 * then never again until `rearm`. Inconclusive checks count for neither side; their samples are kept for the next one, the others
 * are judged once. A verdict older than `of` windows is forgotten.
 */
export class RollbackTrigger {
  readonly settings: TriggerSettings;
  readonly #own: StatsWindow;
  readonly #base: StatsWindow;
  #history: { readonly isFailed: boolean; readonly atMs: number }[] = [];
  #isFired = false;

  /** @throws {PortcullisError} `OPTION_INVALID`, naming the field. */
  constructor(options: RollbackTriggerOptions) {
    this.settings = parseOptions('RollbackTrigger', triggerSchema, options);
    this.#own = new StatsWindow(this.settings.windowMs);
    this.#base = new StatsWindow(this.settings.windowMs);
  }

  get name(): string {
    return this.settings.name;
  }

  get isFired(): boolean {
    return this.#isFired;
  }

  check({ atMs, sample, baseline, isWarmingUp = false }: TriggerInput): TriggerCheck {
    if (sample !== undefined) this.#own.add(sample, atMs);
    if (baseline?.kind === 'live' && baseline.sample !== undefined) this.#base.add(baseline.sample, atMs);
    const verdict = this.#verdict(sample, baseline, isWarmingUp);
    if (verdict.verdict !== 'inconclusive') this.#remember(verdict.verdict === 'fail', atMs);
    const failed = this.#history.filter(({ isFailed }) => isFailed).length;
    const isFiring = !this.#isFired && failed >= this.settings.failures;
    this.#isFired ||= isFiring;
    return { ...verdict, isFired: this.#isFired, isFiring, failed, conclusive: this.#history.length };
  }

  /** Takes it that the trigger has fired already, in an earlier life of the process. */
  latch(): void {
    this.#isFired = true;
  }

  /** Lets it fire again, from nothing. */
  rearm(): void {
    this.#isFired = false;
    this.#history = [];
    this.#clear();
  }

  #verdict(
    sample: StatsSample | undefined,
    baseline: BaselineInput | undefined,
    isWarmingUp: boolean,
  ): CheckVerdict {
    if (isWarmingUp) {
      this.#clear();
      return { verdict: 'inconclusive', because: 'warming up', samples: 0 };
    }
    if (sample === undefined) return { verdict: 'inconclusive', because: 'no data', samples: 0 };
    return judge(
      this.settings,
      this.#own.total,
      baseline?.kind === 'recorded' ? baseline.total : this.#base.total,
    );
  }

  #remember(isFailed: boolean, atMs: number): void {
    const { of, windowMs } = this.settings;
    this.#history = [...this.#history, { isFailed, atMs }]
      .filter((check) => atMs - check.atMs <= of * windowMs)
      .slice(-of);
    this.#clear();
  }

  #clear(): void {
    this.#own.clear();
    this.#base.clear();
  }
}
