import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import type { Principal } from '../core/principal.ts';
import type { AppendLog } from '../storage/append-log.ts';
import {
  type AuditContent,
  auditEventSchema,
  type AuditHead,
  type AuditRecord,
  linkHash,
} from './audit-record.ts';
import { canonicalJson } from './canonical-json.ts';
import { verifyAudit } from './verify-audit.ts';

/** What to record: `kind`, who did it, and any further members that say what happened. */
export interface AuditEvent {
  /** What happened, such as `kill-switch.tripped`. */
  readonly kind: string;
  readonly by?: Principal | undefined;
  readonly [detail: string]: unknown;
}

/** What a part needs to tell who decided what. {@link AuditLog} is one. */
export interface AuditTrail {
  /** Resolves when the record is durable; rejects when it could not be kept, and what had to be audited must then not happen. */
  record(event: AuditEvent): Promise<unknown>;
}

/**
 * A log in which each record carries the hash of the one before, so that a later change shows (`verifyAudit`). It owns
 * the log that it writes to. It has no secret: someone who can write the files can compute a whole new chain. Keep `head`
 * somewhere else from time to time to find that out, and to find records cut off at the end.
 */
export class AuditLog implements AuditTrail {
  readonly #log: AppendLog;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #last: AuditHead; // of the chain as computed
  #durable: AuditHead;

  private constructor(log: AppendLog, clock: Pick<Clock, 'nowMs'>, head: AuditHead) {
    this.#log = log;
    this.#clock = clock;
    this.#last = head;
    this.#durable = head;
  }

  /**
   * Verifies the chain in the log and continues it.
   *
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` with the first record that does not fit.
   */
  static async open(log: AppendLog, deps: { readonly clock: Pick<Clock, 'nowMs'> }): Promise<AuditLog> {
    const verdict = await verifyAudit(log);
    if (verdict.ok) return new AuditLog(log, deps.clock, verdict.head);
    throw new PortcullisError(
      'AUDIT_CHAIN_BROKEN',
      `audit log: record ${verdict.atSeq}: ${verdict.reason}. Keep the log as evidence and begin a new one`,
      { details: { atSeq: verdict.atSeq } },
    );
  }

  /** End of the durable chain. */
  get head(): AuditHead {
    return this.#durable;
  }

  /**
   * Takes its place in the chain within the call, in the order of calls, and resolves when durable.
   *
   * Rejects with `INPUT_INVALID` for an empty kind and for details that are not JSON, with the chain as it was; with `LOG_WRITE_FAILED` or
   * `LOG_CLOSED` as the log does, and then for every further record until the log is opened anew.
   */
  async record(event: AuditEvent): Promise<AuditRecord> {
    // Up to the await this is one step: no other record can come in between.
    const record = this.#link(event);
    this.#last = { seq: record.seq, hash: record.hash };
    await this.#log.append(record);
    this.#durable = { seq: record.seq, hash: record.hash };
    return record;
  }

  #link({ kind, by, ...details }: AuditEvent): AuditRecord {
    parseInput('audit event', auditEventSchema, { kind, by });
    const { seq, hash: prev } = this.#last;
    const content = canonicalJson({ seq: seq + 1, timeMs: this.#clock.nowMs(), kind, by, details });
    // Read back from the text, so that what is written is what was hashed.
    return { ...(JSON.parse(content) as AuditContent), prev, hash: linkHash(prev, content) };
  }
}
