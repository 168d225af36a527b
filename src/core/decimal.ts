import Big from 'big.js';
import { PortcullisError } from './errors.ts';

/** big.js, strict: numbers are refused, so no float ever becomes money. The constructor is ours alone. */
const Exact = Big();
Exact.strict = true;
Exact.DP = 40;
Exact.RM = Exact.roundHalfEven;

/** An exact decimal. */
export type Decimal = Big;

/** How money and quantities are given from outside. A JavaScript number is not money. */
export type DecimalInput = string | bigint | Decimal;

/** Characters accepted in a decimal; more is an attack or a mistake. */
export const MAX_LENGTH = 48;
const PLAIN = /^-?\d+(?:\.\d+)?$/;

/**
 * Reads a decimal exactly.
 *
 * @param input plain notation without exponent, at most 48 characters
 * @param field name for the error
 * @throws {PortcullisError} `NUMBER_INVALID`
 */
export function decimal(input: DecimalInput, field = 'decimal'): Decimal {
  const text = decimalText(input);
  if (text === undefined) {
    throw new PortcullisError(
      'NUMBER_INVALID',
      `${field}: expected a plain decimal as string, bigint or Decimal of at most ${MAX_LENGTH} characters, got ${shown(input)}`,
    );
  }
  return new Exact(text);
}

/** The plain text of a decimal, or `undefined` if it is none: a number, an exponent, too long, not a decimal at all. */
export function decimalText(input: unknown): string | undefined {
  const text =
    typeof input === 'string'
      ? input
      : typeof input === 'bigint'
        ? String(input)
        : input instanceof Big || input instanceof Exact
          ? Math.abs(input.e) > MAX_LENGTH
            ? undefined
            : input.toFixed()
          : undefined;
  return text !== undefined && text.length <= MAX_LENGTH && PLAIN.test(text) ? text : undefined;
}

/** Zero, shared. */
export const ZERO: Decimal = new Exact('0');

/** Rounds half-even to `places` digits after the point. */
export const roundHalfEven = (value: Decimal, places: number): Decimal =>
  value.round(places, Exact.roundHalfEven);

const shown = (input: unknown): string =>
  typeof input === 'string'
    ? JSON.stringify(input.slice(0, 60))
    : `${typeof input} ${String(input).slice(0, 60)}`;
