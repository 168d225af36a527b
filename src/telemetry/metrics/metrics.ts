/**
 * A value, after the labels if the metric has any.
 *
 * @inline
 */
type Valued<L> = keyof L extends never
  ? [value: number, exemplar?: Exemplar]
  : [labels: L, value: number, exemplar?: Exemplar];
/** @inline */
type OptionallyValued<L> = keyof L extends never
  ? [value?: number, exemplar?: Exemplar]
  : [labels: L, value?: number, exemplar?: Exemplar];
/** @inline */
type GaugeValued<L> = keyof L extends never ? [value: number] : [labels: L, value: number];
/** @inline */
type Labelled<L> = keyof L extends never ? [] : [labels: L];

/** The labels without a list of values. @inline */
export type OpenLabels<L> = { readonly [K in keyof L as string extends L[K] ? K : never]: L[K] };

/** The trace an observation was made in; shown behind the sample in OpenMetrics. */
export interface Exemplar {
  /** 1 to 64 letters and digits; 32 hexadecimal ones in W3C trace context. */
  readonly traceId: string;
  /** 1 to 32 letters and digits. */
  readonly spanId?: string | undefined;
}

/**
 * Observing never throws. A value that cannot be (NaN, infinite, a counter going down, a negative duration) is dropped, a
 * label value that cannot be reads `__overflow__`; both count in `metrics_invalid_observations_total`.
 */
interface Metric<L> {
  /**
   * Lets the series of these open label values start at 0 now, rather than when they are first seen.
   *
   * @param open the labels without a list of values
   */
  expect(open: OpenLabels<L>): void;
  /**
   * Takes out all series with these open label values, for what is gone for good: a symbol that is no longer listed. What
   * is observed later starts again at 0; handles go on to count.
   *
   * @param open at least one of the labels without a list of values; none removes nothing
   * @returns how many series are gone
   */
  remove(open: Partial<OpenLabels<L>>): number;
}

export interface Counter<L = unknown> extends Metric<L> {
  /** Adds `value`, 1 unless given, never negative. */
  inc(...observation: OptionallyValued<L>): void;
  /** A handle for a hot path. Its series starts at 0 now. */
  bind(...labels: Labelled<L>): BoundCounter;
}

export interface Gauge<L = unknown> extends Metric<L> {
  set(...observation: GaugeValued<L>): void;
  /** Adds `value`, which may be negative. */
  add(...observation: GaugeValued<L>): void;
  /** A handle for a hot path. Its series starts at 0 now. */
  bind(...labels: Labelled<L>): BoundGauge;
}

export interface Histogram<L = unknown> extends Metric<L> {
  observe(...observation: Valued<L>): void;
  /** A handle for a hot path. Its series starts at 0 now. */
  bind(...labels: Labelled<L>): BoundHistogram;
}

/** A point in time rather than an age: a process that hangs keeps growing older. 0 until it is set: never. */
export interface TimestampGauge<L = unknown> extends Metric<L> {
  /** It happened now. */
  mark(...labels: Labelled<L>): void;
  /** It happened at this Unix time in milliseconds. */
  set(...observation: keyof L extends never ? [atMs: number] : [labels: L, atMs: number]): void;
}

/** One series of value 1 whose labels say something: a version, a mode. */
export interface InfoGauge<L = unknown> {
  /** Replaces the series. */
  set(labels: L): void;
}

/**
 * One series of a counter, looked up once. Its calls touch an array of numbers and nothing else, as long as the metric has
 * room for the series; a handle without room counts under `__overflow__`, and looks again each time. A handle asks no
 * injected `exemplar`.
 */
export interface BoundCounter {
  /** Adds `value`, 1 unless given, never negative. */
  inc(value?: number, exemplar?: Exemplar): void;
}

/** One series of a gauge, looked up once; see {@link BoundCounter}. */
export interface BoundGauge {
  set(value: number): void;
  /** Adds `value`, which may be negative. */
  add(value: number): void;
}

/** One series of a histogram, looked up once; see {@link BoundCounter}. */
export interface BoundHistogram {
  observe(value: number, exemplar?: Exemplar): void;
}
