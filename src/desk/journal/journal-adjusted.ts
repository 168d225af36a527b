import { decimal } from '../../core/decimal.ts';
import { toText } from '../../core/increment.ts';
import type { Principal } from '../../core/principal.ts';
import { abs, lots, neg } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Adjustment } from '../../trading/saved-book.ts';
import { onGrid } from './journal-grid.ts';
import type { JournalRecord } from './journal-record.ts';

type AdjustedRecord = JournalRecord & { type: 'adjusted' };

/** Who adjusts, and why. */
export interface AdjustedBy {
  readonly by: Principal;
  readonly reason: string;
}

export function adjustedRecord(
  { adjustmentId, accountId, position, cash }: Adjustment,
  { by, reason }: AdjustedBy,
  atMs: number,
): AdjustedRecord {
  const about = { type: 'adjusted' as const, atMs, adjustmentId, accountId };
  const rest = { cash: cash.toFixed(), by: by.id, reason };
  if (position === undefined) return { ...about, ...rest };
  const { instrument, qty, price } = position;
  const quantity = toText(qty, instrument.grid.step);
  return {
    ...about,
    position: { instrumentId: instrument.instrumentId, quantity, price: price.toFixed() },
    ...rest,
  };
}

/**
 * @param instrumentOf throws for what is not configured
 * @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`
 */
export function adjustment(
  { adjustmentId, accountId, position, cash }: Omit<AdjustedRecord, 'type' | 'atMs' | 'by' | 'reason'>,
  instrumentOf: (instrumentId: string) => Instrument,
): Adjustment {
  const about = { adjustmentId, accountId, cash: decimal(cash, 'cash') };
  if (position === undefined) return about;
  const instrument = instrumentOf(position.instrumentId);
  const { quantity } = position;
  const size = lots(onGrid('position.quantity', quantity.replace(/^-/, ''), instrument, 'step'));
  const qty = quantity.startsWith('-') ? neg(size) : abs(size);
  return { ...about, position: { instrument, qty, price: decimal(position.price, 'position.price') } };
}
