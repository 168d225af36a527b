import type { AppendLog, LogEntry } from '../append-log.ts';
import { type CopyReport, contradiction, logDigest } from './copy-digest.ts';

/** What is read of a log. */
export type LogSource = Pick<AppendLog, 'firstSeq' | 'read'>;

/** Records that are on their way at once. */
const BATCH = 1_000;

/**
 * Copies a log with its sequence numbers: a source that was trimmed gives a copy that begins where it does. The records keep their
 * exact text, so that what is chained by hashes still verifies. A copy that was interrupted goes on where it ended. In the end
 * both are read again and compared.
 *
 * @param to opened with the `firstSeq` of the source
 * @throws {PortcullisError} `INPUT_INVALID` when the target holds something else; what the logs throw
 */
export async function copyLog(from: LogSource, to: AppendLog): Promise<CopyReport> {
  const present = await confirmBeginning(from, to);
  let copied = 0;
  let waiting: Promise<unknown>[] = [];
  for await (const { seq, record } of from.read(from.firstSeq + present)) {
    waiting.push(
      to.append(record).then((receipt) => {
        if (receipt.seq !== seq) throw contradiction(`record ${seq} became record ${receipt.seq}`);
      }),
    );
    copied += 1;
    if (waiting.length < BATCH) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
  const digest = await logDigest(from.read());
  if ((await logDigest(to.read())) !== digest) throw contradiction('the log is not what was written into it');
  return { copied, present, digest };
}

/**
 * Whether a log is the beginning of another.
 *
 * @returns how many records it has
 * @throws {PortcullisError} `INPUT_INVALID` when it holds something else
 */
export async function confirmBeginning(from: LogSource, to: LogSource): Promise<number> {
  if (to.firstSeq !== from.firstSeq) {
    throw contradiction(`the log begins with ${to.firstSeq}, the source with ${from.firstSeq}`);
  }
  const there = to.read()[Symbol.asyncIterator]();
  let present = 0;
  let known = await there.next();
  if (known.done === true) return present;
  for await (const entry of from.read()) {
    confirm(known.value, entry);
    present += 1;
    known = await there.next();
    if (known.done === true) return present;
  }
  throw contradiction(`the log has a record ${known.value.seq}, the source has not`);
}

function confirm(known: LogEntry, { seq, record }: LogEntry): void {
  if (known.seq === seq && JSON.stringify(known.record) === JSON.stringify(record)) return;
  throw contradiction(`record ${known.seq} of the log is another one than record ${seq} of the source`);
}
