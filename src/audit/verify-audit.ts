import { PortcullisError } from '../core/errors.ts';
import type { AppendLog } from '../storage/append-log.ts';
import { messageOf } from '../storage/json.ts';
import { type AuditHead, type AuditRecord, auditRecordSchema, GENESIS, hashOf } from './audit-record.ts';

export type AuditVerdict =
  | { readonly ok: true; readonly records: number; readonly head: AuditHead }
  | { readonly ok: false; readonly atSeq: number; readonly reason: string };

export interface VerifyAuditOptions {
  /** A head that was seen earlier and kept elsewhere: the chain must go through it. */
  readonly expectHead?: AuditHead;
}

/**
 * Checks the whole chain. Finds a record that was changed, removed, inserted or moved, and names the first that does not
 * fit. Records cut off at the end, and a chain computed anew from some point on by someone who can write the files, are
 * found only against a head kept out of their reach (`expectHead`).
 */
export async function verifyAudit(log: AppendLog, options: VerifyAuditOptions = {}): Promise<AuditVerdict> {
  const { expectHead } = options;
  let head = GENESIS;
  try {
    for await (const entry of log.read()) {
      const next = follow(head, entry.record);
      if (typeof next === 'string') return { ok: false, atSeq: head.seq + 1, reason: next };
      head = next;
      if (head.seq === expectHead?.seq && head.hash !== expectHead.hash) {
        const reason = `expected the hash ${expectHead.hash} that was kept, got ${head.hash}`;
        return { ok: false, atSeq: head.seq, reason };
      }
    }
  } catch (error) {
    if (!(error instanceof PortcullisError && error.code === 'LOG_DAMAGED')) throw error;
    return { ok: false, atSeq: head.seq + 1, reason: error.message };
  }
  if (expectHead !== undefined && head.seq < expectHead.seq) {
    const reason = `expected ${expectHead.seq} records, got ${head.seq}: the end was cut off`;
    return { ok: false, atSeq: head.seq + 1, reason };
  }
  return { ok: true, records: head.seq, head };
}

/** The head after a stored record, or why it does not belong there. */
function follow(head: AuditHead, stored: unknown): AuditHead | string {
  const parsed = auditRecordSchema.safeParse(stored);
  if (!parsed.success) return `expected an audit record: ${parsed.error.issues.map(describe).join('; ')}`;
  const record = parsed.data;
  if (record.seq !== head.seq + 1) return `expected record ${head.seq + 1}, got ${record.seq}`;
  if (record.prev !== head.hash)
    return `expected the record before to have hash ${record.prev}, got ${head.hash}`;
  const hash = contentHash(record);
  if (record.hash !== hash) return `expected content of hash ${record.hash}, got ${hash}`;
  return { seq: record.seq, hash };
}

function contentHash(record: AuditRecord): string {
  try {
    return hashOf(record);
  } catch (error) {
    return `none (${messageOf(error)})`; // a number such as 1e999, or too many levels: we never wrote that
  }
}

const describe = ({ path, message }: { path: readonly PropertyKey[]; message: string }): string =>
  `${path.length === 0 ? '(whole)' : path.map(String).join('.')}: ${message}`;
