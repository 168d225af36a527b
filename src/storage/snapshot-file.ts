import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { JsonValue } from './json.ts';
import type { LogFile } from './log-fs.ts';
import { NEWLINE, readWholeLines } from './whole-lines.ts';

/**
 * Format of a snapshot, version 1: one JSON value per line, and a last line that says what there is,
 *
 *     {"v":1,"seq":7,"lines":2,"crc":"0b4f6a21"}
 *
 * `crc` is the CRC-32 of the sequence number in decimal, a space, all lines before the last with their newlines, and the
 * number of lines in decimal; 8 lower-case hex digits.
 */
const VERSION = 1;

const Last = z.strictObject({
  v: z.literal(VERSION),
  seq: z.int().min(0),
  lines: z.int().min(0),
  crc: z.string(),
});
const LONGEST_LAST = 128;

/** 16 digits, which no segment of a log has. */
const SNAPSHOT_FILE = /^(.+)-snapshot-(\d{16})\.jsonl$/;

/** Of which log and which record a file is the snapshot; undefined if it is none. */
export function snapshotIn(file: string): { name: string; seq: number } | undefined {
  const [, name, digits] = SNAPSHOT_FILE.exec(file) ?? [];
  return name === undefined ? undefined : { name, seq: Number(digits) };
}

export const snapshotFile = (name: string, seq: number): string =>
  `${name}-snapshot-${String(seq).padStart(16, '0')}.jsonl`;

/** Counts the lines of a snapshot and sums them up, for its last line. */
export class SnapshotSum {
  readonly #seq: number;
  #lines = 0;
  #crc: number;

  constructor(seq: number) {
    this.#seq = seq;
    this.#crc = crc32(`${seq} `);
  }

  add(bytes: Buffer, lines: number): void {
    this.#crc = crc32(bytes, this.#crc);
    this.#lines += lines;
  }

  /** The last line, with its newline. */
  last(): string {
    const crc = crc32(String(this.#lines), this.#crc).toString(16).padStart(8, '0');
    return `${JSON.stringify({ v: VERSION, seq: this.#seq, lines: this.#lines, crc })}\n`;
  }
}

/** The lines of a snapshot file. @throws {Error} that says what is wrong with it */
export async function readSnapshot(file: LogFile, seq: number): Promise<JsonValue[]> {
  const size = await file.size();
  const last = await readLast(file, size);
  const told = parseLast(last.toString());
  if (told.seq !== seq) throw new Error(`the name says record ${seq}, the last line ${told.seq}`);
  const sum = new SnapshotSum(seq);
  const lines: JsonValue[] = [];
  for await (const bytes of readWholeLines(file, size - last.length)) {
    const text = bytes.toString('utf8', 0, bytes.length - 1);
    // One parse for many lines; JSON text has no newline inside.
    const values = JSON.parse(`[${text.replaceAll('\n', ',')}]`) as JsonValue[];
    sum.add(bytes, values.length);
    for (const value of values) lines.push(value);
  }
  if (sum.last() !== last.toString()) {
    throw new Error(`the last line says ${last.toString().trimEnd()}, the others ${sum.last().trimEnd()}`);
  }
  return lines;
}

/** The last line with its newline. */
async function readLast(file: LogFile, size: number): Promise<Buffer> {
  const end = Buffer.alloc(Math.min(size, LONGEST_LAST));
  await file.read(end, size - end.length);
  if (end.at(-1) !== NEWLINE) throw new Error('the file is cut off');
  return end.subarray(end.lastIndexOf(NEWLINE, -2) + 1);
}

function parseLast(text: string): z.output<typeof Last> {
  try {
    return Last.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`the last line is none of version ${VERSION}: ${text.trimEnd()}`, { cause });
  }
}
