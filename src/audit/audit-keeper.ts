import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { parseOptions } from '../core/options.ts';
import { SeededRandom } from '../core/random.ts';
import type { AppendLog } from '../storage/append-log.ts';
import type { StateStore } from '../storage/state-store.ts';
import { AuditHeads, type AuditHeadsDeps, headOptions } from './audit-heads.ts';
import { type AuditEvent, AuditLog, type AuditTrail } from './audit-log.ts';
import { AUDIT_CHAIN_VALID, type AuditRegistry } from './audit-metrics.ts';
import type { AuditHead, AuditRecord } from './audit-record.ts';
import { AuditRetention, retentionOptions } from './audit-retention.ts';
import { AuditShipper, type ShipStatus, shipperOptions } from './audit-shipper.ts';
import type { AuditSink } from './audit-sink.ts';
import { inTime } from './in-time.ts';
import { HeadKeys, type HeadSigner, type PublicKeys, type SignedHead } from './signed-head.ts';
import { type AuditVerdict, walkChain } from './verify-audit.ts';

const schema = z.strictObject({
  /** When heads are signed, if there is a signer. */
  signing: headOptions.prefault({}),
  /** How records go to the sinks. */
  shipping: shipperOptions.prefault({}),
  /** When files are begun and removed. */
  retention: retentionOptions.prefault({}),
  /** Keys that heads on record were signed with before; that of the signer counts anyway. PEM, by name. */
  publicKeys: z.record(z.string().min(1), z.string()).default({}),
  /** A record that waits longer for the disk means that the log is not writable. */
  maxStallMs: z.number().min(1).default(5000),
  /** What `close()` takes at most for the disk, and at most for the sinks. */
  closeTimeoutMs: z.number().min(1).default(5000),
});

/** @interface */
export type AuditKeeperOptions = z.input<typeof schema>;

export interface AuditKeeperDeps {
  readonly log: AppendLog;
  readonly clock: Clock;
  /** From {@link headSigner}. Default: no head is signed. */
  readonly signer?: HeadSigner | undefined;
  /** Where sinks have come to. Needed with sinks. */
  readonly store?: Pick<StateStore, 'get' | 'set'> | undefined;
  /** Each gets every record. They are closed with the keeper. */
  readonly sinks?: readonly AuditSink[] | undefined;
  readonly metrics?: AuditRegistry | undefined;
  /** Spreads repeated attempts. Default: seeded by the clock. */
  readonly random?: { next(): number } | undefined;
}

/** How keeping the audit log ended. */
export interface AuditCloseReport {
  readonly head: AuditHead;
  /** The last signed head that is on disk. */
  readonly lastSigned?: SignedHead;
  /** What was not written, or not in time. */
  readonly error?: string;
  /** Every sink, with what it has not got. */
  readonly sinks: readonly ShipStatus[];
}

/**
 * The audit log with all that makes it evidence: heads signed from time to time, copies in sinks, files of a day and their
 * end, metrics, and an orderly close. It works from `open()` until `close()`.
 */
export class AuditKeeper implements AuditTrail {
  readonly #rules: z.output<typeof schema>;
  readonly #deps: AuditKeeperDeps;
  readonly #audit: AuditLog;
  readonly #heads: AuditHeads | undefined;
  readonly #shippers: readonly AuditShipper[];
  readonly #retention: AuditRetention;
  #waitingSinceMs = 0;
  #closed: Promise<AuditCloseReport> | undefined;

  private constructor(
    rules: z.output<typeof schema>,
    deps: AuditKeeperDeps,
    audit: AuditLog,
    shippers: readonly AuditShipper[],
  ) {
    this.#rules = rules;
    this.#deps = deps;
    this.#audit = audit;
    this.#shippers = shippers;
    const { clock, log, metrics, signer } = deps;
    const shippedSeq = (): number => Math.min(...shippers.map(({ status }) => status.shippedSeq));
    this.#retention = new AuditRetention(rules.retention, { log, clock, shippedSeq, keyId: signer?.keyId });
    this.#heads =
      signer && new AuditHeads(rules.signing, { audit: this.#watched(audit), signer, clock, metrics });
    this.#heads?.start();
    audit.onRecord((record) => {
      this.#waitingSinceMs = clock.monotonicMs(); // what waits now has waited since then at most
      this.#retention.note(record);
    });
  }

  /**
   * Verifies the chain in the log, continues it, and begins to sign and to ship. A log whose beginning was removed is
   * believed by a head signed with one of the keys.
   *
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` for the first record that does not fit, or a log that ends before what a sink
   *   has had; `OPTION_INVALID`, `STORE_UNAVAILABLE`
   */
  static async open(options: AuditKeeperOptions, deps: AuditKeeperDeps): Promise<AuditKeeper> {
    const rules = parseOptions('AuditKeeper', schema, options);
    const { log, clock, metrics, signer, store, sinks = [], random = new SeededRandom(clock.nowMs()) } = deps;
    checkParts(rules, deps);
    const audit = await AuditLog.open(log, { clock, metrics }, { publicKeys: keysOf(rules, signer) });
    const shippers: AuditShipper[] = [];
    try {
      for (const sink of sinks) {
        if (store === undefined) break; // refused above
        const parts = { sink, log, audit, store, clock, random, metrics };
        shippers.push(await AuditShipper.open(rules.shipping, parts));
      }
    } catch (error) {
      await Promise.all(shippers.map((shipper) => shipper.close(0)));
      throw error;
    }
    const keeper = new AuditKeeper(rules, deps, audit, shippers);
    if (rules.retention.keepMs !== undefined) await keeper.#noteHeads();
    return keeper;
  }

  /** As `AuditLog.record`. */
  record(event: AuditEvent): Promise<AuditRecord> {
    this.#noteWait(this.#audit);
    return this.#audit.record(event);
  }

  /** End of the durable chain. */
  get head(): AuditHead {
    return this.#audit.head;
  }

  /** The last signed head that is durable. */
  get lastSigned(): SignedHead | undefined {
    return this.#audit.lastSigned;
  }

  /** Whether a record can be expected to be kept. What has to be audited must not be done otherwise. */
  get isWritable(): boolean {
    return this.health() === true;
  }

  /** A probe for health checks: `true`, or why the log is not writable. A sink that lags does not count. */
  health(): true | string {
    const { failure, isWritable, pending } = this.#audit;
    if (failure !== undefined) return `the audit log cannot be written: ${failure.message}`;
    if (!isWritable) return 'the audit log is closed';
    const waitedMs = pending === 0 ? 0 : this.#deps.clock.monotonicMs() - this.#waitingSinceMs;
    return waitedMs <= this.#rules.maxStallMs || `a record waits for the disk for ${waitedMs} ms`;
  }

  /** As `AuditLog.onFailure`. */
  onFailure(listener: (failure: Error) => void): Disposable {
    return this.#audit.onFailure(listener);
  }

  /** How far each sink has come. */
  get sinks(): readonly ShipStatus[] {
    return this.#shippers.map(({ status }) => status);
  }

  /** Why old files were not removed the last time; `undefined` when they were. */
  get retentionError(): string | undefined {
    return this.#retention.lastError;
  }

  /** Checks the whole chain again, as it is on disk now, and sets the metric: for a look once a day, say. */
  async verify(): Promise<AuditVerdict> {
    const { log, signer, metrics } = this.#deps;
    const verdict = await walkChain(log, { keys: new HeadKeys(keysOf(this.#rules, signer)) });
    metrics?.gauge(AUDIT_CHAIN_VALID).set(verdict.ok ? 1 : 0);
    return verdict;
  }

  /**
   * Refuses new records at once, signs the last head, ships what is left and says what was not. Never rejects, and takes no
   * longer than twice `closeTimeoutMs`. The log stays open: whoever opened it closes it. A second call gives the same report.
   */
  close(): Promise<AuditCloseReport> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Something is about to wait for the disk: unless something does already, since now. */
  #noteWait({ pending }: AuditLog): void {
    if (pending === 0) this.#waitingSinceMs = this.#deps.clock.monotonicMs();
  }

  /** The log for whoever signs: a head waits for the disk as well. */
  #watched(audit: AuditLog): AuditHeadsDeps['audit'] {
    return {
      lastSigned: audit.lastSigned,
      onRecord: (listener) => audit.onRecord(listener),
      signHead: (signer) => {
        this.#noteWait(audit);
        return audit.signHead(signer);
      },
    };
  }

  async #close(): Promise<AuditCloseReport> {
    const { clock } = this.#deps;
    const { closeTimeoutMs } = this.#rules;
    // The head takes its place within the call, so that nothing comes behind it.
    const written = Promise.all([this.#heads?.close(), this.#audit.close(), this.#retention.close()]);
    const late = await inTime(clock, closeTimeoutMs, () => written).then(() => undefined, messageOf);
    const sinks = await Promise.all(this.#shippers.map((shipper) => shipper.close(closeTimeoutMs)));
    const { head, lastSigned, failure } = this.#audit;
    const error = failure?.message ?? late;
    return { head, sinks, ...(lastSigned && { lastSigned }), ...(error !== undefined && { error }) };
  }

  /** Signed heads that a process before this one has left. */
  async #noteHeads(): Promise<void> {
    for await (const { record } of this.#deps.log.read()) {
      this.#retention.note(record as unknown as AuditRecord); // verified
    }
  }
}

const keysOf = ({ publicKeys }: z.output<typeof schema>, signer: HeadSigner | undefined): PublicKeys => ({
  ...publicKeys,
  ...(signer && { signer: signer.publicKey }),
});

/** @throws {PortcullisError} `OPTION_INVALID` */
function checkParts({ retention }: z.output<typeof schema>, deps: AuditKeeperDeps): void {
  const { sinks = [], store, signer } = deps;
  const names = sinks.map(({ name }) => name);
  const trims = retention.keepMs !== undefined;
  const rules = [
    [new Set(names).size === names.length, `sinks: expected different names, got ${names.join(', ')}`],
    [names.length === 0 || store !== undefined, 'sinks: expected a store that knows where they have come to'],
    [!trims || names.length > 0, 'retention.keepMs: expected a sink that keeps what is removed'],
    [!trims || signer !== undefined, 'retention.keepMs: expected a signer that vouches for what is left'],
  ] as const;
  for (const [holds, message] of rules) {
    if (!holds) throw new PortcullisError('OPTION_INVALID', `AuditKeeper: ${message}`);
  }
}
