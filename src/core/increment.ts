import { type Decimal, type DecimalInput, MAX_LENGTH, decimal } from './decimal.ts';
import { PortcullisError } from './errors.ts';

/** A price tick or quantity step: `mantissa x 10^-places`. 0.05 has mantissa 5 and 2 places. */
export interface Increment {
  readonly value: Decimal;
  readonly mantissa: number;
  readonly places: number;
}

export type Rounding = 'down' | 'up' | 'exact';

const ZERO_CODE = 48;
const POINT_CODE = 46;

/** @throws {PortcullisError} `NUMBER_INVALID` unless it is positive, with at most 12 digits after the point. */
export function increment(input: DecimalInput, field = 'increment'): Increment {
  const value = decimal(input, field);
  const places = Math.max(0, value.c.length - 1 - value.e);
  const mantissa = Number(value.times(decimal(`1${'0'.repeat(places)}`)).toFixed());
  if (value.lte('0') || places > 12 || !Number.isSafeInteger(mantissa)) {
    throw new PortcullisError(
      'NUMBER_INVALID',
      `${field}: expected a positive decimal with at most 12 digits after the point, got ${value.toFixed()}`,
    );
  }
  return { value, mantissa, places };
}

/**
 * Reads a plain, non-negative decimal as a whole number of increments, without a float in between.
 *
 * @returns NaN when the text is not a plain decimal of at most 48 characters, does not fit into a safe integer, or (with `exact`) lies between
 *   two increments.
 */
export function toGrid(text: string, { mantissa, places }: Increment, rounding: Rounding): number {
  if (text.length > MAX_LENGTH) return NaN;
  let scaled = 0;
  let decimals = -1; // digits read after the point; -1 before it
  let digits = 0;
  let between = false; // a non-zero digit finer than the increment's places
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === POINT_CODE) {
      if (decimals >= 0 || digits === 0 || i === text.length - 1) return NaN;
      decimals = 0;
      continue;
    }
    const digit = code - ZERO_CODE;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    digits += 1;
    if (decimals >= places) {
      if (digit > 0) between = true;
      continue;
    }
    if (decimals >= 0) decimals += 1;
    scaled = scaled * 10 + digit;
  }
  if (digits === 0) return NaN;
  for (let missing = places - Math.max(decimals, 0); missing > 0; missing -= 1) scaled *= 10;
  if (!(scaled <= Number.MAX_SAFE_INTEGER)) return NaN;
  const rest = scaled % mantissa;
  const whole = (scaled - rest) / mantissa;
  if (rest === 0 && !between) return whole;
  if (rounding === 'down') return whole;
  return rounding === 'up' && whole < Number.MAX_SAFE_INTEGER ? whole + 1 : NaN;
}

/** The plain text of a whole number of increments: `toText(5, 0.05)` is "0.25". */
export function toText(count: number, { mantissa, places }: Increment): string {
  const scaled = count * mantissa;
  const magnitude = Number.isSafeInteger(scaled) ? Math.abs(scaled) : undefined;
  const digits = magnitude === undefined ? big(count, mantissa) : String(magnitude);
  const sign = count < 0 ? '-' : '';
  if (places === 0) return sign + digits;
  const padded = digits.padStart(places + 1, '0');
  return `${sign}${padded.slice(0, -places)}.${padded.slice(-places)}`;
}

const big = (count: number, mantissa: number): string => {
  const product = BigInt(count) * BigInt(mantissa);
  return String(product < 0n ? -product : product);
};
