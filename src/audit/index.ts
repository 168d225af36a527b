export { type AuditEvent, AuditLog } from './audit-log.ts';
export type { AuditContent, AuditHead, AuditRecord } from './audit-record.ts';
export { canonicalJson } from './canonical-json.ts';
export { type AuditVerdict, verifyAudit, type VerifyAuditOptions } from './verify-audit.ts';
