import { type Lots, type Ticks, type Units, max, notional, sub, ticks, units } from '../core/units.ts';
import type { Instrument } from './instrument.ts';
import type { Side } from './order-intent.ts';

/** What a claim depends on. */
export interface Claimant {
  readonly side: Side;
  readonly instrument: Instrument;
  /** The worst price that it can trade at. */
  readonly worst: Ticks;
  /** On margin: the mark at which it was decided. */
  readonly mark?: Ticks;
}

const NONE = units(0);

/**
 * The most that `qty` of an order can still cost, before fees, in quote currency, rounded up. On margin: what it has lost at
 * once, at its worst price against the mark of its decision; nothing where that is not known. What is sold of spot costs nothing.
 */
export function claimOf({ side, instrument, worst, mark }: Claimant, qty: Lots): Units {
  if (qty === 0) return NONE;
  if (instrument.kind === 'spot') return side === 'buy' ? notional(instrument.grid, qty, worst) : NONE;
  if (mark === undefined) return NONE;
  const beyond = side === 'buy' ? sub(worst, mark) : sub(mark, worst);
  return notional(instrument.grid, qty, max(beyond, ticks(0)));
}
