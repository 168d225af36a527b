import type { Units } from './units.ts';

const PLACES = 6;
const PER_ONE = 10 ** PLACES;

/** Money for a verdict: a plain decimal without trailing zeros, or `NaN` and `Infinity` by name. */
export function moneyText(amount: Units): string {
  if (!Number.isFinite(amount)) return String(amount);
  const size = Math.abs(amount);
  const rest = size % PER_ONE;
  const whole = String((size - rest) / PER_ONE);
  const sign = amount < 0 ? '-' : '';
  if (rest === 0) return sign + whole;
  const fraction = String(rest).padStart(PLACES, '0');
  let end = PLACES;
  while (fraction.charCodeAt(end - 1) === 48) end -= 1;
  return `${sign}${whole}.${fraction.slice(0, end)}`;
}
