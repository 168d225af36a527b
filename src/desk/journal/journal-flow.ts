import { decimal } from '../../core/decimal.ts';
import { moneyText } from '../../core/money-text.ts';
import type { Units } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { Flow, Funding } from '../../trading/saved-book.ts';
import type { AdjustedBy } from './journal-adjusted.ts';
import type { JournalRecord } from './journal-record.ts';
import { readUnits } from './journal-units.ts';

/*
 * How deposits, withdrawals and funding stand in the journal, both ways.
 */

type FlowedRecord = JournalRecord & { type: 'flowed' };
type FundedRecord = JournalRecord & { type: 'funded' };

/** @param highWater what the high-water mark of the account became */
export const flowedRecord = (
  { flowId, accountId, amount }: Flow,
  highWater: Units,
  { by, reason }: AdjustedBy,
  atMs: number,
): FlowedRecord => ({
  type: 'flowed',
  atMs,
  flowId,
  accountId,
  amount: amount.toFixed(),
  highWater: moneyText(highWater),
  by: by.id,
  reason,
});

/** @throws {PortcullisError} `NUMBER_INVALID` */
export const readFlow = ({ flowId, accountId, amount, highWater }: FlowedRecord) => ({
  flow: { flowId, accountId, amount: decimal(amount, 'amount') },
  highWater: readUnits(highWater, 'highWater'),
});

export const fundedRecord = (
  { fundingId, accountId, instrument, amount }: Funding,
  atMs: number,
): FundedRecord => ({
  type: 'funded',
  atMs,
  fundingId,
  accountId,
  instrumentId: instrument.instrumentId,
  amount: amount.toFixed(),
});

/** @throws {PortcullisError} `NUMBER_INVALID` */
export const readFunding = (
  { fundingId, accountId, amount }: FundedRecord,
  instrument: Instrument,
): Funding => ({ fundingId, accountId, instrument, amount: decimal(amount, 'amount') });
