import { createHash } from 'node:crypto';
import { PortcullisError } from '../../core/errors.ts';
import type { LogEntry } from '../append-log.ts';

/** What was copied, and what was there already from a copy that was interrupted. */
export interface CopyReport {
  /** Records, entries or snapshots that were written. */
  readonly copied: number;
  /** Those that were there, and the same. */
  readonly present: number;
  /** SHA-256 in lower-case hex over all of them: two with the same one hold the same. */
  readonly digest: string;
}

/** Sums up what is copied, line by line. */
export class CopyDigest {
  readonly #sha = createHash('sha256');

  add(line: unknown): void {
    this.#sha.update(`${JSON.stringify(line)}\n`);
  }

  end(): string {
    return this.#sha.digest('hex');
  }
}

/** SHA-256 over sequence numbers and records. */
export async function logDigest(entries: AsyncIterable<LogEntry>): Promise<string> {
  const digest = new CopyDigest();
  for await (const { seq, record } of entries) digest.add([seq, record]);
  return digest.end();
}

/** The error for a target that holds something else. */
export const contradiction = (what: string): PortcullisError =>
  new PortcullisError(
    'INPUT_INVALID',
    `copy: ${what}: expected an empty target, or one that an interrupted copy of the same source has left`,
  );
