import { join } from 'node:path';
import type { LogFile, LogFs } from './log-fs.ts';
import { endOf, readRecords, type SegmentExtent, type SegmentRecord } from './log-segment.ts';

interface Segment {
  readonly number: number;
  readonly path: string;
  readonly firstSeq: number;
  /** Bytes that are durable. */
  bytes: number;
}

/** Where a log lives and when it takes a new file. */
export interface LogPlace {
  readonly directory: string;
  readonly name: string;
  readonly segmentBytes: number;
}

/** The files of one log, in order. Knows what is durable; one write at a time is its caller's business. */
export class LogSegments {
  /** Bytes of a torn last record that opening removed. */
  readonly tornBytes: number;
  readonly #fs: LogFs;
  readonly #place: LogPlace;
  readonly #segments: Segment[];
  #last: Segment;
  #file: LogFile;
  #lastSeq: number;

  private constructor(fs: LogFs, place: LogPlace, opened: OpenedSegments) {
    this.#fs = fs;
    this.#place = place;
    this.#segments = opened.segments;
    this.#last = opened.last;
    this.#file = opened.file;
    this.#lastSeq = opened.lastSeq;
    this.tornBytes = opened.tornBytes;
  }

  /** Opens or creates, checks every record, removes a torn last one, and makes durable what it found. */
  static async open(fs: LogFs, place: LogPlace): Promise<LogSegments> {
    await fs.makeDirectory(place.directory);
    return new LogSegments(fs, place, await openSegments(fs, place));
  }

  get count(): number {
    return this.#segments.length;
  }

  /** Sequence number of the last durable record, 0 for none. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Writes whole lines holding `records` records and resolves when they are durable. */
  async write(lines: string, records: number): Promise<void> {
    if (this.#last.bytes >= this.#place.segmentBytes) await this.#rotate();
    const bytes = Buffer.from(lines);
    for (let done = 0; done < bytes.length;) {
      const written = await this.#file.write(bytes.subarray(done), this.#last.bytes + done);
      if (written === 0) throw new Error('the disk took no bytes');
      done += written;
    }
    await this.#file.datasync();
    this.#last.bytes += bytes.length;
    this.#lastSeq += records;
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

  /** The records that are durable now, from `fromSeq`, in lists. */
  async *read(fromSeq: number): AsyncGenerator<readonly SegmentRecord[]> {
    const segments = this.#segments.map((segment) => ({ ...segment }));
    for (const [at, { path, bytes, firstSeq }] of segments.entries()) {
      const next = segments[at + 1];
      if (next !== undefined && next.firstSeq <= fromSeq) continue;
      const file = await this.#fs.open(path, 'read');
      try {
        for await (const records of readRecords(file, { path, size: bytes, firstSeq, end: 'whole' })) {
          yield records.filter(({ seq }) => seq >= fromSeq);
        }
      } finally {
        await file.close();
      }
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #rotate(): Promise<void> {
    const { file, segment } = await createSegment(
      this.#fs,
      this.#place,
      this.#last.number + 1,
      this.#lastSeq + 1,
    );
    const old = this.#file;
    this.#file = file;
    this.#last = segment;
    this.#segments.push(segment);
    await old.close();
  }
}

const SEGMENT_FILE = /^(.+)-(\d{8})\.jsonl$/;

/** Name of the log that a file is a segment of; undefined if it is none. */
export const logOfSegment = (file: string): string | undefined => SEGMENT_FILE.exec(file)?.[1];

interface OpenedSegments {
  readonly segments: Segment[];
  readonly last: Segment;
  readonly file: LogFile;
  readonly lastSeq: number;
  readonly tornBytes: number;
}

async function openSegments(fs: LogFs, place: LogPlace): Promise<OpenedSegments> {
  const found = await findSegments(fs, place);
  const lastFound = found.pop();
  if (lastFound === undefined) {
    const { segment, file } = await createSegment(fs, place, 1, 1);
    return { segments: [segment], last: segment, file, lastSeq: 0, tornBytes: 0 };
  }
  const segments: Segment[] = [];
  let lastSeq = 0;
  for (const { number, path } of found) {
    const file = await fs.open(path, 'read');
    try {
      const size = await file.size();
      const scanned = await scan(file, { path, size, firstSeq: lastSeq + 1, end: 'whole' });
      segments.push({ number, path, firstSeq: lastSeq + 1, bytes: size });
      lastSeq = scanned.lastSeq;
    } finally {
      await file.close();
    }
  }
  const { number, path } = lastFound;
  const file = await fs.open(path, 'update');
  try {
    const size = await file.size();
    const scanned = await scan(file, { path, size, firstSeq: lastSeq + 1, end: 'torn' });
    const last = { number, path, firstSeq: lastSeq + 1, bytes: scanned.bytes };
    const tornBytes = size - scanned.bytes;
    if (tornBytes > 0) await file.truncate(scanned.bytes);
    // A record that a killed process wrote but did not sync is about to be believed: it must not vanish later.
    if (size > 0) await file.datasync();
    return { segments: [...segments, last], last, file, lastSeq: scanned.lastSeq, tornBytes };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Checks every record of a segment; how far they go. */
async function scan(file: LogFile, extent: SegmentExtent): Promise<{ bytes: number; lastSeq: number }> {
  let bytes = 0;
  let lastSeq = extent.firstSeq - 1;
  for await (const records of readRecords(file, extent)) {
    const last = records.at(-1);
    if (last === undefined) continue;
    bytes = endOf(last.place);
    lastSeq = last.seq;
  }
  return { bytes, lastSeq };
}

/** Segment files of the log in the order of their numbers. */
async function findSegments(
  fs: LogFs,
  { directory, name }: LogPlace,
): Promise<{ number: number; path: string }[]> {
  const files = (await fs.list(directory)).filter((file) => logOfSegment(file) === name).sort();
  return files.map((file) => ({ number: Number(SEGMENT_FILE.exec(file)?.[2]), path: join(directory, file) }));
}

async function createSegment(
  fs: LogFs,
  { directory, name }: LogPlace,
  number: number,
  firstSeq: number,
): Promise<{ segment: Segment; file: LogFile }> {
  const path = join(directory, `${name}-${String(number).padStart(8, '0')}.jsonl`);
  const file = await fs.open(path, 'create');
  try {
    await fs.syncDirectory(directory);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { segment: { number, path, firstSeq, bytes: 0 }, file };
}
