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

const START = Buffer.from(`{"v":${LINE_VERSION},"seq":`);
const BEFORE_CRC = Buffer.from(',"crc":"');
const BEFORE_JSON = Buffer.from('","r":');
const SPACE = ' '.charCodeAt(0);

/**
 * Where the JSON of a record begins in `bytes`, if the line from `from` up to `newline` is the whole record `seq`; its JSON
 * ends one byte before the newline. -1 for any other line: `parseLine` says what is wrong with it. Same verdict as that,
 * without making anything: opening a log asks for each record.
 */
export function startOfRecord(bytes: Buffer, from: number, newline: number, seq: number): number {
  if (bytes[newline - 1] !== CLOSING_BRACE || !standsAt(bytes, from, START)) return -1;
  let at = from + START.length;
  let found = 0;
  let sum = ~0;
  for (let digit = digitAt(bytes, at); digit >= 0; digit = digitAt(bytes, ++at)) {
    found = found * 10 + digit;
    sum = crcStep(sum, bytes[at] ?? 0);
  }
  if (found !== seq || !standsAt(bytes, at, BEFORE_CRC)) return -1;
  at += BEFORE_CRC.length;
  let told = 0;
  for (const end = at + 8; at < end; at++) {
    const digit = hexDigitAt(bytes, at);
    if (digit < 0) return -1;
    told = (told << 4) | digit;
  }
  const json = at + BEFORE_JSON.length;
  if (!standsAt(bytes, at, BEFORE_JSON) || json >= newline) return -1;
  const seed = ~crcStep(sum, SPACE) >>> 0;
  return crc32(bytes.subarray(json, newline - 1), seed) === told >>> 0 ? json : -1;
}

function standsAt(bytes: Buffer, at: number, text: Buffer): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}

/** Value of a decimal digit, -1 for anything else. */
function digitAt(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** Value of a lower-case hex digit, -1 for anything else. */
function hexDigitAt(bytes: Buffer, at: number): number {
  const digit = digitAt(bytes, at);
  if (digit >= 0) return digit;
  const letter = (bytes[at] ?? 0) - 0x61;
  return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

/** What a byte does to a CRC-32: for the few bytes for which calling zlib takes longer than the sum. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb88320;
  return crc;
});

const crcStep = (crc: number, byte: number): number => (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);

const hex = (crc: number): string => crc.toString(16).padStart(8, '0');

const show = (line: Buffer): string =>
  JSON.stringify(line.toString('utf8', 0, 40)) + (line.length > 40 ? '...' : '');
