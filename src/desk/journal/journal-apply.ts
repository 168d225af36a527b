import { PortcullisError } from '../../core/errors.ts';
import type { Book } from '../../trading/book.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { adjustment } from './journal-adjusted.ts';
import { readLoneOrder } from './journal-checkpoint-order.ts';
import { readFlow, readFunding } from './journal-flow.ts';
import { bookedOrder, externalOrder, orderEvent, readFill } from './journal-order.ts';
import { type JournalRecord, dayRolled, stampedHighWater } from './journal-record.ts';

/** The instrument of an id, or `INSTRUMENT_UNKNOWN`. */
export type InstrumentOf = (instrumentId: string) => Instrument;

export function instrumentsById(instruments: readonly Instrument[]): InstrumentOf {
  const byId = new Map(instruments.map((instrument) => [instrument.instrumentId, instrument]));
  return (instrumentId) => {
    const instrument = byId.get(instrumentId);
    if (instrument !== undefined) return instrument;
    throw new PortcullisError(
      'INSTRUMENT_UNKNOWN',
      `instrumentId: expected a configured instrument, got ${instrumentId}`,
    );
  };
}

/**
 * Does to the Book what the desk did when it wrote the record.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`, `INSTRUMENT_UNKNOWN`, `ACCOUNT_UNKNOWN`, `RESERVATION_SPENT`
 */
export function applyRecord(book: Book, instrumentOf: InstrumentOf, record: JournalRecord): void {
  switch (record.type) {
    case 'tenure':
      break;
    case 'opened':
      openBook(book, record);
      break;
    case 'submitting': {
      const order = bookedOrder(record, instrumentOf(record.intent.instrumentId));
      book.hold(order);
      book.keep(order);
      book.stampHighWater(order.accountId, stampedHighWater(record));
      break;
    }
    case 'dayRolled':
      book.roll(dayRolled(record));
      break;
    case 'external': {
      const instrument = instrumentOf(record.instrumentId);
      book.external(externalOrder(record, instrument), readFill(record, instrument), record.atMs);
      break;
    }
    case 'adjusted':
      book.adjust(adjustment(record, instrumentOf));
      break;
    case 'flowed': {
      const { flow, highWater } = readFlow(record);
      book.flowOnce(flow, highWater);
      break;
    }
    case 'funded':
      book.fund(readFunding(record, instrumentOf(record.instrumentId)));
      break;
    case 'retired':
      book.retire(record.before);
      break;
    case 'revived':
      book.revive(readLoneOrder(record, instrumentOf));
      break;
    default: {
      const order = book.order(record.clientOrderId)?.order;
      if (order === undefined) {
        throw new PortcullisError(
          'INPUT_INVALID',
          `clientOrderId: expected an order submitted before, got ${record.clientOrderId}`,
        );
      }
      book.apply(orderEvent(record, order.instrument));
    }
  }
}

/** Opens the accounts, and the first trading day. */
export function openBook(
  book: Book,
  opened: Pick<JournalRecord & { type: 'opened' }, 'accounts' | 'atMs' | 'dayId'>,
): void {
  for (const { accountId, currency, balance } of opened.accounts) {
    book.openAccount(accountId, currency, balance);
  }
  book.roll({ dayId: opened.dayId, atMs: opened.atMs, accounts: [] });
}
