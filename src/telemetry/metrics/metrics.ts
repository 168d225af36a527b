/**
 * A value, after the labels if the metric has any.
 *
 * @inline
 */
type Valued<L> = keyof L extends never ? [value: number] : [labels: L, value: number];
/** @inline */
type OptionallyValued<L> = keyof L extends never ? [value?: number] : [labels: L, value?: number];

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
  expect(open: { readonly [K in keyof L as string extends L[K] ? K : never]: L[K] }): void;
}

export interface Counter<L = unknown> extends Metric<L> {
  /** Adds `value`, 1 unless given, never negative. */
  inc(...observation: OptionallyValued<L>): void;
}

export interface Gauge<L = unknown> extends Metric<L> {
  set(...observation: Valued<L>): void;
  /** Adds `value`, which may be negative. */
  add(...observation: Valued<L>): void;
}

export interface Histogram<L = unknown> extends Metric<L> {
  observe(...observation: Valued<L>): void;
}
