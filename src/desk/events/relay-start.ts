import type { LogEntry } from '../../storage/append-log.ts';
import type { Book } from '../../trading/book.ts';
import { recordDigest } from '../journal/journal-checkpoint.ts';
import type { Journal } from '../journal/journal.ts';
import type { OutboxLog } from './outbox-log.ts';
import type { LostBecause } from './relay-metrics.ts';
import type { RelayStore, SavedRelay } from './relay-place.ts';
import type { RelayedOrders } from './relayed-orders.ts';
import type { SavedRewind } from './rewind-store.ts';

interface EndDeps {
  readonly log: OutboxLog;
  readonly book: Pick<Book, 'snapshot'>;
  /** Become those at the end. */
  readonly orders: RelayedOrders;
}

interface StartDeps extends EndDeps {
  readonly journal: Pick<Journal, 'recovered'>;
  readonly places: RelayStore;
}

/** Where a relay begins. */
export interface RelayStart {
  /** The last record that counts as told. */
  readonly seq: number;
  readonly digest: string;
  /** The last durable record. */
  readonly lastSeq: number;
  /** Whether the store knows. */
  readonly isSaved: boolean;
  readonly rewind?: SavedRewind | undefined;
  readonly lost?: {
    readonly because: LostBecause;
    readonly records: number;
    readonly detail: string;
  };
}

/** Behind the record that the last relay of the name was at, before the first one, or, where what is between is gone, at the end. */
export async function beginning(deps: StartDeps): Promise<RelayStart> {
  const { log, journal, places, orders } = deps;
  const saved = await places.load();
  const isOurs = saved?.place.openedAtMs === journal.recovered.openedAtMs;
  if (saved === undefined || !isOurs) {
    if (saved !== undefined) await places.clear();
    if (log.firstSeq > 1) return atEnd(deps, 0, 'trimmed', 'the log had been trimmed before it was followed');
    const last = await lastEntry(log, 1);
    return { seq: 0, digest: '', lastSeq: last?.seq ?? 0, isSaved: false };
  }
  const { seq, digest, dayId } = saved.place;
  const { first, last } = await ends(log, seq);
  if (goesOn(saved, first)) {
    orders.restore(dayId, saved.orders);
    const { rewind } = saved;
    log.followed(seq, Math.min(seq, rewind?.points[0]?.seq ?? seq));
    return { seq, digest, lastSeq: last?.seq ?? seq, isSaved: true, rewind };
  }
  await places.clear();
  return log.firstSeq > seq
    ? atEnd(deps, seq, 'trimmed', 'the log no longer has them')
    : atEnd(deps, seq, 'restored', `record ${seq} is not the one that was told: the journal was put back`);
}

/** Whether the log holds the record that was told last, or the one behind it. */
function goesOn({ place }: SavedRelay, first: LogEntry | undefined): boolean {
  if (place.seq === 0) return first === undefined || first.seq === 1;
  if (first?.seq === place.seq) return recordDigest(first.record) === place.digest;
  return first?.seq === place.seq + 1;
}

async function atEnd(
  deps: StartDeps,
  from: number,
  because: LostBecause,
  detail: string,
): Promise<RelayStart> {
  const end = await endOf(deps);
  const records = Math.max(0, end.seq - from);
  return { ...end, lastSeq: end.seq, isSaved: false, lost: { because, records, detail } };
}

/** The last durable record; the orders become those of the Book, which is looked at while nothing is on its way to the disk. */
export async function endOf({ log, book, orders }: EndDeps): Promise<{ seq: number; digest: string }> {
  for (;;) {
    const last = await lastEntry(log, log.lastSeq ?? log.firstSeq);
    const seq = last?.seq ?? 0;
    if (log.isQuiet && (log.lastSeq ?? seq) === seq) {
      const { dayId, orders: now } = book.snapshot();
      orders.restore(dayId, now);
      orders.touchAll();
      return { seq, digest: last === undefined ? '' : recordDigest(last.record) };
    }
    await log.flush();
  }
}

const lastEntry = async (log: OutboxLog, from: number): Promise<LogEntry | undefined> =>
  (await ends(log, from)).last;

async function ends(
  log: OutboxLog,
  from: number,
): Promise<{ readonly first: LogEntry | undefined; readonly last: LogEntry | undefined }> {
  let first: LogEntry | undefined;
  let last: LogEntry | undefined;
  for await (const entry of log.read(Math.max(1, from))) {
    first ??= entry;
    last = entry;
  }
  return { first, last };
}
