import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import type { AppendLog } from '../../storage/append-log.ts';
import type { Tenure } from '../../storage/lease-hold.ts';
import type { JournalRecord } from './journal-record.ts';

/** The lease that a journal is written under; with its owner, where it tells, for those who read the journal. */
export interface JournalTenure extends Tenure {
  readonly owner?: string;
}

export interface TenureDeps {
  readonly log: AppendLog;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly tenure?: JournalTenure;
}

/** A record that has been written. */
export interface WrittenRecord {
  readonly seq: number;
  readonly record: JournalRecord;
}

/**
 * Writes down under which lease the journal goes on, before anything else is written under it.
 *
 * @param last token of the last one that wrote it, if any did
 * @returns `undefined` where no lease is needed
 * @throws {PortcullisError} `LEASE_LOST`; `LEASE_OUTDATED` when a later owner of the lease has written it
 */
export async function beginTenure(
  { log, clock, tenure }: TenureDeps,
  last: number | undefined,
): Promise<WrittenRecord | undefined> {
  if (tenure === undefined) return undefined;
  const { token, owner } = tenure;
  if (last !== undefined && !(token >= last)) {
    throw new PortcullisError(
      'LEASE_OUTDATED',
      `journal: expected a lease with a token of at least ${last}, got ${token}: a later owner has written it`,
    );
  }
  if (!tenure.isHeld()) throw new PortcullisError('LEASE_LOST', 'journal: the lease is not held any more');
  const about = { atMs: clock.nowMs(), token };
  const record = { type: 'tenure', ...about, ...(owner !== undefined && { owner }) } as const;
  const { seq } = await log.append(record);
  return { seq, record };
}
