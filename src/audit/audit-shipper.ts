import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { parseOptions } from '../core/options.ts';
import { messageOf } from '../core/message-of.ts';
import type { AppendLog } from '../storage/append-log.ts';
import { storageName } from '../storage/storage-name.ts';
import type { StateStore } from '../storage/state-store.ts';
import type { AuditLog } from './audit-log.ts';
import { AUDIT_UNSHIPPED, type AuditRegistry } from './audit-metrics.ts';
import type { AuditRecord } from './audit-record.ts';
import type { AuditSink } from './audit-sink.ts';
import { ShipBacklog } from './ship-backlog.ts';
import { ShipCursor } from './ship-cursor.ts';
import { inTime } from './in-time.ts';

export const shipperOptions = z
  .strictObject({
    /** Records that wait so long go out together: each batch costs a call of the sink and a write of the position. */
    lingerMs: z.number().min(0).default(1000),
    batchRecords: z.int().min(1).max(10_000).default(500),
    /** How long a sink may take for a batch, and the store for the position. */
    shipTimeoutMs: z.number().min(1).default(30_000),
    /** Upper bound of the wait after the first failure; it doubles with each further one. The wait is random below it. */
    retryMinMs: z.number().min(1).default(500),
    retryMaxMs: z.number().min(1).default(60_000),
  })
  .refine(({ retryMinMs, retryMaxMs }) => retryMinMs <= retryMaxMs, {
    path: ['retryMaxMs'],
    message: 'expected retryMinMs or more',
  });

/** @interface */
export type AuditShipperOptions = z.input<typeof shipperOptions>;

export interface AuditShipperDeps {
  readonly sink: AuditSink;
  /** The log that `audit` writes to. */
  readonly log: AppendLog;
  readonly audit: Pick<AuditLog, 'head' | 'onRecord'>;
  readonly store: Pick<StateStore, 'get' | 'set'>;
  readonly clock: Pick<Clock, 'sleep' | 'deadline'>;
  readonly random: { next(): number };
  readonly metrics?: AuditRegistry | undefined;
}

/** How far a sink has come. */
export interface ShipStatus {
  readonly sink: string;
  /** The last record that is known to be there. */
  readonly shippedSeq: number;
  /** Durable records behind that. */
  readonly unshipped: number;
  /** Attempts that have failed since the last one that did not. */
  readonly failures: number;
  /** Why the last of them failed. */
  readonly lastError?: string;
}

/**
 * Sends every durable record to a sink, in order and at least once, beside whatever else goes on: recording never waits for
 * it. Where it has come to is on disk after each batch, so after a crash the last batch may be sent again.
 */
export class AuditShipper {
  readonly #rules: z.output<typeof shipperOptions>;
  readonly #deps: AuditShipperDeps;
  readonly #cursor: ShipCursor;
  readonly #backlog: ShipBacklog;
  readonly #stop = new AbortController();
  /** Aborts when nothing is to be waited for any more. */
  readonly #hurry = new AbortController();
  readonly #listening: readonly (Disposable | undefined)[];
  readonly #done: Promise<void>;
  #wake = Promise.withResolvers<true>();
  #failures = 0;
  #lastError: string | undefined;
  #closed: Promise<ShipStatus> | undefined;

  private constructor(rules: z.output<typeof shipperOptions>, deps: AuditShipperDeps, cursor: ShipCursor) {
    this.#rules = rules;
    this.#deps = deps;
    this.#cursor = cursor;
    this.#backlog = new ShipBacklog(deps.log, rules.batchRecords);
    const { sink, metrics, audit } = deps;
    const gauge = metrics?.gauge(AUDIT_UNSHIPPED);
    this.#listening = [
      metrics?.collector(() => gauge?.set({ sink: sink.name }, this.#unshipped)),
      audit.onRecord((record) => {
        this.#backlog.push(record);
        this.#wake.resolve(true);
      }),
    ];
    this.#done = this.#run();
  }

  /**
   * Goes on where the sink had come to, and begins to send.
   *
   * @throws {PortcullisError} `AUDIT_CHAIN_BROKEN` when the log does not go on from what the sink has had; `STORE_UNAVAILABLE`,
   *   `OPTION_INVALID`
   */
  static async open(options: AuditShipperOptions, deps: AuditShipperDeps): Promise<AuditShipper> {
    const rules = parseOptions('AuditShipper', shipperOptions, options);
    const { sink, store, log, audit } = deps;
    const name = parseOptions('AuditShipper: name of the sink', storageName, sink.name);
    return new AuditShipper(rules, deps, await ShipCursor.open(store, name, { log, head: audit.head }));
  }

  get status(): ShipStatus {
    return {
      sink: this.#deps.sink.name,
      shippedSeq: this.#cursor.seq,
      unshipped: this.#unshipped,
      failures: this.#failures,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /**
   * Sends what is left, for at most `withinMs`, closes the sink and says what it has not got. Never rejects. A second call
   * gives the same report.
   */
  close(withinMs: number): Promise<ShipStatus> {
    this.#closed ??= this.#close(withinMs);
    return this.#closed;
  }

  async #close(withinMs: number): Promise<ShipStatus> {
    const { clock, sink } = this.#deps;
    this.#hurry.abort(new Error('closing'));
    this.#wake.resolve(true);
    const closing = this.#done.then(() => sink.close?.());
    await inTime(clock, withinMs, () => closing).catch((error: unknown) => {
      this.#lastError ??= messageOf(error);
    });
    this.#stop.abort(new Error('closed')); // what is late ends by itself
    for (const listening of this.#listening) listening?.[Symbol.dispose]();
    return this.status;
  }

  get #unshipped(): number {
    return Math.max(0, this.#deps.audit.head.seq - this.#cursor.seq);
  }

  async #run(): Promise<void> {
    await this.#shipAll();
    await this.#backlog.close().catch(() => undefined);
  }

  async #shipAll(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (this.#unshipped > 0) {
        if (!this.#hurry.signal.aborted) await this.#rest(this.#rules.lingerMs);
        await this.#shipBatch();
      } else if (this.#hurry.signal.aborted) {
        return;
      } else {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      }
    }
  }

  /** One batch, as often as it takes. */
  async #shipBatch(): Promise<void> {
    const { sink } = this.#deps;
    let batch: readonly AuditRecord[] = [];
    let isShipped = false;
    while (!this.#stop.signal.aborted) {
      try {
        if (batch.length === 0) batch = await this.#backlog.after(this.#cursor.seq);
        const last = batch.at(-1);
        if (last === undefined) throw new Error(`the log has no record ${this.#cursor.seq + 1}`);
        if (!isShipped) await this.#inTime((signal) => sink.ship(batch, signal));
        isShipped = true;
        await this.#inTime(() => this.#cursor.move(last));
        this.#failures = 0;
        this.#lastError = undefined;
        return;
      } catch (error) {
        this.#failures += 1;
        this.#lastError = messageOf(error);
        await this.#rest(this.#backOffMs());
      }
    }
  }

  #inTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    return inTime(this.#deps.clock, this.#rules.shipTimeoutMs, work, this.#stop.signal);
  }

  /** Full jitter: anything from 0 to a bound that doubles. */
  #backOffMs(): number {
    const { retryMinMs, retryMaxMs } = this.#rules;
    const bound = Math.min(retryMaxMs, retryMinMs * 2 ** (this.#failures - 1));
    return this.#deps.random.next() * bound;
  }

  /** Waits; what it waits for when it is to be closed is cut short once. */
  async #rest(ms: number): Promise<void> {
    const signal = this.#hurry.signal.aborted ? this.#stop.signal : this.#hurry.signal;
    await this.#deps.clock.sleep(ms, signal).catch(() => undefined);
  }
}
