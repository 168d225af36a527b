/**
 * One step of Wilder's smoothing: a plain mean of what has come while `count` grows to the period, and from then on
 * `(previous * (period - 1) + x) / period`, in TA-Lib's order of operations. With a period of 1 it is `x`, to the bit.
 *
 * @param count how many values there are, this one included, at most the period
 */
export const wilder = (previous: number, x: number, count: number): number =>
  (previous * (count - 1) + x) / count;
