import { type Lots, type Ticks, lots, ticks } from '../core/units.ts';
import { type GridBar, turningPoints } from './grid-bar.ts';

/** One step of a bar that is being played. */
export interface BarStep {
  readonly price: Ticks;
  /** What is traded at that price; 0 where nothing is. */
  readonly quantity: Lots;
}

/**
 * Plays a bar in `count` steps: straight lines between its turning points, which are spread evenly over the steps, the
 * first in the first and the last in the last. Each turning point trades at least one lot, the rest of the volume is
 * spread evenly; the quantities add up to the volume exactly.
 */
export function barSteps(bar: GridBar, count: number): readonly BarStep[] {
  const points = turningPoints(bar);
  const legs = points.length - 1;
  const turns = new Map(
    points.map((price, i) => [legs === 0 ? 0 : Math.round((i * (count - 1)) / legs), price]),
  );
  const rest = bar.volume - (bar.volume === 0 ? 0 : points.length);
  return Array.from({ length: count }, (_, step) => {
    const even = share(rest, step + 1, count) - share(rest, step, count);
    const own = bar.volume > 0 && turns.has(step) ? 1 : 0;
    return { price: priceAt(points, turns, step, count), quantity: lots(even + own) };
  });
}

function priceAt(
  points: readonly Ticks[],
  turns: ReadonlyMap<number, Ticks>,
  step: number,
  count: number,
): Ticks {
  const turn = turns.get(step);
  if (turn !== undefined) return turn;
  const along = (step / (count - 1)) * (points.length - 1);
  const leg = Math.min(Math.floor(along), Math.max(0, points.length - 2));
  const from = points[leg] ?? ticks(NaN);
  const to = points[leg + 1] ?? from;
  return ticks(Math.round(from + (to - from) * (along - leg)));
}

/** The first `part` of `whole` parts of a quantity, rounded down, also where the product is beyond what a number holds. */
const share = (quantity: number, part: number, whole: number): number => {
  const product = quantity * part;
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / whole);
  return Number((BigInt(quantity) * BigInt(part)) / BigInt(whole));
};
