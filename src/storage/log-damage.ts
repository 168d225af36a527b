import { dirname } from 'node:path';
import { PortcullisError } from '../core/errors.ts';
import { LINE_VERSION } from './log-line.ts';

/** Where in the files of a log something is wrong. */
export interface DamagePlace {
  /** Number in the file, from 1. */
  readonly line: number;
  /** Offset of its first byte in the file. */
  readonly offset: number;
}

/** The error for a log that is not what was written, with the way out. */
export function damagedLog(
  path: string,
  { line, offset }: DamagePlace,
  expected: string,
  got: string,
): PortcullisError {
  return new PortcullisError(
    'LOG_DAMAGED',
    `${path}: line ${line} (byte ${offset}): expected ${expected}, got ${got}. Restore the log from a copy. Or keep ` +
      'every record that is whole, the damaged files moved aside, with: ' +
      `portcullis journal repair ${shellWord(dirname(path))}`,
    { details: { path, line, offset, expected, got } },
  );
}

/** The error for a part of a log that a version which is not ours wrote. */
export function foreignVersion(
  path: string,
  { line, offset }: DamagePlace,
  version: string,
): PortcullisError {
  return new PortcullisError(
    'FORMAT_UNSUPPORTED',
    `${path}: line ${line} (byte ${offset}): expected version ${LINE_VERSION}, got ${version}`,
    { details: { path, line, offset, expected: String(LINE_VERSION), got: version } },
  );
}

/** As it is written on a command line. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
