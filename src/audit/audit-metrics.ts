import type { MetricsRegistry } from '../telemetry/metrics/metrics-registry.ts';

/** What the audit log needs of a registry. */
export type AuditRegistry = Pick<MetricsRegistry, 'counter' | 'gauge' | 'collector'>;

export const AUDIT_WRITE_FAILURES = {
  name: 'trading_audit_write_failures_total',
  help: 'Records that the audit log could not keep.',
} as const;

export const AUDIT_CHAIN_VALID = {
  name: 'trading_audit_chain_valid',
  help: '1 when the hash chain of the audit log was found whole the last time it was checked, 0 when not.',
} as const;

export const AUDIT_HEAD_TIMESTAMP = {
  name: 'trading_audit_head_timestamp_seconds',
  help: 'When the last durable head of the audit log was signed, seconds since the Unix epoch; 0 for never.',
} as const;

export const AUDIT_UNSHIPPED = {
  name: 'trading_audit_unshipped_records',
  help: 'Durable audit records that a sink has not taken yet.',
  labels: ['sink'],
} as const;
