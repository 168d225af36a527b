import { systemRandom } from '../../core/backoff.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseOptions } from '../../core/options.ts';
import type { LogEntry } from '../../storage/append-log.ts';
import { type Logger, silentLogger } from '../../telemetry/index.ts';
import { instrumentsById } from '../journal/journal-apply.ts';
import { recordDigest } from '../journal/journal-checkpoint.ts';
import { readRecord } from '../journal/journal-read.ts';
import { eventsOf } from './record-events.ts';
import { type LostBecause, RelayMetrics } from './relay-metrics.ts';
import {
  type JournalRelayDeps,
  type JournalRelayOptions,
  type RelayRules,
  type RelayStatus,
  journalRelayOptionsSchema,
} from './relay-options.ts';
import { RelayStore } from './relay-place.ts';
import { type Identified, RelayPublisher } from './relay-publisher.ts';
import { RelayedOrders } from './relayed-orders.ts';
import { type RelayStart, beginning, endOf } from './relay-start.ts';
import { Wake } from './wake.ts';

/** Records that are taken in one go, so that others come in between. */
const BATCH = 16;

const LOG_EVERY_MS = 60_000;

/**
 * Tells the event bus what the journal says, record by record, in order and at least once: the journal is the outbox, so
 * nothing that is on disk goes missing, whatever the bus or this process does. An event's id is made of the record, so what
 * is published twice is a duplicate. Works behind the orders, never in front of them: nothing waits for it.
 *
 * Denials, anomalies and reconciliations are not in the journal: `publishDeskEvents`.
 */
export class JournalRelay implements AsyncDisposable {
  readonly #rules: RelayRules;
  readonly #deps: JournalRelayDeps;
  readonly #places: RelayStore;
  readonly #orders: RelayedOrders;
  readonly #publisher: RelayPublisher;
  readonly #metrics: RelayMetrics | undefined;
  readonly #logger: Logger;
  readonly #wake: Wake;
  readonly #durable: Disposable;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #seq: number;
  #digest: string;
  /** Of the record that was read last. */
  #digestNext = '';
  /** The last durable record, as far as it is known. */
  #lastSeq: number;
  /** When the first record that the bus does not have was written, by its own time. */
  #oldestMs: number | undefined;
  #savedSeq: number;
  #savedMs: number;
  #lost = 0;
  #error: string | undefined;
  #saidMs = -Infinity;
  #isStopping = false;
  #stopped: Promise<void> | undefined;

  private constructor(
    rules: RelayRules,
    deps: JournalRelayDeps,
    parts: { places: RelayStore; orders: RelayedOrders; start: RelayStart },
  ) {
    const { start } = parts;
    this.#rules = rules;
    this.#deps = deps;
    this.#places = parts.places;
    this.#orders = parts.orders;
    this.#logger = deps.logger ?? silentLogger;
    this.#seq = start.seq;
    this.#digest = start.digest;
    this.#lastSeq = start.lastSeq;
    this.#savedSeq = start.isSaved ? start.seq : -1;
    this.#savedMs = deps.clock.monotonicMs();
    this.#wake = new Wake(deps.clock);
    this.#publisher = new RelayPublisher({
      bus: deps.bus,
      clock: deps.clock,
      random: deps.random ?? systemRandom,
      backoff: { baseDelayMs: rules.backoffMs, maxDelayMs: rules.maxBackoffMs },
      onFailed: (event, why) => {
        this.#metrics?.failed();
        this.#failed(`${event.type.type} was not published: ${why}`);
      },
      onRefused: (event, why) => {
        this.#lose('refused', 1, `${event.type.type} ${event.options.id}: ${why}`);
      },
    });
    this.#metrics =
      deps.metrics &&
      new RelayMetrics(rules.name, deps.metrics, () => ({
        lag: this.status().lag,
        oldestAgeMs: this.#oldestMs === undefined ? 0 : deps.clock.nowMs() - this.#oldestMs,
      }));
    if (start.lost !== undefined) this.#lose(start.lost.because, start.lost.records, start.lost.detail);
    this.#durable = deps.log.onDurable(() => {
      this.#wake.up();
    });
    this.#running = this.#run();
  }

  /**
   * Goes on where the last one of that name was, or with the first record. Where records are missing that the bus has not
   * had, it says so, counts them, and begins behind the last one.
   *
   * @throws {PortcullisError} `OPTION_INVALID`; `STORE_UNAVAILABLE`; `INPUT_INVALID` when what is in the store cannot be read
   */
  static async open(options: JournalRelayOptions, deps: JournalRelayDeps): Promise<JournalRelay> {
    const rules = parseOptions('JournalRelay', journalRelayOptionsSchema, options);
    const instrumentOf = instrumentsById(deps.instruments);
    const places = new RelayStore(deps.store, rules.name, instrumentOf);
    const orders = new RelayedOrders(instrumentOf);
    const start = await beginning({ ...deps, places, orders });
    return new JournalRelay(rules, deps, { places, orders, start });
  }

  status(): RelayStatus {
    const last = Math.max(this.#lastSeq, this.#deps.log.lastSeq ?? 0);
    return { seq: this.#seq, lag: Math.max(0, last - this.#seq), lost: this.#lost, error: this.#error };
  }

  /**
   * Tells what is durable by then, and saves how far it is. What the bus does not take within `timeoutMs` is told after the
   * next start. Default: 10,000. Never rejects; a second call waits for the first.
   */
  stop(timeoutMs = 10_000): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true;
    this.#wake.up();
    using _late = this.#deps.clock.deadline(timeoutMs, () => {
      this.#abort.abort();
    });
    await this.#running;
    this.#durable[Symbol.dispose]();
    this.#metrics?.[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#abort;
    for (;;) {
      try {
        // In a turn of its own: what an order does when its record is on disk comes first.
        await clock.turn();
        const isThrough = await this.#step();
        if (this.#isSaveDue(isThrough)) await this.#save();
        if (isThrough && this.#isStopping) return;
        if (isThrough) await this.#wake.wait(this.#unsavedMs());
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(messageOf(error));
        await clock.sleep(this.#rules.backoffMs, signal).catch(() => undefined);
      }
      if (signal.aborted) return;
    }
  }

  /** Takes the next records; resolves to whether there are no more. */
  async #step(): Promise<boolean> {
    const { log } = this.#deps;
    const recent = log.recent(this.#seq, BATCH);
    if (recent !== undefined) {
      await this.#take(recent);
      return recent.length < BATCH;
    }
    if (this.status().lag === 0) return true;
    let batch: LogEntry[] = [];
    for await (const entry of log.read(this.#seq + 1)) {
      batch.push(entry);
      if (batch.length < BATCH) continue;
      await this.#take(batch);
      batch = [];
      if (this.#isSaveDue(false)) await this.#save();
      await this.#deps.clock.turn();
    }
    await this.#take(batch);
    return false;
  }

  async #take(batch: readonly LogEntry[]): Promise<void> {
    const [first] = batch;
    const last = batch.at(-1);
    if (first === undefined || last === undefined) return;
    if (first.seq !== this.#seq + 1) {
      await this.#skip();
      return;
    }
    const events = batch.flatMap((entry) => this.#eventsOf(entry));
    await this.#publisher.publish(events, this.#abort.signal);
    this.#seq = last.seq;
    this.#digest = this.#digestNext;
    this.#oldestMs = undefined;
    this.#error = undefined;
  }

  #eventsOf({ seq, record: raw }: LogEntry): readonly Identified[] {
    this.#digestNext = recordDigest(raw);
    try {
      const record = readRecord(seq, raw);
      const { atMs } = record;
      this.#oldestMs ??= atMs;
      const events = eventsOf(record, this.#orders.take(record));
      const id = `journal-${seq}-${this.#digestNext}`;
      const source = `/desk/${this.#rules.name}`;
      return events.map((event, at) => ({
        ...event,
        options: { id: at === 0 ? id : `${id}-${at}`, source, atMs },
      }));
    } catch (error) {
      this.#lose('unreadable', 1, messageOf(error));
      return [];
    }
  }

  /** The log has let go of what the bus has not had. */
  async #skip(): Promise<void> {
    const end = await endOf({ ...this.#deps, orders: this.#orders });
    this.#lose('trimmed', end.seq - this.#seq, 'the log no longer has them');
    await this.#places.clear();
    this.#seq = end.seq;
    this.#digest = end.digest;
    this.#savedSeq = -1;
  }

  #isSaveDue(isThrough: boolean): boolean {
    if (this.#savedSeq === this.#seq) return false;
    if (isThrough && this.#isStopping) return true;
    return this.#deps.clock.monotonicMs() - this.#savedMs >= this.#rules.saveEveryMs;
  }

  /** How long it may wait before it has to save; `undefined` where there is nothing to save. */
  #unsavedMs(): number | undefined {
    if (this.#savedSeq === this.#seq) return undefined;
    return Math.max(1, this.#savedMs + this.#rules.saveEveryMs - this.#deps.clock.monotonicMs());
  }

  async #save(): Promise<void> {
    const { journal, clock, log } = this.#deps;
    const { openedAtMs } = journal.recovered;
    const place = { openedAtMs, seq: this.#seq, digest: this.#digest, dayId: this.#orders.dayId };
    const { orders, gone } = this.#orders.changes();
    this.#savedMs = clock.monotonicMs();
    await this.#places.save(place, orders, gone);
    this.#orders.saved();
    this.#savedSeq = place.seq;
    log.followed(place.seq);
  }

  #lose(because: LostBecause, records: number, detail: string): void {
    this.#lost += records;
    this.#metrics?.lost(because, records);
    const { name } = this.#rules;
    this.#logger.error(
      { desk: name, because, records, detail },
      'records of the journal do not reach the bus',
    );
  }

  #failed(why: string): void {
    this.#error = why;
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#saidMs < LOG_EVERY_MS) return;
    this.#saidMs = nowMs;
    const { seq, lag } = this.status();
    this.#logger.warn({ desk: this.#rules.name, why, seq, lag }, 'the journal waits for the bus');
  }
}
