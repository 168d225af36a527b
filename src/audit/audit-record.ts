import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Principal } from '../core/principal.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a record says, without the chain. */
export interface AuditContent {
  /** Place in the chain, 1 for the first. */
  readonly seq: number;
  /** Wall time, milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** What happened, such as `kill-switch.tripped`. */
  readonly kind: string;
  readonly by?: Principal | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** One link of the chain. */
export interface AuditRecord extends AuditContent {
  /** `hash` of the record before; 64 zeros in the first. */
  readonly prev: string;
  /** SHA-256, in hex, of `prev`, a newline and the canonical JSON of the content. */
  readonly hash: string;
}

/** Where a chain ends. Kept elsewhere, it proves later that nothing up to there was cut off or written anew. */
export interface AuditHead {
  /** Number of records. */
  readonly seq: number;
  readonly hash: string;
}

/** The head of an empty chain. */
export const GENESIS: AuditHead = { seq: 0, hash: '0'.repeat(64) };

export const auditHash = z.string().regex(/^[0-9a-f]{64}$/);

export const auditEventSchema = z.strictObject({
  kind: z.string().min(1),
  by: z.strictObject({ kind: z.enum(['person', 'system']), id: z.string() }).optional(),
});

export const auditRecordSchema = auditEventSchema.extend({
  seq: z.int(),
  timeMs: z.number(),
  details: z.record(z.string(), z.unknown()),
  prev: auditHash,
  hash: auditHash,
});

/** @param content canonical JSON of the content */
export const linkHash = (prev: string, content: string): string => hash('sha256', `${prev}\n${content}`);

/** What the hash of a stored record should be. */
export function hashOf({ prev, hash: _, ...content }: AuditRecord): string {
  return linkHash(prev, canonicalJson(content));
}
