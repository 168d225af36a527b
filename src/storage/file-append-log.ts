import { join } from 'node:path';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';
import type { AppendLog, AppendReceipt, LogEntry } from './append-log.ts';
import { AppendQueue } from './append-queue.ts';
import type { JsonValue } from './json.ts';
import { type LogFs, nodeFs } from './log-fs.ts';
import { eachOf } from './each-of.ts';
import { encodeLine } from './log-line.ts';
import type { RecordBlock } from './log-segment.ts';
import { LogSegments } from './log-segments.ts';
import { storageName } from './storage-name.ts';

const Options = z.strictObject({
  /** Created if absent. One log object at a time may own the files: a `DataDirectory` sees to that. */
  directory: z.string().min(1),
  /** Segments are called `<name>-00000001.jsonl` and so on. */
  name: storageName,
  /** A segment that has reached this size is followed by a new one. Default 64 MiB. */
  segmentBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  /** Sequence number of the first record of a log that is not there yet: for the copy of a trimmed one. Default 1. */
  firstSeq: z.int().min(1).default(1),
});

/** @interface */
export type FileAppendLogOptions = z.input<typeof Options>;

/** What opening a log found. */
export interface LogOpenReport {
  /** Records in the log. */
  readonly records: number;
  /** Bytes of a last record whose write was cut off, now removed. 0 for none. */
  readonly tornBytes: number;
  readonly segments: number;
}

/** Characters of record text that go out in one write, so that encoding them does not hold up the event loop. */
const MAX_BATCH_LENGTH = 1024 * 1024;

/**
 * An append log in files of checksummed JSON lines. Writes and syncs run in the thread pool, never in the event loop.
 * Records that arrive while the disk is busy go out together, with one sync for all of them.
 *
 * A last line that is not whole is a write that a crash cut off: its record was never acknowledged, so it is removed
 * and reported. Anything else that is not what was written is damage and refused.
 */
export class FileAppendLog implements AppendLog {
  readonly openReport: LogOpenReport;
  readonly #path: string;
  readonly #segments: LogSegments;
  readonly #queue: AppendQueue;
  #isWriting = false;
  #trimming: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #closed: Promise<void> | undefined;

  private constructor(path: string, segments: LogSegments) {
    this.#path = path;
    this.#segments = segments;
    this.#queue = new AppendQueue(`log ${path}`, segments.lastSeq);
    this.openReport = {
      records: segments.lastSeq - segments.firstSeq + 1,
      tornBytes: segments.tornBytes,
      segments: segments.count,
    };
  }

  /**
   * Opens or creates a log and checks every record in it.
   *
   * @throws {PortcullisError} `LOG_DAMAGED` when anything but the very end is not what was written, with file, line,
   * byte and the way out; `FORMAT_UNSUPPORTED` for a format that is not ours; `FILE_UNREADABLE` when the files cannot
   * be opened, read or repaired; `OPTION_INVALID`.
   */
  static async open(
    options: FileAppendLogOptions,
    deps: { readonly fs?: LogFs } = {},
  ): Promise<FileAppendLog> {
    const place = parseOptions('FileAppendLog', Options, options);
    const path = join(place.directory, place.name);
    try {
      return new FileAppendLog(path, await LogSegments.open(deps.fs ?? nodeFs, place));
    } catch (cause) {
      if (cause instanceof PortcullisError) throw cause;
      throw new PortcullisError('FILE_UNREADABLE', `log ${path} cannot be opened: ${messageOf(cause)}`, {
        cause,
      });
    }
  }

  get firstSeq(): number {
    return this.#segments.firstSeq;
  }

  get pending(): number {
    return this.#queue.pending;
  }

  /** Whether `close()` is through. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  append(record: JsonValue | object): Promise<AppendReceipt> {
    const receipt = this.#queue.append(record);
    if (!this.#isWriting && this.#queue.pending > 0) {
      this.#isWriting = true;
      // A microtask later, so that all that is appended in one go shares a write.
      queueMicrotask(() => void this.#write());
    }
    return receipt;
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  /** @throws {PortcullisError} `LOG_DAMAGED` when the files have changed since they were opened. */
  read(fromSeq = 1): AsyncIterable<LogEntry> {
    return eachOf(this.#segments.read(fromSeq), (block) => entriesOf(block, fromSeq));
  }

  /** Whole segments go, never the last. Where the log begins is noted on the disk before the first of them is removed. */
  trim(beforeSeq: number): Promise<number> {
    if (this.#queue.isClosed) return Promise.reject(this.#queue.closed());
    const trimmed = this.#trimming.then(() => this.#trim(beforeSeq));
    this.#trimming = trimmed.catch(ignore);
    return trimmed;
  }

  /** Lets the next record begin a new segment, whatever the size of the last one: for segments of a day, say. */
  startSegment(): void {
    this.#segments.startNext();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#queue.close();
    await this.#queue.flush();
    await this.#trimming;
    await this.#segments.close();
    this.#isClosed = true;
  }

  async #trim(beforeSeq: number): Promise<number> {
    try {
      await this.#segments.trim(beforeSeq);
      return this.#segments.firstSeq;
    } catch (cause) {
      const message = `log ${this.#path}: old records were not removed: ${messageOf(cause)}`;
      throw new PortcullisError('LOG_WRITE_FAILED', message, { cause });
    }
  }

  async #write(): Promise<void> {
    try {
      while (this.#queue.pending > 0) {
        const batch = this.#queue.peek(MAX_BATCH_LENGTH);
        await this.#segments.write(
          batch.map(({ seq, text }) => encodeLine(seq, text)).join(''),
          batch.length,
        );
        this.#queue.settle(batch.length);
      }
    } catch (cause) {
      await this.#segments.cutBack();
      const message = `log ${this.#path}: record ${this.#segments.lastSeq + 1} was not written: ${messageOf(cause)}`;
      const advice = 'Nothing is written after it; close the log and open it again once the disk is well';
      this.#queue.fail(new PortcullisError('LOG_WRITE_FAILED', `${message}. ${advice}`, { cause }));
    }
    this.#isWriting = false;
  }
}

const ignore = (): void => undefined;

function entriesOf({ firstSeq, bytes, spans }: RecordBlock, fromSeq: number): LogEntry[] {
  const entries: LogEntry[] = [];
  for (let at = Math.max(0, 2 * (fromSeq - firstSeq)); at < spans.length; at += 2) {
    const text = bytes.toString('utf8', spans[at], spans[at + 1]);
    entries.push({ seq: firstSeq + at / 2, record: JSON.parse(text) as JsonValue });
  }
  return entries;
}
