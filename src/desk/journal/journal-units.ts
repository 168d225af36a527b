import { decimal } from '../../core/decimal.ts';
import { increment, toGrid, toText } from '../../core/increment.ts';
import { moneyText } from '../../core/money-text.ts';
import { type Units, neg, units, unitsFloor } from '../../core/units.ts';

/*
 * How money stands in the journal, both ways.
 */

const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);

/** What units are: for money that takes the short way, without a Decimal. */
const MICRO = increment('0.000001');

/** As `moneyText`. */
export function writeUnits(amount: Units): string {
  if (!Number.isSafeInteger(amount)) return moneyText(amount);
  const text = toText(amount, MICRO);
  let end = text.length;
  while (text[end - 1] === '0') end -= 1;
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end);
}

/**
 * As it was written: what is unknown comes back as unknown.
 *
 * @throws {PortcullisError} `NUMBER_INVALID`
 */
export function readUnits(amount: string, field: string): Units {
  const isNegative = amount.startsWith('-');
  const count = toGrid(isNegative ? amount.slice(1) : amount, MICRO, 'exact');
  if (count >= 0) return isNegative ? neg(units(count)) : units(count);
  return NOT_FINITE.has(amount) ? units(Number(amount)) : unitsFloor(decimal(amount, field));
}
