import { createHash } from 'node:crypto';
import { PortcullisError } from '../../core/errors.ts';
import type { AppendLog } from '../../storage/append-log.ts';

/**
 * SHA-256 over all records of a journal: the same run gives the same digest.
 *
 * @throws {PortcullisError} `JOURNAL_INCOMPLETE` when records that a snapshot stands for have been removed
 */
export async function digestOf(log: Pick<AppendLog, 'firstSeq' | 'read'>): Promise<string> {
  const { firstSeq } = log;
  if (firstSeq > 1) {
    throw new PortcullisError(
      'JOURNAL_INCOMPLETE',
      `the digest is that of all records, and the first is ${firstSeq}`,
    );
  }
  const sha = createHash('sha256');
  for await (const { record } of log.read()) sha.update(`${JSON.stringify(record)}\n`);
  return sha.digest('hex');
}
