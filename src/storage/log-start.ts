import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from './draft-file.ts';
import { damagedLog, foreignVersion } from './log-damage.ts';
import type { LogFs } from './log-fs.ts';
import { encodeLine, parseLine } from './log-line.ts';
import type { LogPlace } from './log-place.ts';

/** Where a log begins. */
export interface LogStart {
  /** Number of its first segment. */
  readonly segment: number;
  /** Sequence number of the first record of that segment. */
  readonly firstSeq: number;
}

const UNTRIMMED: LogStart = { segment: 1, firstSeq: 1 };
const Start = z.object({ segment: z.int().min(1) });
const START_FILE = /^(.+)-start\.json$/;

/** Name of the log that a file is the start of; undefined if it is none. */
export const logOfStart = (file: string): string | undefined => START_FILE.exec(file)?.[1];

const startPath = ({ directory, name }: LogPlace): string => join(directory, `${name}-start.json`);

/**
 * Notes that the log begins there, before the segments in front of it go: a log without its first segment is a trimmed
 * one if this says so, and a damaged one if not. The file is one line of the format of the log.
 */
export function writeStart(fs: LogFs, place: LogPlace, { segment, firstSeq }: LogStart): Promise<void> {
  return writeDurably(fs, startPath(place), encodeLine(firstSeq, JSON.stringify({ segment })));
}

/**
 * Where the log begins: at 1 unless it was trimmed.
 *
 * @param files what the directory of the log holds
 * @throws {PortcullisError} `LOG_DAMAGED`
 */
export async function readStart(fs: LogFs, log: LogPlace, files: readonly string[]): Promise<LogStart> {
  if (!files.some((file) => logOfStart(file) === log.name)) return UNTRIMMED;
  const path = startPath(log);
  const file = await fs.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    const parsed = parseLine(bytes.subarray(0, -1));
    if (parsed.kind === 'record') {
      return { ...Start.parse(JSON.parse(parsed.json.toString())), firstSeq: parsed.seq };
    }
    const place = { line: 1, offset: 0 };
    if (parsed.kind === 'foreign') throw foreignVersion(path, place, parsed.version);
    throw damagedLog(path, place, parsed.expected, parsed.got);
  } finally {
    await file.close();
  }
}
