import type { LogFile, LogFs } from './log-fs.ts';
import { readRecords, type RecordBlock } from './log-segment.ts';
import { writeStart } from './log-start.ts';
import {
  createSegment,
  type LogSettings,
  type OpenedSegments,
  openSegments,
  type Segment,
} from './open-segments.ts';
import { finishSwap } from './salvage-swap.ts';
import { writeFully } from './write-fully.ts';

/** The files of one log, in order. Knows what is durable; one write at a time is its caller's business. */
export class LogSegments {
  /** Bytes of a torn last record that opening removed. */
  readonly tornBytes: number;
  readonly #fs: LogFs;
  readonly #settings: LogSettings;
  readonly #segments: Segment[];
  /** Segments that the log no longer counts as its own, still to be removed. */
  readonly #trimmed: Segment[] = [];
  readonly #readers = new Set<Reader>();
  #last: Segment;
  #file: LogFile;
  #lastSeq: number;
  #wantsNext = false;

  private constructor(fs: LogFs, settings: LogSettings, opened: OpenedSegments) {
    this.#fs = fs;
    this.#settings = settings;
    this.#segments = opened.segments;
    this.#last = opened.last;
    this.#file = opened.file;
    this.#lastSeq = opened.lastSeq;
    this.tornBytes = opened.tornBytes;
  }

  /** Opens or creates, checks every record, removes a torn last one, and makes durable what it found. */
  static async open(fs: LogFs, settings: LogSettings): Promise<LogSegments> {
    await fs.makeDirectory(settings.directory);
    await finishSwap(fs, settings);
    return new LogSegments(fs, settings, await openSegments(fs, settings));
  }

  get count(): number {
    return this.#segments.length;
  }

  /** Sequence number of the first record, or of the one to come where there is none. */
  get firstSeq(): number {
    return (this.#segments[0] ?? this.#last).firstSeq;
  }

  /** Sequence number of the last durable record, one below `firstSeq` for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Writes whole lines holding `records` records and resolves when they are durable. */
  async write(lines: string, records: number): Promise<void> {
    if (this.#wantsNext || this.#last.bytes >= this.#settings.segmentBytes) await this.#rotate();
    const bytes = Buffer.from(lines);
    await writeFully(this.#file, bytes, this.#last.bytes);
    await this.#file.datasync();
    this.#last.bytes += bytes.length;
    this.#lastSeq += records;
  }

  /** The next write begins a new segment, unless the last one is empty. */
  startNext(): void {
    this.#wantsNext = this.#last.bytes > 0;
  }

  /** Removes what a failed write left behind, where the disk still can; the next open does what is left to do. */
  async cutBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#last.bytes);
      await this.#file.datasync();
    } catch {
      // The failure that made us cut back is the one to tell.
    }
  }

  /** The records that are durable now, from the block that holds `fromSeq`. */
  async *read(fromSeq: number): AsyncGenerator<RecordBlock> {
    const segments = this.#segments.map((segment) => ({ ...segment }));
    const reader = { segment: 0 };
    this.#readers.add(reader);
    try {
      for (const [at, { number, path, bytes, firstSeq }] of segments.entries()) {
        const next = segments[at + 1];
        if (next !== undefined && next.firstSeq <= fromSeq) continue;
        reader.segment = number;
        const file = await this.#fs.open(path, 'read');
        try {
          yield* readRecords(file, { path, size: bytes, firstSeq, end: 'whole' });
        } finally {
          await file.close();
        }
      }
    } finally {
      this.#readers.delete(reader);
    }
  }

  /**
   * Removes the segments that hold only records before `beforeSeq`, but for the last one and those that somebody is
   * reading. One call at a time.
   */
  async trim(beforeSeq: number): Promise<void> {
    const firstRead = Math.min(...Array.from(this.#readers, ({ segment }) => segment));
    const isOld = (segment: Segment, at: number): boolean => {
      const next = this.#segments[at + 1];
      return next !== undefined && next.firstSeq <= beforeSeq && segment.number < firstRead;
    };
    const kept = this.#segments.findIndex((segment, at) => !isOld(segment, at));
    const first = this.#segments[kept];
    if (kept > 0 && first !== undefined) {
      await writeStart(this.#fs, this.#settings, { segment: first.number, firstSeq: first.firstSeq });
      this.#trimmed.push(...this.#segments.splice(0, kept));
    }
    for (let old = this.#trimmed[0]; old !== undefined; old = this.#trimmed[0]) {
      await this.#fs.remove(old.path);
      this.#trimmed.shift();
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #rotate(): Promise<void> {
    const { file, segment } = await createSegment(
      this.#fs,
      this.#settings,
      this.#last.number + 1,
      this.#lastSeq + 1,
    );
    const old = this.#file;
    this.#file = file;
    this.#last = segment;
    this.#segments.push(segment);
    this.#wantsNext = false;
    await old.close();
  }
}

/** Somebody who reads, and the number of the segment that they are at. */
interface Reader {
  segment: number;
}
