import { PortcullisError } from '../../core/errors.ts';
import type { AppendLog, LogEntry } from '../append-log.ts';
import { CopyDigest, type CopyReport, contradiction, logDigest } from './copy-digest.ts';

/** What is read of a log. */
export type LogSource = Pick<AppendLog, 'firstSeq' | 'read'>;

/** Records that are on their way at once. */
const BATCH = 1_000;

/**
 * Copies a log with its sequence numbers: a source that was trimmed gives a copy that begins where it does. The records keep their
 * exact text, so that what is chained by hashes still verifies. A copy that was interrupted goes on where it ended. In the end
 * the target is read and compared with what was read of the source.
 *
 * @param to opened with the `firstSeq` of the source
 * @throws {PortcullisError} `INPUT_INVALID` when the target holds something else, and when the source was written to meanwhile;
 *   what the logs throw
 */
export async function copyLog(from: LogSource, to: AppendLog): Promise<CopyReport> {
  const digest = new CopyDigest();
  const refusal = { isThere: false };
  let [all, copied] = [0, 0];
  let waiting: Promise<unknown>[] = [];
  const seen = ({ seq, record }: LogEntry): void => {
    digest.add([seq, record]);
    all += 1;
  };
  for await (const { seq, record } of missing(from, to, seen)) {
    const written = to.append(record).then((receipt) => {
      if (receipt.seq !== seq) throw contradiction(`record ${seq} became record ${receipt.seq}`);
    });
    // It is told below; until then the source is read, which may take a while.
    written.catch(() => {
      refusal.isThere = true;
    });
    waiting.push(written);
    copied += 1;
    if (refusal.isThere) break;
    if (waiting.length < BATCH) continue;
    await Promise.all(waiting);
    waiting = [];
  }
  await Promise.all(waiting);
  for await (const { seq } of from.read(from.firstSeq + all)) throw grown(`record ${seq}`);
  const report = { copied, present: all - copied, digest: digest.end() };
  if ((await logDigest(to.read())) !== report.digest) {
    throw contradiction('the log is not what was written into it');
  }
  return report;
}

/**
 * Whether a log is the beginning of another.
 *
 * @returns how many records it has
 * @throws {PortcullisError} `INPUT_INVALID` when it holds something else
 */
export async function confirmBeginning(from: LogSource, to: LogSource): Promise<number> {
  let seen = 0;
  const count = (): void => {
    seen += 1;
  };
  for await (const _ of missing(from, to, count)) return seen - 1;
  return seen;
}

/** The error for a source that does not stand still. */
export const grown = (what: string): PortcullisError =>
  new PortcullisError(
    'INPUT_INVALID',
    `copy: the source got ${what} while it was copied: expected one that nobody writes to. Stop who does, and copy again`,
  );

/** The records of a log that another has not, after all that it has was found to be the same. */
async function* missing(
  from: LogSource,
  to: LogSource,
  seen: (entry: LogEntry) => void,
): AsyncGenerator<LogEntry, void> {
  if (to.firstSeq !== from.firstSeq) {
    throw contradiction(`the log begins with ${to.firstSeq}, the source with ${from.firstSeq}`);
  }
  const there = to.read()[Symbol.asyncIterator]();
  try {
    let known = await there.next();
    for await (const entry of from.read()) {
      seen(entry);
      if (known.done === true) {
        yield entry;
        continue;
      }
      confirm(known.value, entry);
      known = await there.next();
    }
    if (known.done !== true) {
      throw contradiction(`the log has a record ${known.value.seq}, the source has not`);
    }
  } finally {
    await there.return?.();
  }
}

function confirm(known: LogEntry, { seq, record }: LogEntry): void {
  if (known.seq === seq && JSON.stringify(known.record) === JSON.stringify(record)) return;
  throw contradiction(`record ${known.seq} of the log is another one than record ${seq} of the source`);
}
