import { join } from 'node:path';
import type { JsonValue } from './json.ts';
import { foreignVersion } from './log-damage.ts';
import type { LogFs } from './log-fs.ts';
import { LINE_VERSION, parseLine } from './log-line.ts';
import { NEWLINE, readWholeLines } from './whole-lines.ts';

/** A line, or what is left of it, that holds no record which can be kept. */
export interface LostLine {
  /** Name of the file, as it is called where the originals went. */
  readonly file: string;
  /** Number in the file, from 1. */
  readonly line: number;
  /** Offset of the first byte of the line in the file. */
  readonly offset: number;
  /** How many bytes of the line are lost, without its newline; 0 for a file that is not there. */
  readonly bytes: number;
  readonly why: string;
}

/** What is found in a damaged log: a whole record under its old number, or a line that is lost. */
export type Found =
  | { readonly kind: 'record'; readonly seq: number; readonly text: string }
  | { readonly kind: 'lost'; readonly lost: LostLine };

/** Why a record cannot stay, although its line verifies; undefined when it can. Asked once for each, in order. */
export type RefuseRecord = (record: JsonValue, seq: number) => string | undefined;

/**
 * Everything in the segments of a damaged log, in order. A record counts when its line verifies, its number is higher
 * than that of the one before, and it is not refused. Two records between which only the newline is damaged both count.
 *
 * @throws {PortcullisError} `FORMAT_UNSUPPORTED` when the log ends with lines of a version that is not ours.
 */
export async function* scanDamaged(
  fs: LogFs,
  directory: string,
  files: readonly string[],
  refuse: RefuseRecord = () => undefined,
): AsyncGenerator<Found> {
  let lastSeq = 0;
  let foreign: Error | undefined;
  for (const file of files) {
    const path = join(directory, file);
    for await (const { line, offset, bytes } of linesOf(fs, path)) {
      let lost = bytes.length;
      let why = '';
      for (const piece of piecesOf(bytes)) {
        const parsed = parseLine(piece);
        if (parsed.kind === 'record' && parsed.seq > lastSeq) {
          const { seq } = parsed;
          const text = parsed.json.toString();
          lastSeq = seq;
          foreign = undefined; // we write nothing after what is newer than us: it was damage
          const refused = refuse(JSON.parse(text) as JsonValue, seq);
          if (refused === undefined) {
            yield { kind: 'record', seq, text };
            lost -= piece.length;
          } else why ||= refused;
        } else if (parsed.kind === 'record') {
          why ||= `sequence number ${parsed.seq} after ${lastSeq}`;
        } else if (parsed.kind === 'foreign') {
          foreign ??= foreignVersion(path, { line, offset }, parsed.version);
          why ||= `version ${parsed.version}`;
        } else {
          why ||= `expected ${parsed.expected}, got ${parsed.got}`;
        }
      }
      if (lost > 0) {
        const lostLine = { file, line, offset, bytes: lost, why: why || 'no newline between two records' };
        yield { kind: 'lost', lost: lostLine };
      } else if (bytes.length === 0) {
        yield { kind: 'lost', lost: { file, line, offset, bytes: 0, why: 'an empty line' } };
      }
    }
  }
  if (foreign !== undefined) throw foreign;
}

async function* linesOf(
  fs: LogFs,
  path: string,
): AsyncGenerator<{ line: number; offset: number; bytes: Buffer }> {
  const file = await fs.open(path, 'read');
  try {
    let line = 1;
    let offset = 0;
    for await (const piece of readWholeLines(file, await file.size())) {
      for (let from = 0; from < piece.length; line += 1) {
        const newline = piece.indexOf(NEWLINE, from);
        const to = newline < 0 ? piece.length : newline;
        yield { line, offset: offset + from, bytes: piece.subarray(from, to) };
        from = to + 1;
      }
      offset += piece.length;
    }
  } finally {
    await file.close();
  }
}

const HEAD = `{"v":${LINE_VERSION},"seq":`;

/** The line itself if it is whole, or the whole records in it with what is between them. */
function piecesOf(line: Buffer): Buffer[] {
  if (parseLine(line).kind === 'record') return [line];
  const heads: number[] = [];
  for (let at = line.indexOf(HEAD); at >= 0; at = line.indexOf(HEAD, at + 1)) heads.push(at);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const [index, head] of heads.entries()) {
    if (head < from) continue;
    // Up to the damaged newline before another head, or to the end; a head may also stand inside a record.
    const ends = [...heads.slice(index + 1).map((next) => next - 1), line.length];
    const end = ends.find((to) => parseLine(line.subarray(head, to)).kind === 'record');
    if (end === undefined) continue;
    if (head > from) pieces.push(line.subarray(from, head));
    pieces.push(line.subarray(head, end));
    from = end;
  }
  return from < line.length ? [...pieces, line.subarray(from)] : pieces;
}
