import { join } from 'node:path';
import { damagedLog } from './log-damage.ts';
import type { LogFile, LogFs } from './log-fs.ts';
import { type LogPlace, segmentFile, segmentNumbers } from './log-place.ts';
import { readRecords, type SegmentExtent } from './log-segment.ts';
import { type LogStart, readStart, writeStart } from './log-start.ts';

/** Where a log lives and when it takes a new file. */
export interface LogSettings extends LogPlace {
  readonly segmentBytes: number;
  /** Where a log begins that is not there yet. Default 1. */
  readonly firstSeq?: number;
}

/** One file of a log. */
export interface Segment {
  readonly number: number;
  readonly path: string;
  readonly firstSeq: number;
  /** Bytes that are durable. */
  bytes: number;
}

/** What opening a log found. */
export interface OpenedSegments {
  readonly segments: Segment[];
  readonly last: Segment;
  readonly file: LogFile;
  readonly lastSeq: number;
  readonly tornBytes: number;
}

/** Opens or creates the files of a log: finishes a trim, checks every record, removes a torn last one. */
export async function openSegments(
  fs: LogFs,
  log: LogPlace & Pick<LogSettings, 'firstSeq'>,
): Promise<OpenedSegments> {
  const { start, numbers } = await findSegments(fs, log);
  const lastNumber = numbers.pop();
  if (lastNumber === undefined) {
    const firstSeq = Math.max(start.firstSeq, log.firstSeq ?? 1);
    if (firstSeq > start.firstSeq) await writeStart(fs, log, { segment: start.segment, firstSeq });
    const { segment, file } = await createSegment(fs, log, start.segment, firstSeq);
    return { segments: [segment], last: segment, file, lastSeq: firstSeq - 1, tornBytes: 0 };
  }
  const segments: Segment[] = [];
  let firstSeq = start.firstSeq;
  for (const number of numbers) {
    const path = pathOf(log, number);
    const file = await fs.open(path, 'read');
    try {
      const size = await file.size();
      const scanned = await scan(file, { path, size, firstSeq, end: 'whole' });
      segments.push({ number, path, firstSeq, bytes: size });
      firstSeq = scanned.lastSeq + 1;
    } finally {
      await file.close();
    }
  }
  const path = pathOf(log, lastNumber);
  const file = await fs.open(path, 'update');
  try {
    const size = await file.size();
    const scanned = await scan(file, { path, size, firstSeq, end: 'torn' });
    const last = { number: lastNumber, path, firstSeq, bytes: scanned.bytes };
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
  for await (const block of readRecords(file, extent)) {
    bytes = block.end;
    lastSeq = block.firstSeq + block.spans.length / 2 - 1;
  }
  return { bytes, lastSeq };
}

/**
 * The segments of a log, from the one that it begins with, without a gap. What was in front of it is removed here when a
 * kill came between noting the start and removing.
 */
async function findSegments(fs: LogFs, log: LogPlace): Promise<{ start: LogStart; numbers: number[] }> {
  const files = await fs.list(log.directory);
  const start = await readStart(fs, log, files);
  const found = segmentNumbers(log.name, files);
  const numbers = found.filter((number) => number >= start.segment);
  const missing = numbers.findIndex((number, at) => number !== start.segment + at);
  const isLost = numbers.length === 0 && (found.length > 0 || start.segment > 1);
  if (missing >= 0 || isLost) {
    const path = pathOf(log, start.segment + Math.max(missing, 0));
    throw damagedLog(path, { line: 1, offset: 0 }, 'a segment of the log', 'no such file');
  }
  for (const number of found) if (number < start.segment) await fs.remove(pathOf(log, number));
  return { start, numbers };
}

const pathOf = ({ directory, name }: LogPlace, number: number): string =>
  join(directory, segmentFile(name, number));

export async function createSegment(
  fs: LogFs,
  log: LogPlace,
  number: number,
  firstSeq: number,
): Promise<{ segment: Segment; file: LogFile }> {
  const path = pathOf(log, number);
  const file = await fs.open(path, 'create');
  try {
    await fs.syncDirectory(log.directory);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { segment: { number, path, firstSeq, bytes: 0 }, file };
}
