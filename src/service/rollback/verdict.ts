import { bucketQuantile } from './bucket-quantile.ts';
import type { Measure, TriggerSettings } from './criterion.ts';
import { binomialTail, fisherTail } from './significance.ts';
import type { StatsSample } from './version-stats.ts';

export type Verdict = 'pass' | 'fail' | 'inconclusive';

/** What one check found, and from which numbers. */
export interface CheckVerdict {
  readonly verdict: Verdict;
  /** For people. */
  readonly because: string;
  /** Of the running version; seconds for latencies. */
  readonly measured?: number;
  /** What it may be: the limit, or what follows from the baseline. */
  readonly allowed?: number;
  /** The same of the baseline. */
  readonly baseline?: number;
  /** How many observations the measured value stands on. */
  readonly samples: number;
  readonly baselineSamples?: number;
  /** Of an error ratio beyond what is allowed: how likely chance alone gives as much. */
  readonly chance?: number;
}

interface Measured {
  readonly value: number;
  readonly samples: number;
  /** The value is at least this. */
  readonly isBeyond?: boolean;
}

/** The verdict over what the running version did, and its baseline where one is asked for. Only numbers make a `fail`. */
export function judge(
  settings: TriggerSettings,
  stats: StatsSample | undefined,
  baseline: StatsSample | undefined,
): CheckVerdict {
  const { measure, against, minSamples } = settings;
  const own = valueOf(measure, stats);
  const { samples } = own;
  if (!(samples >= minSamples)) {
    return {
      verdict: 'inconclusive',
      because: `${samples} samples, expected ${minSamples} or more`,
      samples,
    };
  }
  const measured = own.value;
  if (against.to === 'limit') {
    const allowed = against.limit;
    if (!isWorse(measure, measured, allowed)) return passed({ measured, allowed, samples }, own.isBeyond);
    const chance = chanceOf(measure, stats, (errors, requests) => binomialTail(errors, requests, allowed));
    return failed(settings, { measured, allowed, samples }, chance);
  }
  const base = valueOf(measure, baseline);
  const baselineSamples = base.samples;
  if (!(baselineSamples >= minSamples)) {
    const because = `${baselineSamples} samples of the baseline, expected ${minSamples} or more`;
    return { verdict: 'inconclusive', because, measured, samples, baselineSamples };
  }
  const allowed = allowedBy(measure, base.value, against);
  const facts = { measured, allowed, baseline: base.value, samples, baselineSamples };
  if (base.isBeyond === true) {
    return { ...facts, verdict: 'inconclusive', because: 'the baseline lies beyond the highest bucket' };
  }
  if (!isWorse(measure, measured, allowed)) return passed(facts, own.isBeyond);
  const chance = chanceOf(measure, stats, (errors, requests) =>
    fisherTail(errors, requests, baseline?.errors ?? 0, baseline?.requests ?? 0),
  );
  return failed(settings, facts, chance);
}

type Facts = Omit<CheckVerdict, 'verdict' | 'because' | 'chance'>;

/** A value that is only known to be at least this is no proof of health. */
function passed(facts: Facts, isBeyond = false): CheckVerdict {
  return isBeyond
    ? { ...facts, verdict: 'inconclusive', because: 'it lies beyond the highest bucket' }
    : { ...facts, verdict: 'pass', because: 'within what is allowed' };
}

function failed({ significance }: TriggerSettings, facts: Facts, chance: number | undefined): CheckVerdict {
  const because = `${text(facts.measured)}, allowed ${text(facts.allowed)}`;
  if (chance === undefined) return { ...facts, verdict: 'fail', because };
  if (chance <= significance) return { ...facts, chance, verdict: 'fail', because };
  return { ...facts, chance, verdict: 'inconclusive', because: `${because}, but chance alone may do that` };
}

function allowedBy(
  measure: Measure,
  baseline: number,
  { ratio, minDifference }: { readonly ratio: number; readonly minDifference: number },
): number {
  return isLowerWorse(measure)
    ? Math.min(baseline / ratio, baseline - minDifference)
    : Math.max(baseline * ratio, baseline + minDifference);
}

const isLowerWorse = (measure: Measure): boolean => measure.kind === 'custom' && measure.worse === 'lower';

const isWorse = (measure: Measure, value: number, allowed: number): boolean =>
  isLowerWorse(measure) ? value < allowed : value > allowed;

function chanceOf(
  measure: Measure,
  stats: StatsSample | undefined,
  tail: (errors: number, requests: number) => number,
): number | undefined {
  if (measure.kind !== 'error-ratio' || stats === undefined) return undefined;
  return tail(stats.errors, stats.requests);
}

const NOTHING: Measured = { value: NaN, samples: 0 };

function valueOf(measure: Measure, stats: StatsSample | undefined): Measured {
  if (stats === undefined) return NOTHING;
  switch (measure.kind) {
    case 'error-ratio':
      return mean(stats.errors, stats.requests);
    case 'latency-mean':
      return stats.latency === undefined
        ? NOTHING
        : mean(stats.latency.sumSeconds, stats.latency.cumulativeCounts.at(-1));
    case 'latency-quantile': {
      const found = stats.latency === undefined ? undefined : bucketQuantile(measure.quantile, stats.latency);
      if (found === undefined) return NOTHING;
      return {
        value: found.seconds,
        samples: stats.latency?.cumulativeCounts.at(-1) ?? 0,
        isBeyond: found.isBeyond,
      };
    }
    case 'custom': {
      const { custom = {} } = stats;
      const metric = Object.hasOwn(custom, measure.metric) ? custom[measure.metric] : undefined;
      return mean(metric?.sum ?? NaN, metric?.count);
    }
  }
}

const mean = (sum: number, count = 0): Measured =>
  count > 0 && Number.isFinite(sum) ? { value: sum / count, samples: count } : NOTHING;

const text = (value: number | undefined): string =>
  value === undefined ? '?' : String(Number(value.toPrecision(4)));
