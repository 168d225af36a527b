import type { Lots, Ticks } from '../core/units.ts';

/** One bar on the grid of its instrument, exactly. */
export interface GridBar {
  /** Inclusive start, wall time in milliseconds. */
  readonly openMs: number;
  readonly open: Ticks;
  readonly high: Ticks;
  readonly low: Ticks;
  readonly close: Ticks;
  readonly volume: Lots;
}

/** What a bar must be, and is not. */
export interface BarFlaw {
  readonly field: keyof GridBar;
  readonly expected: string;
}

/** What makes a bar impossible, or `undefined`. NaN is never possible. */
export function barFlaw({ openMs, open, high, low, close, volume }: GridBar): BarFlaw | undefined {
  if (!(Number.isSafeInteger(openMs) && openMs >= 0))
    return { field: 'openMs', expected: 'milliseconds since 1970, whole' };
  for (const [field, price] of Object.entries({ open, high, low, close }) as ['open', Ticks][]) {
    if (!(Number.isSafeInteger(price) && price > 0))
      return { field, expected: 'a positive whole number of ticks' };
  }
  if (!(Number.isSafeInteger(volume) && volume >= 0))
    return { field: 'volume', expected: 'a whole number of steps, 0 or more' };
  if (!(high >= Math.max(open, close, low)))
    return { field: 'high', expected: 'at least open, low and close' };
  if (!(low <= Math.min(open, close))) return { field: 'low', expected: 'at most open and close' };
  const needed = turningPoints({ open, high, low, close }).length;
  if (volume > 0 && !(volume >= needed))
    return { field: 'volume', expected: `at least ${needed} steps, to trade at each of its prices` };
  return undefined;
}

/**
 * The prices that a bar is taken to have gone through: open, then whichever of high and low is nearer to the open, then the
 * other, then close; at the same distance the low first in a bar that closes at or above its open, else the high. The same
 * price twice in a row counts once.
 */
export function turningPoints({
  open,
  high,
  low,
  close,
}: Pick<GridBar, 'open' | 'high' | 'low' | 'close'>): Ticks[] {
  const [up, down] = [high - open, open - low];
  const highFirst = up === down ? close < open : up < down;
  const path = highFirst ? [open, high, low, close] : [open, low, high, close];
  return path.filter((price, i) => price !== path[i - 1]);
}
