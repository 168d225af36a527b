import { type Lots, type Ticks, type Units, notional, units } from '../core/units.ts';
import type { Instrument } from './instrument.ts';
import type { Side } from './order-intent.ts';

/** What a claim depends on. */
export interface Claimant {
  readonly side: Side;
  readonly instrument: Instrument;
  /** The worst price that it can trade at. */
  readonly worst: Ticks;
}

const NONE = units(0);

/** The most that `qty` of an order can still cost, before fees, in quote currency, rounded up. What is sold, or held on margin, costs nothing. */
export const claimOf = ({ side, instrument, worst }: Claimant, qty: Lots): Units =>
  side === 'buy' && qty !== 0 && instrument.kind === 'spot' ? notional(instrument.grid, qty, worst) : NONE;
