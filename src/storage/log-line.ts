import { crc32 } from 'node:zlib';

/**
 * Format of a log, version 1: one record per line,
 *
 *     {"v":1,"seq":7,"crc":"0b4f6a21","r":{"any":"json"}}
 *
 * `crc` is the CRC-32 (that of zip and PNG) of the bytes `7 {"any":"json"}`: sequence number in decimal, a space, the
 * record as it stands in the line; 8 lower-case hex digits. A line ends with a newline; JSON text has none inside.
 */
export const LINE_VERSION = 1;

/** What one line holds, or what is wrong with it. */
export type ParsedLine =
  | { readonly kind: 'record'; readonly seq: number; readonly json: Buffer }
  | { readonly kind: 'foreign'; readonly version: string }
  | { readonly kind: 'damaged'; readonly expected: string; readonly got: string };

export function encodeLine(seq: number, text: string): string {
  const crc = hex(crc32(`${seq} ${text}`));
  return `{"v":${LINE_VERSION},"seq":${seq},"crc":"${crc}","r":${text}}\n`;
}

const HEAD = /^\{"v":(\d+),(?:"seq":(\d+),"crc":"([0-9a-f]{8})","r":)?/;
const LONGEST_HEAD = 64;
const CLOSING_BRACE = '}'.charCodeAt(0);

/** @param line bytes of one line, without its newline */
export function parseLine(line: Buffer): ParsedLine {
  const head = HEAD.exec(line.toString('latin1', 0, LONGEST_HEAD));
  const [prefix = '', version, seq, crc] = head ?? [];
  if (version !== undefined && version !== String(LINE_VERSION)) return { kind: 'foreign', version };
  if (seq === undefined || crc === undefined || line.at(-1) !== CLOSING_BRACE) {
    return { kind: 'damaged', expected: 'a whole record line', got: show(line) };
  }
  const json = line.subarray(prefix.length, -1);
  const actual = hex(crc32(json, crc32(`${seq} `)));
  if (actual !== crc) return { kind: 'damaged', expected: `checksum ${crc}`, got: `checksum ${actual}` };
  return { kind: 'record', seq: Number(seq), json };
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

const show = (line: Buffer): string =>
  JSON.stringify(line.toString('utf8', 0, 40)) + (line.length > 40 ? '...' : '');
