import { type Decimal, ZERO } from '../../core/decimal.ts';
import { type Lots, lots } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { StandingPosition } from './history-change.ts';

/** A position that events move, with the arithmetic of the Book. */
export interface DraftPosition {
  readonly instrument: Instrument;
  pos: Lots;
  dust: Decimal;
  cost: Decimal;
  realised: Decimal;
  fees: Decimal;
  funding: Decimal;
  /** As it is to be written; missing while nothing has moved it. */
  row: StandingPosition | undefined;
}

export const emptyPosition = (instrument: Instrument): DraftPosition => ({
  instrument,
  pos: lots(0),
  dust: ZERO,
  cost: ZERO,
  realised: ZERO,
  fees: ZERO,
  funding: ZERO,
  row: undefined,
});

/** A position as it was written. */
export const restoredPosition = (instrument: Instrument, was: StandingPosition): DraftPosition => ({
  instrument,
  pos: lots(was.lots),
  dust: exact(was.dust),
  cost: exact(was.cost),
  realised: exact(was.realised),
  fees: exact(was.fees),
  funding: exact(was.funding),
  row: undefined,
});

/** What we have written ourselves, which may be longer than what may come from outside. */
const exact = (text: string): Decimal => ZERO.plus(text);
