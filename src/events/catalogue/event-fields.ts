import { z } from 'zod';
import { type Decimal, MAX_LENGTH, decimalText, roundHalfEven } from '../../core/decimal.ts';

/** Money, a price or a quantity: a plain decimal of at most 48 characters, so that no reader makes a float of it. */
export const decimalField = z
  .string()
  .refine((text) => decimalText(text) !== undefined, 'expected a plain decimal of at most 48 characters');

/** As `decimalField`, 0 or more. */
export const unsignedField = decimalField.refine(
  (text) => !text.startsWith('-'),
  'expected a plain decimal of 0 or more',
);

/** Wall time in milliseconds since the Unix epoch. */
export const timeField = z.number().min(-8.64e15).max(8.64e15);

/** A text for persons. */
export const textField = z.string().max(2_000);

/** What a verdict, a problem or an alert has measured, and its limit: a number, or money as a plain decimal. */
export const measuredField = z.union([z.number(), z.string().min(1).max(128)]);

/** SHA-256 in lower-case hex. */
export const sha256Field = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits');

/** Digits after the point of an exact amount that is too long to be said in full. */
const PLACES = 18;

/** An amount as events say it: in full where that fits, else rounded half-even to 18 digits after the point. */
export function decimalOf(amount: Decimal): string {
  const text = amount.toFixed();
  return text.length <= MAX_LENGTH ? text : roundHalfEven(amount, PLACES).toFixed();
}

/** A number as JSON has it: `undefined` for NaN and the infinities. */
export const numberOf = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;
