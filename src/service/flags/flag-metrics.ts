import { ErrorCode, type EvaluationDetails, type FlagValue, type HookContext } from '@openfeature/core';
import type { Hook } from '@openfeature/server-sdk';
import type { LabelsOf } from '../../telemetry/metrics/metric-definition.ts';
import type { Counter, Gauge } from '../../telemetry/metrics/metrics.ts';
import type { MetricsRegistry } from '../../telemetry/metrics/metrics-registry.ts';
import type { FlagSource } from './flag-set-provider.ts';

export const FLAG_ENABLED = {
  name: 'trading_flag_enabled',
  help: 'Whether a boolean feature flag is on for whoever matches none of its rules: 1 or 0.',
  labels: { flag: 'any' },
} as const;

export const FLAG_VARIANT = {
  name: 'trading_flag_variant',
  help: 'The variant of a feature flag for whoever matches none of its rules: 1 for this one, 0 for the others.',
  labels: { flag: 'any', variant: 'any' },
} as const;

export const FLAG_EVALUATIONS = {
  name: 'trading_flag_evaluations_total',
  help: 'Evaluations of feature flags by what was given and why; the variant is none when the code got its own default.',
  labels: {
    flag: 'any',
    variant: 'any',
    reason: ['TARGETING_MATCH', 'SPLIT', 'STATIC', 'DEFAULT', 'DISABLED', 'ERROR', 'UNKNOWN'],
  },
} as const;

type EvaluationLabels = LabelsOf<typeof FLAG_EVALUATIONS.labels>;

/** Stands for every name that no flag has, so that names made up in code cannot make series. */
const UNKNOWN_FLAG = 'unknown';
/** Of an evaluation that gave the default in the code. */
const NO_VARIANT = 'none';

/** Counts evaluations as a hook of a client, and shows a source's flags as gauges at each exposition. */
export class FlagMetrics implements Hook {
  readonly #registry: MetricsRegistry;
  readonly #enabled: Gauge<LabelsOf<typeof FLAG_ENABLED.labels>>;
  readonly #variant: Gauge<LabelsOf<typeof FLAG_VARIANT.labels>>;
  readonly #evaluations: Counter<EvaluationLabels>;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    this.#enabled = registry.gauge(FLAG_ENABLED);
    this.#variant = registry.gauge(FLAG_VARIANT);
    this.#evaluations = registry.counter(FLAG_EVALUATIONS);
    this.#evaluations.expect({ flag: UNKNOWN_FLAG, variant: NO_VARIANT });
  }

  /** Part of OpenFeature: runs after each evaluation. */
  finally(context: Readonly<HookContext>, details: EvaluationDetails<FlagValue>): void {
    const isUnknown = details.errorCode === ErrorCode.FLAG_NOT_FOUND;
    this.#evaluations.inc({
      flag: isUnknown ? UNKNOWN_FLAG : context.flagKey,
      variant: details.variant ?? NO_VARIANT,
      reason: reasonOf(details.reason),
    });
  }

  /** Shows the flags of `source`, each with all its variants, until disposed. A flag that is gone stays at 0. */
  watch(source: FlagSource): Disposable {
    const shown: Shown = { booleans: new Set(), variants: new Map() };
    return this.#registry.collector(() => {
      this.#expect(source, shown);
      this.#show(source, shown);
    });
  }

  #expect({ flags }: FlagSource, shown: Shown): void {
    for (const [flag, { type, variants }] of flags) {
      if (type === 'boolean') shown.booleans.add(flag);
      const known = shown.variants.get(flag) ?? new Set();
      shown.variants.set(flag, known);
      if (known.size === 0) this.#evaluations.expect({ flag, variant: NO_VARIANT });
      for (const variant of variants) {
        if (!known.has(variant)) this.#evaluations.expect({ flag, variant });
        known.add(variant);
      }
    }
  }

  #show({ flags }: FlagSource, shown: Shown): void {
    for (const flag of shown.booleans) {
      this.#enabled.set({ flag }, flags.get(flag)?.usualValue === true ? 1 : 0);
    }
    for (const [flag, variants] of shown.variants) {
      const usual = flags.get(flag)?.usualVariant;
      for (const variant of variants) this.#variant.set({ flag, variant }, variant === usual ? 1 : 0);
    }
  }
}

/** What has series already. */
interface Shown {
  readonly booleans: Set<string>;
  readonly variants: Map<string, Set<string>>;
}

function reasonOf(reason: string | undefined): EvaluationLabels['reason'] {
  const listed = FLAG_EVALUATIONS.labels.reason;
  return listed.find((one) => one === reason) ?? 'UNKNOWN';
}
