import { z } from 'zod';
import { type Clock, SystemClock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { Collectors } from './collectors.ts';
import { CounterMetric } from './counter.ts';
import { type ExemplarSource, Exemplars } from './exemplars.ts';
import { type Family, familyName } from './family.ts';
import type { PromClientRegistry } from './foreign-metrics.ts';
import { ForeignSource } from './foreign-source.ts';
import { GaugeMetric } from './gauge.ts';
import { HistogramMetric } from './histogram.ts';
import { InfoMetric } from './info.ts';
import { siblingCount } from './label-sets.ts';
import type { Counter, Gauge, Histogram, InfoGauge, TimestampGauge } from './metrics.ts';
import {
  type HistogramDefinition,
  type InfoDefinition,
  type LabelSpec,
  type LabelsOf,
  type MetricDefinition,
  type MetricKind,
  type ParsedDefinition,
  parseDefinition,
  signatureOf,
} from './metric-definition.ts';
import { ObservationFaults } from './observation-faults.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { type ExpositionOptions, Scrape } from './scrape.ts';
import { SeriesBudget } from './series-budget.ts';
import type { StoreLimits } from './series-store.ts';
import { CONTENT_TYPES, type ExpositionFormat, negotiateFormat } from './text-format.ts';
import { TimestampMetric } from './timestamp.ts';
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
    .max(64)
    .default(''),
  /** Label sets of one metric; what comes later is counted under the label value `__overflow__`. */
  maxSeriesPerMetric: z.int().min(10).max(100_000).default(1000),
  /** Label sets of all metrics together; those that definitions list are always admitted, and count. */
  maxSeries: z.int().min(10).max(1_000_000).default(20_000),
  /** Adds CPU, memory, event loop and garbage collection of this process, measured from the first exposition on. */
  processMetrics: z.boolean().default(false),
  /** How long an exposition waits for collectors, and then for the injected registry, in milliseconds. */
  collectorTimeoutMs: z.int().min(1).max(60_000).default(5000),
});

/** @interface */
export type MetricsRegistryOptions = z.input<typeof schema>;

export interface MetricsRegistryDeps {
  /** A prom-client registry of the caller's, exposed after our metrics. Default: none; the global one is never touched. */
  readonly registry?: PromClientRegistry;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Gives the trace that an observation belongs to, `undefined` unless its span is sampled. Shown in OpenMetrics. */
  readonly exemplar?: ExemplarSource;
}

type OwnMetric = CounterMetric | GaugeMetric | HistogramMetric | InfoMetric;

interface Known {
  readonly signature: string;
  readonly metric: OwnMetric;
}

/**
 * Metrics for Prometheus that cannot hurt what they measure: definitions are checked and throw, observations never do, known
 * label sets start at 0 (a counter born at 1 never fires an alert), and the number of series is bounded.
 */
export class MetricsRegistry {
  readonly #prefix: string;
  readonly #limits: StoreLimits;
  readonly #clock: Clock;
  readonly #registry: PromClientRegistry | undefined;
  readonly #faults: ObservationFaults;
  readonly #exemplars: Exemplars;
  readonly #collectors: Collectors;
  readonly #scrape: Scrape;
  readonly #known = new Map<string, Known>();
  /** The names that families have in OpenMetrics: a counter leaves its `_total` there. */
  readonly #familyNames = new Map<string, string>();
  readonly #trades: Counter<LabelsOf<typeof TRADES.labels>>;
  readonly #notional: Counter<LabelsOf<typeof TRADE_NOTIONAL.labels>>;
  readonly #errors: Counter<LabelsOf<typeof ERRORS.labels>>;
  readonly #durations: Histogram<LabelsOf<typeof OPERATION_DURATION.labels>>;

  /** @throws {PortcullisError} `OPTION_INVALID`, or `METRIC_CONFLICT` when the registry has metrics of our names. */
  constructor(options: MetricsRegistryOptions = {}, deps: MetricsRegistryDeps = {}) {
    const parsed = parseOptions('MetricsRegistry', schema, options);
    const { prefix, maxSeriesPerMetric, maxSeries, processMetrics, collectorTimeoutMs } = parsed;
    const clock = deps.clock ?? new SystemClock();
    this.#prefix = prefix;
    this.#limits = { maxSeries: maxSeriesPerMetric, budget: new SeriesBudget(maxSeries) };
    this.#clock = clock;
    this.#registry = deps.registry;
    this.#exemplars = new Exemplars(clock, deps.exemplar);
    const faults = new ObservationFaults(prefix, this.#exemplars);
    this.#faults = faults;
    for (const family of faults.families) this.#claim(family);
    const onFailed = (): void => {
      faults.collectorFailed();
    };
    this.#collectors = new Collectors(clock, collectorTimeoutMs, onFailed);
    const foreign = { clock, timeoutMs: collectorTimeoutMs, onFailed };
    const { registry } = deps;
    const ofProcess = new ProcessMetrics(prefix, clock);
    this.#scrape = new Scrape({
      clock,
      faults,
      exemplars: this.#exemplars,
      collectors: this.#collectors,
      own: () => [...this.#known.values()].map(({ metric }) => metric),
      registry: registry && new ForeignSource(() => registry.getMetricsAsJSON(), foreign),
      process: processMetrics ? new ForeignSource(() => ofProcess.look(), foreign) : undefined,
    });
    this.#trades = this.counter(TRADES);
    this.#notional = this.counter(TRADE_NOTIONAL);
    this.#errors = this.counter(ERRORS);
    this.#durations = this.histogram(OPERATION_DURATION);
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

  /** A gauge for a point in time, `..._timestamp_seconds`. @throws {PortcullisError} as `counter`. */
  timestamp<const S extends LabelSpec = readonly []>(
    definition: MetricDefinition<S>,
  ): TimestampGauge<LabelsOf<S>> {
    return this.#define('timestamp', definition) as TimestampGauge<LabelsOf<S>>;
  }

  /** A series of value 1 that says something by its labels, `..._info`. @throws {PortcullisError} as `counter`. */
  info<const N extends string>(definition: InfoDefinition<N>): InfoGauge<Readonly<Record<N, string>>> {
    return this.#define('info', definition) as InfoGauge<Readonly<Record<N, string>>>;
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

  /**
   * Calls `fn` before each exposition, to set gauges from what is known then. Its errors are counted, and so is that it took
   * longer than `collectorTimeoutMs`: the exposition goes on without it. Until disposed.
   */
  collector(fn: () => void | Promise<void>): Disposable {
    return this.#collectors.add(fn);
  }

  /**
   * All metrics, in the text format of Prometheus unless told otherwise. Ours come first, then those of the injected
   * registry, then those of the process. Calls at the same time share one answer.
   */
  exposition(options: ExpositionOptions = {}): Promise<string> {
    return this.#scrape.run(options);
  }

  /** What `exposition()` is to be served as. */
  get contentType(): string {
    return CONTENT_TYPES.text;
  }

  /** What `exposition({ format })` is to be served as. */
  contentTypeFor(format: ExpositionFormat): string {
    return CONTENT_TYPES[format];
  }

  /** The answer to a scraper that sent this `Accept` header: OpenMetrics for those who prefer it, text for all others. */
  async scrape(accept?: string): Promise<{ readonly contentType: string; readonly body: string }> {
    const format = negotiateFormat(accept);
    return { contentType: CONTENT_TYPES[format], body: await this.exposition({ format }) };
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
    const sets = siblingCount(parsed.labels);
    if (sets > this.#limits.maxSeries) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `${kind} ${name}: labels: the listed values make ${sets} series, expected at most ${this.#limits.maxSeries}`,
      );
    }
    this.#claim({ name, type: kind === 'timestamp' ? 'gauge' : kind });
    const metric = this.#create(kind, parsed);
    this.#known.set(name, { signature, metric });
    return metric;
  }

  #create(kind: MetricKind, parsed: ParsedDefinition): OwnMetric {
    const faults = this.#faults.watch(parsed.name);
    const home = { limits: this.#limits, faults, exemplars: this.#exemplars };
    switch (kind) {
      case 'counter':
        return new CounterMetric(parsed, home);
      case 'gauge':
        return new GaugeMetric(parsed, home);
      case 'histogram':
        return new HistogramMetric(parsed, home);
      case 'timestamp':
        return new TimestampMetric(parsed, home, this.#clock);
      case 'info':
        return new InfoMetric(parsed, faults);
    }
  }

  /** Takes the names of a family, in both formats. */
  #claim(family: Pick<Family, 'name' | 'type'>): void {
    const { name, type } = family;
    const inOpenMetrics = familyName(family);
    const owner = this.#familyNames.get(inOpenMetrics);
    if (owner !== undefined) throw conflict(inOpenMetrics, `in OpenMetrics as ${owner}, wanted ${name}`);
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [];
    for (const taken of [name, inOpenMetrics, ...suffixes.map((suffix) => `${name}${suffix}`)]) {
      if (this.#registry?.getSingleMetric(taken) !== undefined)
        throw conflict(taken, 'in the injected registry already');
    }
    this.#familyNames.set(inOpenMetrics, name);
  }
}

const conflict = (name: string, how: string): PortcullisError =>
  new PortcullisError('METRIC_CONFLICT', `metric ${name} exists ${how}`, { details: { metric: name } });
