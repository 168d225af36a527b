import type { AppendLog } from '../../storage/append-log.ts';
import { readRecord } from './journal-read.ts';
import type { JournalRecord } from './journal-record.ts';

const FIRST_STEP = 1_024;

/**
 * The records that were written after a time, by the wall clock, up to one of them, oldest first; no more than the log
 * still has. It looks for the first one backwards, in steps that grow.
 */
export async function* recentRecords(
  log: Pick<AppendLog, 'read' | 'firstSeq'>,
  toSeq: number,
  sinceMs: number,
): AsyncGenerator<JournalRecord, undefined> {
  let from = toSeq + 1;
  let step = FIRST_STEP;
  do {
    from = Math.max(log.firstSeq, from - step);
    step *= 4;
  } while (from > log.firstSeq && (await atMsOf(log, from)) > sinceMs);
  for await (const { seq, record: raw } of log.read(from)) {
    if (seq > toSeq) return;
    const record = readRecord(seq, raw);
    if (record.atMs > sinceMs) yield record;
  }
}

async function atMsOf(log: Pick<AppendLog, 'read'>, from: number): Promise<number> {
  for await (const { seq, record } of log.read(from)) return readRecord(seq, record).atMs;
  return -Infinity;
}
