import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type { DayId, TradingDay } from '../../core/trading-day.ts';
import type { AppendLog } from '../../storage/append-log.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { SkippedSnapshot, Snapshot, SnapshotStore } from '../../storage/snapshot-store.ts';
import type { Book } from '../../trading/book.ts';
import type { Instrument } from '../../trading/instrument.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import { type InstrumentOf, applyRecord, instrumentsById } from './journal-apply.ts';
import { type JournalFacts, readCheckpoint, recordDigest } from './journal-checkpoint.ts';
import { eventRecord } from './journal-order.ts';
import { readRecord } from './journal-read.ts';
import type { JournalRecord } from './journal-record.ts';
import { SpentStamps } from './journal-spent.ts';
import { type JournalTenure, beginTenure } from './journal-tenure.ts';
import type { OrderArchive } from './order-archive.ts';

export interface JournalDeps {
  /** `openReport`: what a log in files says of the end that a crash tore off. */
  readonly log: AppendLog & { readonly openReport?: { readonly tornBytes: number } };
  /** Empty. It is filled from the journal. */
  readonly book: Book;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly tradingDay: TradingDay;
  /** Where the Book is kept now and then, so that a restart need not read the whole journal. Default: nowhere. */
  readonly snapshots?: SnapshotStore;
  /** Where orders go that are over and older than two trading days. Default: they stay in memory. */
  readonly archive?: OrderArchive;
  /** Without it nothing is written, nor with a token lower than one that the journal was written under. Default: needs none. */
  readonly tenure?: JournalTenure;
}

/** What was found in the journal. */
export interface Recovered {
  /** Records that were read: those after the snapshot. 0 for a new journal. */
  readonly records: number;
  /** When the journal began, by the wall clock: what was filled before is in the opening balances. */
  readonly openedAtMs: number;
  /** When something was sent or heard for the last time, as far as the journal says it; when it began, if it does not. */
  readonly lastAtMs: number;
  readonly dayId: DayId;
  /** Orders without an outcome: unknown until the venue is asked. */
  readonly inDoubt: readonly string[];
  /** The record at which the Book was taken from a snapshot; `undefined` when all records were read. */
  readonly fromSnapshot: number | undefined;
  /** Newer snapshots that are not good, the newest first. */
  readonly skippedSnapshots: readonly SkippedSnapshot[];
  /** Bytes of a last record that a crash cut off, and that nobody was told of; `undefined` when the log does not say. */
  readonly tornBytes: number | undefined;
}

/** What a journal that goes on has to know. */
export interface Replayed extends JournalFacts {
  readonly recovered: Recovered;
  /** Sequence number of the last record. */
  readonly seq: number;
}

/** Builds the Book from the newest good snapshot and the records after it; `undefined` when there is no journal. */
export async function replay(deps: JournalDeps): Promise<Replayed | undefined> {
  const { log, book, snapshots, archive } = deps;
  const instrumentOf = instrumentsById(deps.instruments);
  const snapshot = await snapshots?.newest();
  const skipped = snapshots?.skipped ?? [];
  checkBeginning(log.firstSeq, snapshot, skipped);

  const past = new Past(book, instrumentOf);
  if (snapshot !== undefined) past.restore(snapshot);
  for await (const { seq, record } of log.read(Math.max(past.seq, 1))) past.take(seq, record);
  const { seq, records, dayId, openedAtMs, retiredBefore } = past;
  if (seq === 0) return undefined;
  if (snapshot !== undefined && !past.isConfirmed && log.firstSeq <= snapshot.seq) {
    throw endsEarly(snapshot.seq, log.firstSeq);
  }
  if (retiredBefore !== undefined) checkArchive(archive, retiredBefore);

  const tenure = await beginTenure(deps, past.tenureToken);
  const doubts = await markInDoubt(deps);
  const last = doubts.records.at(-1) ?? tenure?.record;
  return {
    recovered: {
      records,
      openedAtMs,
      lastAtMs: Math.max(openedAtMs, past.lastAtMs),
      dayId,
      inDoubt: doubts.inDoubt,
      fromSnapshot: snapshot?.seq,
      skippedSnapshots: skipped,
      tornBytes: log.openReport?.tornBytes,
    },
    seq: (tenure?.seq ?? seq) + doubts.records.length,
    openedAtMs,
    retiredBefore,
    tenureToken: deps.tenure?.token ?? past.tenureToken,
    spent: past.spent,
    record: last === undefined ? past.record : recordDigest(last),
  };
}

/** What is written at an opening as well, or without the venue: it does not say that anybody listened. */
const SILENT: ReadonlySet<JournalRecord['type']> = new Set([
  'timedOut',
  'dayRolled',
  'retired',
  'adjusted',
  'flowed',
  'funded',
  'tenure',
]);

/** The Book on its way from the snapshot to the end of the journal. */
class Past implements JournalFacts {
  /** The record up to which the Book has been built. */
  seq = 0;
  records = 0;
  dayId: DayId = '';
  openedAtMs = NaN;
  lastAtMs = -Infinity;
  retiredBefore: DayId | undefined;
  tenureToken: number | undefined;
  spent = new SpentStamps();
  /** Whether the log has been seen to hold the record at which the snapshot was taken. */
  isConfirmed = true;
  readonly #book: Book;
  readonly #instrumentOf: InstrumentOf;
  #last: JsonValue | undefined;
  #digest = '';

  constructor(book: Book, instrumentOf: InstrumentOf) {
    this.#book = book;
    this.#instrumentOf = instrumentOf;
  }

  get record(): string {
    return this.#last === undefined ? this.#digest : recordDigest(this.#last);
  }

  restore(snapshot: Snapshot): void {
    const checkpoint = readCheckpoint(snapshot, this.#instrumentOf);
    this.#book.restore(checkpoint.book);
    this.seq = snapshot.seq;
    this.dayId = checkpoint.book.dayId;
    this.openedAtMs = checkpoint.openedAtMs;
    this.retiredBefore = checkpoint.retiredBefore;
    this.tenureToken = checkpoint.tenureToken;
    this.spent = checkpoint.spent;
    this.#digest = checkpoint.record;
    this.isConfirmed = false;
  }

  take(seq: number, raw: JsonValue): void {
    if (seq === this.seq) {
      this.#confirm(seq, raw);
      return;
    }
    const record = readRecord(seq, raw);
    try {
      applyRecord(this.#book, this.#instrumentOf, record);
      this.#noteSpent(record);
    } catch (error) {
      throw unreadable(seq, error);
    }
    this.seq = seq;
    this.records += 1;
    this.#last = raw;
    this.#note(record);
  }

  #note(record: JournalRecord): void {
    if (!SILENT.has(record.type)) this.lastAtMs = Math.max(this.lastAtMs, record.atMs);
    if (record.type === 'opened') this.openedAtMs = record.atMs;
    if (record.type === 'opened' || record.type === 'dayRolled') this.dayId = record.dayId;
    if (record.type === 'retired') this.retiredBefore = record.before;
    if (record.type === 'tenure') this.tenureToken = record.token;
  }

  #noteSpent(record: JournalRecord): void {
    if (record.type === 'dayRolled') this.spent.clear();
    if (record.type === 'submitting') this.spent.read(record.intent.strategyId, record.spent);
    if (record.type === 'amendRequested')
      this.spent.read(this.#book.order(record.clientOrderId)?.order.strategyId, record.spent);
  }

  #confirm(seq: number, raw: JsonValue): void {
    if (recordDigest(raw) !== this.#digest) {
      throw incomplete(
        `record ${seq} of the journal is not the one at which the snapshot was taken: they belong to different journals`,
      );
    }
    this.isConfirmed = true;
    this.lastAtMs = readRecord(seq, raw).atMs;
  }
}

const unreadable = (seq: number, error: unknown): PortcullisError => {
  const unknown = error instanceof PortcullisError && error.code === 'INSTRUMENT_UNKNOWN';
  const message = messageOf(error);
  return new PortcullisError(
    unknown ? 'INSTRUMENT_UNKNOWN' : 'INPUT_INVALID',
    `journal record ${seq}: ${message}`,
    { cause: error },
  );
};

const WAY_OUT =
  'Put back journal, snapshots and state store of one backup; or begin with a new data directory and the balances and positions that the venue reports';

const incomplete = (what: string): PortcullisError =>
  new PortcullisError('JOURNAL_INCOMPLETE', `${what}. ${WAY_OUT}`);

function checkBeginning(
  firstSeq: number,
  snapshot: Snapshot | undefined,
  skipped: readonly SkippedSnapshot[],
): void {
  const seq = snapshot?.seq ?? 0;
  if (firstSeq <= seq + 1) return;
  const passedOver = skipped.map(({ file, why }) => `; ${file} is not good: ${why}`).join('');
  const found =
    snapshot === undefined ? 'there is no good snapshot' : `the newest good snapshot is of record ${seq}`;
  throw incomplete(`the journal begins at record ${firstSeq}, and ${found}${passedOver}`);
}

const endsEarly = (seq: number, firstSeq: number): PortcullisError =>
  incomplete(
    `the journal, which begins at record ${firstSeq}, ends before record ${seq}, at which the snapshot was taken`,
  );

/** What has been moved out of memory must still be known: else the same order could be sent twice. */
function checkArchive(archive: OrderArchive | undefined, retiredBefore: DayId): void {
  const before = archive?.completeBefore;
  if (before !== undefined && before >= retiredBefore) return;
  const found =
    archive === undefined
      ? 'there is none'
      : before === undefined
        ? 'it is empty'
        : `it holds only those before ${before}`;
  throw incomplete(
    `orders that were over before ${retiredBefore} have been moved to the order archive, but ${found}: they could be sent twice`,
  );
}

/**
 * What had no outcome, or was being cancelled, when the journal ended: the request may have been sent, and nobody waits
 * for the answer any more. So it is unknown, stays held, and the journal says so, for the restart after this one.
 */
async function markInDoubt({ log, book, clock }: JournalDeps) {
  const open = [...book.liveOrders()].filter(({ state }) => isOpen(state) && state !== 'working');
  const records: JournalRecord[] = [];
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
    const record = eventRecord(event, instrument);
    records.push(record);
    written.push(log.append(record));
  }
  await Promise.all(written);
  return { inDoubt: open.map(({ order }) => order.clientOrderId), records };
}
