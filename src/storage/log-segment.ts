import { damagedLog, foreignVersion } from './log-damage.ts';
import type { LogFile } from './log-fs.ts';
import { LINE_VERSION, parseLine } from './log-line.ts';

/** One whole line of a segment, or the last one without its newline. */
export interface SegmentLine {
  /** Number in the file, from 1. */
  readonly line: number;
  /** Offset of its first byte in the file. */
  readonly offset: number;
  /** Without the newline. */
  readonly bytes: Buffer;
  readonly isComplete: boolean;
}

/** One record as it stands in a segment. */
export interface SegmentRecord {
  readonly seq: number;
  readonly json: Buffer;
  readonly place: SegmentLine;
}

/** Which part of which file to read, and what it should hold. */
export interface SegmentExtent {
  readonly path: string;
  readonly size: number;
  readonly firstSeq: number;
  /** Whether it must end with a `whole` record, or may end with a `torn` last line, before which the records end. */
  readonly end: 'whole' | 'torn';
}

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = '\n'.charCodeAt(0);

/** The lines of the first `size` bytes, in lists as they come off the disk. */
export async function* readLines(file: LogFile, size: number): AsyncGenerator<readonly SegmentLine[]> {
  let parts: Buffer[] = []; // of a line whose end has not been read yet
  let offset = 0;
  let line = 1;
  const finish = (last: Buffer, isComplete: boolean): SegmentLine => {
    const bytes = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    const found = { line, offset, bytes, isComplete };
    parts = [];
    line += 1;
    offset += bytes.length + 1;
    return found;
  };

  for (let position = 0; position < size;) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
    const bytesRead = await file.read(buffer, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    const lines: SegmentLine[] = [];
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      lines.push(finish(chunk.subarray(from, to), true));
      from = to + 1;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    yield lines;
  }
  if (parts.length > 0) yield [finish(Buffer.alloc(0), false)];
}

/**
 * The records of one segment, each checked.
 * @throws {PortcullisError} `LOG_DAMAGED` or `FORMAT_UNSUPPORTED`, with file, line and byte.
 */
export async function* readRecords(
  file: LogFile,
  { path, size, firstSeq, end }: SegmentExtent,
): AsyncGenerator<readonly SegmentRecord[]> {
  let seq = firstSeq;
  let line = 0;
  let bytes = 0;
  for await (const lines of readLines(file, size)) {
    const records: SegmentRecord[] = [];
    for (const place of lines) {
      const parsed = parseLine(place.bytes);
      if (parsed.kind === 'foreign') throw foreignVersion(path, place, parsed.version);
      if (parsed.kind === 'damaged' || !place.isComplete) {
        if (end === 'torn' && endOf(place) >= size && !hidesRecord(place.bytes, seq)) break;
        throw parsed.kind === 'damaged'
          ? damagedLog(path, place, parsed.expected, parsed.got)
          : damagedLog(path, place, 'a newline at the end of the record', 'the end of the file');
      }
      if (parsed.seq !== seq) throw damagedLog(path, place, `sequence number ${seq}`, String(parsed.seq));
      records.push({ seq, json: parsed.json, place });
      seq += 1;
      line = place.line;
      bytes = endOf(place);
    }
    yield records;
  }
  if (end === 'whole' && bytes !== size) {
    throw damagedLog(path, { line: line + 1, offset: bytes }, `${size} bytes`, `${bytes} bytes`);
  }
}

/**
 * Whether a whole record stands at the beginning of a bad line, and another after it: then the newline between them was
 * damaged, and both may have been acknowledged. A write that was cut off does not look like that.
 */
function hidesRecord(bytes: Buffer, seq: number): boolean {
  const next = `{"v":${LINE_VERSION},"seq":${seq + 1},`;
  for (let at = bytes.indexOf(next); at > 0; at = bytes.indexOf(next, at + 1)) {
    if (parseLine(bytes.subarray(0, at - 1)).kind === 'record') return true;
  }
  return false;
}

/** Offset of the first byte after the line and its newline. */
export const endOf = (place: SegmentLine): number => place.offset + place.bytes.length + 1;
