import type { Clock } from '../core/clock.ts';
import type { DecimalInput } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import type { DayId, TradingDay } from '../core/trading-day.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { JsonValue } from '../storage/json.ts';
import type { Book } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import { adjustment } from './journal-adjusted.ts';
import { bookedOrder, eventRecord, externalOrder, orderEvent, readFill } from './journal-order.ts';
import {
  JOURNAL_VERSION,
  type JournalRecord,
  dayRolled,
  journalRecordSchema,
  stampedHighWater,
} from './journal-record.ts';

export interface AccountOptions {
  readonly accountId: string;
  readonly currency: string;
  /** Cash at the beginning. */
  readonly balance: DecimalInput;
}

export interface JournalDeps {
  readonly log: AppendLog;
  /** Empty. It is filled from the journal. */
  readonly book: Book;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly tradingDay: TradingDay;
}

/** What was found in the journal. */
export interface Recovered {
  /** 0 for a new journal. */
  readonly records: number;
  readonly dayId: DayId;
  /** Orders without an outcome: unknown until the venue is asked. */
  readonly inDoubt: readonly string[];
}

/** Builds the Book from the journal; `undefined` when there is none. */
export async function replay(deps: JournalDeps): Promise<Recovered | undefined> {
  const { log, book, instruments } = deps;
  const byId = new Map(instruments.map((instrument) => [instrument.instrumentId, instrument]));
  let records = 0;
  let dayId: DayId = '';
  for await (const { seq, record: raw } of log.read()) {
    const record = readRecord(seq, raw);
    try {
      take(book, byId, record);
    } catch (error) {
      throw unreadable(seq, error);
    }
    records += 1;
    if (record.type === 'opened' || record.type === 'dayRolled') dayId = record.dayId;
  }
  if (records === 0) return undefined;
  return { records, dayId, inDoubt: await markInDoubt(deps) };
}

function readRecord(seq: number, raw: JsonValue): JournalRecord {
  const { type, version } = { ...(raw as { type?: JsonValue; version?: JsonValue }) };
  if ((type === 'opened') !== (seq === 1)) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `journal record ${seq}: type: expected opened first and only first, got ${shown(type)}`,
    );
  }
  if (seq === 1 && version !== JOURNAL_VERSION) {
    throw new PortcullisError(
      'FORMAT_UNSUPPORTED',
      `journal record 1: version: expected ${JOURNAL_VERSION}, got ${shown(version)}`,
    );
  }
  return parseInput(`journal record ${seq}`, journalRecordSchema, raw);
}

const shown = (value: JsonValue | undefined): string =>
  value === undefined ? 'nothing' : JSON.stringify(value);

function take(book: Book, byId: ReadonlyMap<string, Instrument>, record: JournalRecord): void {
  switch (record.type) {
    case 'opened':
      openAccounts(book, record);
      break;
    case 'submitting': {
      const order = bookedOrder(record, known(byId, record.intent.instrumentId));
      book.hold(order);
      book.keep(order);
      book.stampHighWater(order.accountId, stampedHighWater(record));
      break;
    }
    case 'dayRolled':
      book.roll(dayRolled(record));
      break;
    case 'external': {
      const instrument = known(byId, record.instrumentId);
      book.external(externalOrder(record, instrument), readFill(record, instrument), record.atMs);
      break;
    }
    case 'adjusted':
      book.adjust(adjustment(record, (id) => known(byId, id)));
      break;
    case 'retired':
      book.retire(record.before);
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

const unreadable = (seq: number, error: unknown): PortcullisError => {
  const unknown = error instanceof PortcullisError && error.code === 'INSTRUMENT_UNKNOWN';
  const message = error instanceof Error ? error.message : String(error);
  return new PortcullisError(
    unknown ? 'INSTRUMENT_UNKNOWN' : 'INPUT_INVALID',
    `journal record ${seq}: ${message}`,
    { cause: error },
  );
};

/**
 * What had no outcome, or was being cancelled, when the journal ended: the request may have been sent, and nobody waits
 * for the answer any more. So it is unknown, stays held, and the journal says so, for the restart after this one.
 */
async function markInDoubt({ log, book, clock }: JournalDeps): Promise<string[]> {
  const open = [...book.orders()].filter(({ state }) => isOpen(state) && state !== 'working');
  const written: Promise<unknown>[] = [];
  for (const { order, state } of open) {
    if (state === 'unknown') continue;
    const { clientOrderId, instrument } = order;
    const event = {
      type: 'timedOut',
      clientOrderId,
      atMs: clock.nowMs(),
      reason: 'no outcome in the journal',
    } as const;
    book.apply(event);
    written.push(log.append(eventRecord(event, instrument)));
  }
  await Promise.all(written);
  return open.map(({ order }) => order.clientOrderId);
}

export function openAccounts(
  book: Book,
  { accounts }: { readonly accounts: readonly AccountOptions[] },
): void {
  for (const { accountId, currency, balance } of accounts) book.openAccount(accountId, currency, balance);
}

function known(byId: ReadonlyMap<string, Instrument>, instrumentId: string): Instrument {
  const instrument = byId.get(instrumentId);
  if (instrument !== undefined) return instrument;
  throw new PortcullisError(
    'INSTRUMENT_UNKNOWN',
    `instrumentId: expected a configured instrument, got ${instrumentId}`,
  );
}
