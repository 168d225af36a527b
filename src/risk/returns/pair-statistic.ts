/** The sums from which a correlation is taken, for each pair of instruments. */
export interface PairStatistic {
  /** A bar in which both returns are known. A pair's bars come in order of time. */
  add(pair: number, x: number, y: number): void;
  /** That bar leaves the window. */
  remove(pair: number, x: number, y: number): void;
  /** From -1 to 1; NaN while it is unknown. */
  correlation(pair: number): number;
}

/** Reads out both returns of a pair for each bar of the window in which both are known. */
export type EachReturn = (pair: number, visit: (x: number, y: number) => void) => void;

/** One element; NaN past the end. */
export const at = (column: Float64Array | Int32Array, index: number): number => column[index] ?? NaN;

/** Adds to one element. */
export const addTo = (column: Float64Array | Int32Array, index: number, by: number): number =>
  (column[index] = at(column, index) + by);

/**
 * The share of a sum of squares that has to be left around the mean for a series to vary at all: below it is what
 * rounding leaves of a constant.
 */
const CONSTANT_SHARE = 1e-20;

/** Correlation from a covariance and two variances of any common scale; NaN for a series that does not vary. */
export function ratio(xy: number, xx: number, yy: number, squaresX = xx, squaresY = yy): number {
  if (!(xx > CONSTANT_SHARE * squaresX && yy > CONSTANT_SHARE * squaresY)) return NaN;
  return Math.min(1, Math.max(-1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}
