import { damagedLog, foreignVersion } from './log-damage.ts';
import type { LogFile } from './log-fs.ts';
import { LINE_VERSION, parseLine, startOfRecord } from './log-line.ts';
import { NEWLINE, readWholeLines } from './whole-lines.ts';

/** Records as they stand in a segment, those that came off the disk together. */
export interface RecordBlock {
  readonly firstSeq: number;
  readonly bytes: Buffer;
  /** Where the JSON of each record begins and ends in `bytes`: two numbers for each. */
  readonly spans: readonly number[];
  /** Offset in the file of the first byte after the block. */
  readonly end: number;
}

/** Which part of which file to read, and what it should hold. */
export interface SegmentExtent {
  readonly path: string;
  readonly size: number;
  readonly firstSeq: number;
  /** Whether it must end with a `whole` record, or may end with a `torn` last line, before which the records end. */
  readonly end: 'whole' | 'torn';
}

/**
 * The records of one segment, each checked.
 * @throws {PortcullisError} `LOG_DAMAGED` or `FORMAT_UNSUPPORTED`, with file, line and byte.
 */
export async function* readRecords(
  file: LogFile,
  { path, size, firstSeq, end }: SegmentExtent,
): AsyncGenerator<RecordBlock> {
  let seq = firstSeq;
  let offset = 0; // of the piece in the file
  let whole = 0; // bytes of the file that are whole records
  for await (const bytes of readWholeLines(file, size)) {
    const spans: number[] = [];
    const blockSeq = seq;
    let from = 0;
    while (from < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, from);
      const json = newline < 0 ? -1 : startOfRecord(bytes, from, newline, seq);
      if (json < 0) {
        const lineEnd = newline < 0 ? bytes.length : newline;
        const isLast = offset + lineEnd + 1 >= size;
        const place = { line: seq - firstSeq + 1, offset: offset + from };
        refuse(path, place, bytes.subarray(from, lineEnd), seq, { isLast, mayTear: end === 'torn' });
        break;
      }
      spans.push(json, newline - 1);
      seq += 1;
      from = newline + 1;
    }
    whole = offset + from;
    offset += bytes.length;
    if (spans.length > 0) yield { firstSeq: blockSeq, bytes, spans, end: whole };
  }
  if (end === 'whole' && whole !== size) {
    throw damagedLog(path, { line: seq - firstSeq + 1, offset: whole }, `${size} bytes`, `${whole} bytes`);
  }
}

/** Says what is wrong with a line that is not the record `seq`, unless it is a write that was cut off. */
function refuse(
  path: string,
  place: { line: number; offset: number },
  line: Buffer,
  seq: number,
  { isLast, mayTear }: { isLast: boolean; mayTear: boolean },
): void {
  const parsed = parseLine(line);
  if (parsed.kind === 'foreign') throw foreignVersion(path, place, parsed.version);
  const isWhole = parsed.kind === 'record' && parsed.seq !== seq;
  if (mayTear && isLast && !isWhole && !hidesRecord(line, seq)) return;
  if (parsed.kind === 'damaged') throw damagedLog(path, place, parsed.expected, parsed.got);
  if (isWhole) throw damagedLog(path, place, `sequence number ${seq}`, String(parsed.seq));
  throw damagedLog(path, place, 'a newline at the end of the record', 'the end of the file');
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
