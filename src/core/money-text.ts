import { type Units, unitsToDecimal } from './units.ts';

/** Money for a verdict: a plain decimal, or `NaN` and `Infinity` by name. */
export const moneyText = (amount: Units): string =>
  Number.isFinite(amount) ? unitsToDecimal(amount).toFixed() : String(amount);
