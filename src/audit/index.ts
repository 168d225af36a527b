/**
 * Who decided what, and when: a log in which each record carries the hash of the one before it, the check that nobody has
 * changed it, heads signed with Ed25519, and copies in sinks. Start with {@link AuditKeeper}, or {@link AuditLog} for the chain
 * alone, and {@link verifyAudit}.
 *
 * @packageDocumentation
 */
export { AuditHeads, type AuditHeadsDeps, type AuditHeadsOptions } from './audit-heads.ts';
export {
  type AuditCloseReport,
  AuditKeeper,
  type AuditKeeperDeps,
  type AuditKeeperOptions,
} from './audit-keeper.ts';
export {
  type AuditEvent,
  AuditLog,
  type AuditLogDeps,
  type AuditLogTrust,
  type AuditTrail,
} from './audit-log.ts';
export {
  AUDIT_CHAIN_VALID,
  AUDIT_HEAD_TIMESTAMP,
  AUDIT_UNSHIPPED,
  AUDIT_WRITE_FAILURES,
  type AuditRegistry,
} from './audit-metrics.ts';
export type { AuditContent, AuditHead, AuditRecord } from './audit-record.ts';
export {
  AuditShipper,
  type AuditShipperDeps,
  type AuditShipperOptions,
  type ShipStatus,
} from './audit-shipper.ts';
export type { AuditSink } from './audit-sink.ts';
export { canonicalJson } from './canonical-json.ts';
export type { Attestation } from './chain-walk.ts';
export { FileAuditSink, type FileAuditSinkOptions } from './file-audit-sink.ts';
export { headSigner, type HeadSigner, type PublicKeys, signHead, type SignedHead } from './signed-head.ts';
export { type AuditVerdict, verifyAudit, type VerifyAuditOptions } from './verify-audit.ts';
