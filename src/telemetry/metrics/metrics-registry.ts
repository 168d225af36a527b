import { Registry, collectDefaultMetrics } from 'prom-client';
import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { siblingCount } from './label-sets.ts';
import type { Counter, Gauge, Histogram } from './metrics.ts';
import {
  type HistogramDefinition,
  type LabelSpec,
  type LabelsOf,
  type MetricDefinition,
  type MetricKind,
  parseDefinition,
  signatureOf,
} from './metric-definition.ts';
import { ObservationFaults } from './observation-faults.ts';
import { type MetricHome, promCounter, promGauge, promHistogram } from './prom-metrics.ts';
import {
  ERRORS,
  type ErrorRecord,
  type LatencyRecord,
  OPERATION_DURATION,
  TRADES,
  TRADE_NOTIONAL,
  type TradeRecord,
} from './vocabulary.ts';

const schema = z.strictObject({
  /** Stands before every name, such as `acme_`. Default: none. */
  prefix: z
    .string()
    .regex(/^(?:[a-z][a-z0-9_]*_)?$/, 'expected snake_case that ends in _')
    .default(''),
  /** Series of one metric; what comes later is counted under the label value `__overflow__`. */
  maxSeriesPerMetric: z.int().min(10).max(100_000).default(1000),
  /** Adds CPU, memory, event loop and garbage collection of this process. */
  processMetrics: z.boolean().default(false),
});

/** @interface */
export type MetricsRegistryOptions = z.input<typeof schema>;

export interface MetricsRegistryDeps {
  /** A prom-client registry of the caller's. Default: a fresh one; the global one is never touched. */
  readonly registry?: Registry;
}

interface Known {
  readonly signature: string;
  readonly metric: unknown;
}

const CREATE = { counter: promCounter, gauge: promGauge, histogram: promHistogram } as const;

/**
 * Metrics for Prometheus that cannot hurt what they measure: definitions are checked and throw, observations never do, known
 * label sets start at 0 (a counter born at 1 never fires an alert), and the number of series is bounded.
 */
export class MetricsRegistry {
  readonly #prefix: string;
  readonly #home: MetricHome;
  readonly #known = new Map<string, Known>();
  readonly #collectors = new Set<() => void>();
  readonly #trades: Counter<LabelsOf<typeof TRADES.labels>>;
  readonly #notional: Counter<LabelsOf<typeof TRADE_NOTIONAL.labels>>;
  readonly #errors: Counter<LabelsOf<typeof ERRORS.labels>>;
  readonly #durations: Histogram<LabelsOf<typeof OPERATION_DURATION.labels>>;

  /** @throws {PortcullisError} `OPTION_INVALID`, or `METRIC_CONFLICT` when the registry has metrics of our names. */
  constructor(options: MetricsRegistryOptions = {}, deps: MetricsRegistryDeps = {}) {
    const { prefix, maxSeriesPerMetric, processMetrics } = parseOptions('MetricsRegistry', schema, options);
    const registry = deps.registry ?? new Registry();
    for (const name of ObservationFaults.names) refuseTaken(registry, `${prefix}${name}`);
    this.#prefix = prefix;
    this.#home = { registry, maxSeries: maxSeriesPerMetric, faults: new ObservationFaults(prefix, registry) };
    this.#trades = this.counter(TRADES);
    this.#notional = this.counter(TRADE_NOTIONAL);
    this.#errors = this.counter(ERRORS);
    this.#durations = this.histogram(OPERATION_DURATION);
    if (processMetrics) collectDefaultMetrics({ register: registry, prefix });
  }

  /**
   * A counter; the same definition gives the same one.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the name is taken by another definition.
   */
  counter<const S extends LabelSpec = readonly []>(definition: MetricDefinition<S>): Counter<LabelsOf<S>> {
    return this.#define('counter', definition) as Counter<LabelsOf<S>>;
  }

  /** A gauge; the same definition gives the same one. @throws {PortcullisError} as `counter`. */
  gauge<const S extends LabelSpec = readonly []>(definition: MetricDefinition<S>): Gauge<LabelsOf<S>> {
    return this.#define('gauge', definition) as Gauge<LabelsOf<S>>;
  }

  /**
   * A histogram; the same definition gives the same one. A metric that ends in `_seconds` refuses negative values.
   *
   * @throws {PortcullisError} as `counter`.
   */
  histogram<const S extends LabelSpec = readonly []>(
    definition: HistogramDefinition<S>,
  ): Histogram<LabelsOf<S>> {
    return this.#define('histogram', definition) as Histogram<LabelsOf<S>>;
  }

  /** Counts a trade, and its notional. */
  recordTrade({ symbol, side, strategy, status, notional }: TradeRecord): void {
    const labels = { symbol, side, strategy, status };
    this.#trades.inc(labels);
    this.#notional.inc(labels, notional);
  }

  recordError({ component, kind, severity }: ErrorRecord): void {
    this.#errors.inc({ component, kind, severity });
  }

  recordLatency({ operation, target, seconds }: LatencyRecord): void {
    this.#durations.observe({ operation, target }, seconds);
  }

  /** Calls `fn` before each exposition, to set gauges from what is known then. Its errors are counted. Until disposed. */
  collector(fn: () => void): Disposable {
    const own = (): void => {
      fn();
    };
    this.#collectors.add(own);
    return {
      [Symbol.dispose]: () => {
        this.#collectors.delete(own);
      },
    };
  }

  /** All metrics in the text format of Prometheus. */
  async exposition(): Promise<string> {
    for (const collect of this.#collectors) {
      try {
        collect();
      } catch {
        this.#home.faults.collectorFailed();
      }
    }
    return this.#home.registry.metrics();
  }

  /** What `exposition()` is to be served as. */
  get contentType(): string {
    return this.#home.registry.contentType;
  }

  /** The type comes back in the public methods: only they know the labels. */
  #define(kind: MetricKind, definition: HistogramDefinition): unknown {
    const own = parseDefinition(kind, definition);
    const parsed = { ...own, name: `${this.#prefix}${own.name}` };
    const { name } = parsed;
    const signature = signatureOf(kind, parsed);
    const known = this.#known.get(name);
    if (known !== undefined) {
      if (known.signature === signature) return known.metric;
      throw conflict(name, `as ${known.signature}, wanted ${signature}`);
    }
    refuseTaken(this.#home.registry, name);
    const sets = siblingCount(parsed.labels);
    if (sets > this.#home.maxSeries) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `${kind} ${name}: labels: the listed values make ${sets} series, expected at most ${this.#home.maxSeries}`,
      );
    }
    this.#home.faults.watch(name);
    const metric = CREATE[kind](parsed, this.#home);
    this.#known.set(name, { signature, metric });
    return metric;
  }
}

function refuseTaken(registry: Registry, name: string): void {
  if (registry.getSingleMetric(name) !== undefined) throw conflict(name, 'in the injected registry already');
}

const conflict = (name: string, how: string): PortcullisError =>
  new PortcullisError('METRIC_CONFLICT', `metric ${name} exists ${how}`, { details: { metric: name } });
