/**
 * Who decided what, and when: a log in which each record carries the hash of the one before it, and the check that nobody
 * has changed it. Start with {@link AuditLog} and {@link verifyAudit}.
 *
 * @packageDocumentation
 */
export { type AuditEvent, AuditLog, type AuditTrail } from './audit-log.ts';
export type { AuditContent, AuditHead, AuditRecord } from './audit-record.ts';
export { canonicalJson } from './canonical-json.ts';
export { type AuditVerdict, verifyAudit, type VerifyAuditOptions } from './verify-audit.ts';
