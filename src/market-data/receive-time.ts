const ZERO_CODE = 48;
/** Nanoseconds since 1970 have 19 digits until the year 2286. */
const MAX_DIGITS = 19;
const FRACTION_DIGITS = 6;

/**
 * Reads nanoseconds since the Unix epoch, which do not fit into a number, as milliseconds. The whole milliseconds are
 * exact; the fraction is as fine as a number can be at this magnitude, a quarter of a microsecond today. Order is kept:
 * a later time is never smaller, though it may be equal.
 *
 * @returns NaN when the text is not 1 to 19 digits
 */
export function receiveTimeMs(nanoseconds: string): number {
  const { length } = nanoseconds;
  if (length === 0 || length > MAX_DIGITS) return NaN;
  const point = length - FRACTION_DIGITS;
  let whole = 0;
  let fraction = 0;
  for (let i = 0; i < length; i += 1) {
    const digit = nanoseconds.charCodeAt(i) - ZERO_CODE;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    if (i < point) whole = whole * 10 + digit;
    else fraction = fraction * 10 + digit;
  }
  return whole + fraction / 1e6;
}
