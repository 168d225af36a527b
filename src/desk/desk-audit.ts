import type { AuditTrail } from '../audit/audit-log.ts';
import { type Denial, deny } from '../trading/denial.ts';

/** What the desk needs of its audit log. An `AuditLog` or an `AuditKeeper` is one. */
export interface DeskAudit extends AuditTrail {
  /** `false` while no record can be expected to be kept: then no entry is let through. Left out: found out by each record. */
  readonly isWritable?: boolean;
}

const GATE = 'audit';

/** What was decided is not in the audit log, so it must not be done. */
export const notAudited = (): Denial =>
  deny(GATE, 'AUDIT_UNAVAILABLE', { note: 'the decision was not kept' });

/** Why nothing may be decided that has to be audited; `undefined` where there is no reason. */
export const unwritable = (audit: Pick<DeskAudit, 'isWritable'> | undefined): Denial | undefined =>
  audit?.isWritable === false
    ? deny(GATE, 'AUDIT_UNAVAILABLE', { note: 'the log takes no records' })
    : undefined;
