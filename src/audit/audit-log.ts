import type { Clock } from '../core/clock.ts';
import { onDispose } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { parseInput } from '../core/options.ts';
import { type Principal, system } from '../core/principal.ts';
import { messageOf } from '../core/message-of.ts';
import type { AppendLog } from '../storage/append-log.ts';
import { AUDIT_CHAIN_VALID, AUDIT_WRITE_FAILURES, type AuditRegistry } from './audit-metrics.ts';
import {
  type AuditContent,
  auditEventSchema,
  type AuditHead,
  type AuditRecord,
  linkHash,
} from './audit-record.ts';
import { canonicalJson } from './canonical-json.ts';
import {
  HEAD_SIGNED,
  HeadKeys,
  type HeadSigner,
  type PublicKeys,
  type SignedHead,
  signWith,
} from './signed-head.ts';
import { walkChain } from './verify-audit.ts';

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

export interface AuditLogDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly metrics?: AuditRegistry | undefined;
}

/** What a log is believed by when it is opened and its beginning is not there any more. */
export interface AuditLogTrust {
  /** Keys of signed heads. */
  readonly publicKeys?: PublicKeys;
  /** A head that was kept, or `first-record`: what is left is believed as it stands. Default: neither. */
  readonly anchor?: AuditHead | 'first-record';
}

/**
 * A log in which each record carries the hash of the one before, so that a later change shows (`verifyAudit`). It owns
 * the log that it writes to. It has no secret: someone who can write the files can compute a whole new chain. Keep `head`
 * somewhere else from time to time to find that out, and to find records cut off at the end; {@link AuditKeeper} does.
 */
export class AuditLog implements AuditTrail {
  readonly #log: AppendLog;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #countFailure: () => void;
  readonly #onFailure = new Set<(failure: Error) => void>();
  readonly #onRecord = new Set<(record: AuditRecord) => void>();
  #last: AuditHead; // of the chain as computed
  #durable: AuditHead;
  #lastSigned: SignedHead | undefined;
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(
    log: AppendLog,
    { clock, metrics }: AuditLogDeps,
    found: { readonly head: AuditHead; readonly lastSigned?: SignedHead },
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#last = found.head;
    this.#durable = found.head;
    this.#lastSigned = found.lastSigned;
    const failures = metrics?.counter(AUDIT_WRITE_FAILURES);
    this.#countFailure = () => failures?.inc();
  }

  /**
   * Verifies the chain in the log and continues it.
   *
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` with the first record that does not fit; `OPTION_INVALID`.
   */
  static async open(log: AppendLog, deps: AuditLogDeps, trust: AuditLogTrust = {}): Promise<AuditLog> {
    const { anchor, publicKeys } = trust;
    const verdict = await walkChain(log, {
      keys: new HeadKeys(publicKeys),
      ...(anchor === 'first-record' ? { trustsFirst: true } : { expectHead: anchor }),
    });
    deps.metrics?.gauge(AUDIT_CHAIN_VALID).set(verdict.ok ? 1 : 0);
    if (verdict.ok) return new AuditLog(log, deps, verdict);
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

  /** The last signed head that is durable. */
  get lastSigned(): SignedHead | undefined {
    return this.#lastSigned;
  }

  /** Records on their way to the disk. */
  get pending(): number {
    return this.#log.pending;
  }

  /** Whether a record can be expected to be kept: no write has failed, and it is not closed. What has to be audited must not be done otherwise. */
  get isWritable(): boolean {
    return this.#failure === undefined && !this.#isClosed;
  }

  /** Why no record is taken any more. It lasts until the log is opened anew. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Calls `listener` once, when the first write has failed: before the caller of `record` is told. */
  onFailure(listener: (failure: Error) => void): Disposable {
    this.#onFailure.add(listener);
    return onDispose(() => {
      this.#onFailure.delete(listener);
    });
  }

  /** Calls `listener` with each record as soon as it is durable, in order. What it throws is lost. */
  onRecord(listener: (record: AuditRecord) => void): Disposable {
    this.#onRecord.add(listener);
    return onDispose(() => {
      this.#onRecord.delete(listener);
    });
  }

  /**
   * Takes its place in the chain within the call, in the order of calls, and resolves when durable.
   *
   * Rejects with `INPUT_INVALID` for an empty kind and for details that are not JSON, with the chain as it was; with `LOG_WRITE_FAILED` or
   * `LOG_CLOSED` as the log does, and then for every further record until the log is opened anew.
   */
  record(event: AuditEvent): Promise<AuditRecord> {
    return event.kind === HEAD_SIGNED ? Promise.reject(notAnEvent()) : this.#append(event);
  }

  /**
   * Signs the chain as it stands and puts the signature on record, both within the call; resolves to the head when the
   * record, and so all that it vouches for, is durable. An empty chain cannot be signed: `undefined`.
   *
   * Rejects as `record`; with `OPTION_INVALID`, and the chain as it was, when the signer does not do its work.
   */
  async signHead(signer: HeadSigner): Promise<SignedHead | undefined> {
    if (this.#last.seq === 0) return undefined;
    const head = signWith(signer, this.#last, this.#clock.nowMs());
    await this.#append({ kind: HEAD_SIGNED, by: system('audit'), ...head });
    this.#lastSigned = head;
    return head;
  }

  /** Refuses new records with `LOG_CLOSED`, and resolves when the pending ones are settled. The log below stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#log.flush();
  }

  /** Up to the await this is one step: no other record can come in between. */
  async #append(event: AuditEvent): Promise<AuditRecord> {
    if (this.#isClosed) throw this.#fail(new PortcullisError('LOG_CLOSED', 'the audit log is closed'));
    const record = this.#link(event);
    this.#last = { seq: record.seq, hash: record.hash };
    try {
      await this.#log.append(record);
    } catch (error) {
      throw this.#fail(error);
    }
    this.#durable = { seq: record.seq, hash: record.hash };
    for (const listener of this.#onRecord) tell(listener, record);
    return record;
  }

  #link({ kind, by, ...details }: AuditEvent): AuditRecord {
    parseInput('audit event', auditEventSchema, { kind, by });
    const { seq, hash: prev } = this.#last;
    const content = canonicalJson({ seq: seq + 1, timeMs: this.#clock.nowMs(), kind, by, details });
    // Read back from the text, so that what is written is what was hashed.
    return { ...(JSON.parse(content) as AuditContent), prev, hash: linkHash(prev, content) };
  }

  /** Counts each record that is lost, and tells of the first. */
  #fail(cause: unknown): Error {
    const error = cause instanceof Error ? cause : new Error(messageOf(cause));
    this.#countFailure();
    if (this.isWritable) {
      this.#failure = error;
      for (const listener of this.#onFailure) tell(listener, error);
    }
    return error;
  }
}

const notAnEvent = (): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `audit event: kind ${HEAD_SIGNED} is for signed heads only`);

/** A listener that throws holds up neither the others nor the record. */
function tell<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch {
    // what it does is its own business
  }
}
