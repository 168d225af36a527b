import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { DecimalInput } from '../core/decimal.ts';
import { decimal } from '../core/decimal.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import type { DayId, TradingDay } from '../core/trading-day.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { JsonValue } from '../storage/json.ts';
import type { Book, BookReader, DayRolled } from '../trading/book.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import {
  JOURNAL_VERSION,
  type JournalRecord,
  type Stamp,
  bookedOrder,
  dayRolled,
  dayRolledRecord,
  eventRecord,
  journalRecordSchema,
  orderEvent,
  stampedHighWater,
  submittingRecord,
} from './journal-record.ts';

export interface AccountOptions {
  readonly accountId: string;
  readonly currency: string;
  /** Cash at the beginning. */
  readonly balance: DecimalInput;
}

export interface JournalOptions {
  /** What the run is about, for the first record: the SHA-256 of a recording, or a seed and its options. */
  readonly input: { readonly [key: string]: JsonValue };
  /** Opened in the Book when the journal is new; a journal that exists has its own. */
  readonly accounts: readonly AccountOptions[];
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

/** The record of what was about to happen and what did, in order, from which the Book can be built again. */
export class Journal {
  readonly recovered: Recovered;
  /** The Book that was built from it. */
  readonly book: BookReader;
  readonly #log: AppendLog;
  readonly #clock: Pick<Clock, 'nowMs'>;

  private constructor({ log, clock, book }: JournalDeps, recovered: Recovered) {
    this.#log = log;
    this.#clock = clock;
    this.book = book;
    this.recovered = recovered;
  }

  /**
   * Begins a journal, or builds the Book from the one that is there.
   *
   * @throws {PortcullisError} `INPUT_INVALID` naming the record that cannot be read; `INSTRUMENT_UNKNOWN`;
   *   `FORMAT_UNSUPPORTED`
   */
  static async open({ input, accounts }: JournalOptions, deps: JournalDeps): Promise<Journal> {
    const recovered = await replay(deps);
    if (recovered !== undefined) return new Journal(deps, recovered);
    const atMs = deps.clock.nowMs();
    const dayId = deps.tradingDay.dayOf(atMs);
    const opened = {
      type: 'opened' as const,
      version: JOURNAL_VERSION,
      atMs,
      dayId,
      input,
      accounts: accounts.map(({ accountId, currency, balance }) => ({
        accountId,
        currency,
        balance: decimal(balance, `accounts.${accountId}.balance`).toFixed(),
      })),
    };
    openAccounts(deps.book, opened); // first: what cannot be opened must not be on disk
    await deps.log.append(opened);
    return new Journal(deps, { records: 0, dayId, inDoubt: [] });
  }

  /** Resolves when it is on disk; the order must not go out before. */
  submitting(order: HeldOrder, stamp: Stamp): Promise<unknown> {
    return this.#log.append(submittingRecord(order, this.#clock.nowMs(), stamp));
  }

  event(event: OrderEvent, instrument: Instrument): Promise<unknown> {
    return this.#log.append(eventRecord(event, instrument));
  }

  rolled(day: DayRolled): Promise<unknown> {
    return this.#log.append(dayRolledRecord(day));
  }

  /** Resolves when nothing is being written, and nothing that waited for that wants to write more. */
  async settled(clock: Pick<Clock, 'turn'>): Promise<void> {
    do {
      await clock.turn();
      await this.#log.flush();
      await clock.turn();
    } while (this.pending > 0);
  }

  /** Records that are not on disk yet. */
  get pending(): number {
    return this.#log.pending;
  }

  /** SHA-256 over all records: the same run gives the same digest. */
  async digest(): Promise<string> {
    const sha = createHash('sha256');
    for await (const { record } of this.#log.read()) sha.update(`${JSON.stringify(record)}\n`);
    return sha.digest('hex');
  }
}
Object.freeze(Journal.prototype);

async function replay(deps: JournalDeps): Promise<Recovered | undefined> {
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

function openAccounts(book: Book, { accounts }: Pick<JournalOptions, 'accounts'>): void {
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
