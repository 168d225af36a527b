import { systemRandom } from '../../core/backoff.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseOptions } from '../../core/options.ts';
import type { LogEntry } from '../../storage/append-log.ts';
import { instrumentsById } from '../journal/journal-apply.ts';
import { recordDigest } from '../journal/journal-checkpoint.ts';
import { readRecord } from '../journal/journal-read.ts';
import { eventsOf } from './record-events.ts';
import {
  type JournalRelayDeps,
  type JournalRelayOptions,
  type RelayRules,
  type RelayStatus,
  journalRelayOptionsSchema,
} from './relay-options.ts';
import { RelayStore } from './relay-place.ts';
import { type Identified, RelayPublisher, type Telling, identified } from './relay-publisher.ts';
import { RelayedOrders } from './relayed-orders.ts';
import { RelayReport } from './relay-report.ts';
import { RelayRewind } from './relay-rewind.ts';
import { type RelayStart, beginning, endOf } from './relay-start.ts';
import { Wake } from './wake.ts';

/** Records that are taken in one go, so that others come in between. */
const BATCH = 16;

/** Between two looks at a bus that may lose what it holds. */
const LOOK_MS = 1_000;

/**
 * Tells the event bus what the journal says, record by record, in order and at least once: the journal is the outbox, so
 * nothing that is on disk goes missing, whatever the bus or this process does. An event's id is made of the record, so what
 * is published twice is a duplicate. Works behind the orders, never in front of them: nothing waits for it.
 *
 * A bus that comes back without what it had (`BusStatus.generation`) is told once more what groups may not have handled yet: all
 * of the last `rewindMs` at least, in order, before anything that is newer. So a handler gets some of it twice, with the ids that it had.
 *
 * Denials, anomalies and reconciliations are not in the journal: `publishDeskEvents`.
 */
export class JournalRelay implements AsyncDisposable {
  readonly #rules: RelayRules;
  readonly #deps: JournalRelayDeps;
  readonly #places: RelayStore;
  readonly #orders: RelayedOrders;
  readonly #publisher: RelayPublisher;
  readonly #rewind: RelayRewind;
  readonly #report: RelayReport;
  readonly #wake: Wake;
  readonly #durable: Disposable;
  readonly #abort = new AbortController();
  readonly #running: Promise<void>;
  #seq: number;
  #digest: string;
  /** What the bus has not taken whole yet. */
  #telling: Telling | undefined;
  /** The last durable record, as far as it is known. */
  #lastSeq: number;
  /** When the first record that the bus does not have was written, by its own time. */
  #oldestMs: number | undefined;
  #savedSeq: number;
  #savedMs: number;
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
    this.#seq = start.seq;
    this.#digest = start.digest;
    this.#lastSeq = start.lastSeq;
    this.#savedSeq = start.isSaved ? start.seq : -1;
    this.#savedMs = deps.clock.monotonicMs();
    this.#wake = new Wake(deps.clock);
    this.#rewind = new RelayRewind(rules.rewindMs, start.rewind, {
      ...deps,
      store: parts.places.rewinds,
      orders: parts.orders,
    });
    this.#publisher = new RelayPublisher({
      generation: () => this.#rewind.generation,
      isLost: this.#rewind.isLost,
      bus: deps.bus,
      clock: deps.clock,
      random: deps.random ?? systemRandom,
      backoff: { baseDelayMs: rules.backoffMs, maxDelayMs: rules.maxBackoffMs },
      onFailed: (event, why) => {
        this.#report.refusedOnce(event.type.type, why, this.#seq);
      },
      onRefused: (event, why) => {
        this.#report.lost('refused', 1, `${event.type.type} ${event.options.id}: ${why}`);
      },
    });
    this.#report = new RelayReport(rules.name, {
      ...deps,
      read: () => ({
        lag: this.status().lag,
        oldestAgeMs: this.#oldestMs === undefined ? 0 : deps.clock.nowMs() - this.#oldestMs,
      }),
    });
    const { lost } = start;
    if (lost !== undefined) this.#report.lost(lost.because, lost.records, lost.detail);
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
    return { seq: this.#seq, lag: Math.max(0, last - this.#seq), ...this.#report.status };
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
    this.#report[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#abort;
    for (;;) {
      try {
        // In a turn of its own: what an order does when its record is on disk comes first.
        await clock.turn();
        await this.#look();
        const isThrough = await this.#step();
        if (this.#isSaveDue(isThrough)) await this.#save();
        if (isThrough && this.#isStopping) return;
        if (isThrough) await this.#wake.wait(this.#waitMs());
      } catch (error) {
        if (signal.aborted) return;
        this.#report.failed(messageOf(error), this.#seq);
        await clock.sleep(this.#rules.backoffMs, signal).catch(() => undefined);
      }
      if (signal.aborted) return;
    }
  }

  /** Goes back where the bus has lost what it held. */
  async #look(): Promise<void> {
    if (this.#rewind.isLost()) await this.#goBack();
    if (!this.#rewind.isNew || this.#telling !== undefined) return;
    await this.#rewind.begin({ seq: this.#seq, digest: this.#digest, dayId: this.#orders.dayId });
    this.#savedSeq = -1;
  }

  async #goBack(): Promise<void> {
    const back = await this.#rewind.back();
    this.#report.rewound(this.#seq, back?.to.seq);
    if (back === undefined) return;
    const { seq, digest, dayId } = back.to;
    this.#orders.goBack(dayId, back.orders);
    this.#seq = seq;
    this.#digest = digest;
    this.#telling = undefined;
    this.#oldestMs = undefined;
    this.#savedSeq = -1;
  }

  /** Takes the next records; resolves to whether there are no more. */
  async #step(): Promise<boolean> {
    const { log } = this.#deps;
    await this.#tell();
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
      if (this.#rewind.isLost()) return false;
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
    this.#telling = { events, seq: last.seq, digest: recordDigest(last.record) };
    await this.#tell();
  }

  /** Publishes what was taken, to the end. */
  async #tell(): Promise<void> {
    if (this.#telling === undefined) return;
    const { events, seq, digest } = this.#telling;
    await this.#publisher.publish(events, this.#abort.signal);
    this.#telling = undefined;
    this.#seq = seq;
    this.#digest = digest;
    this.#oldestMs = undefined;
    this.#report.well();
  }

  #eventsOf(entry: LogEntry): readonly Identified[] {
    try {
      const record = readRecord(entry.seq, entry.record);
      this.#oldestMs ??= record.atMs;
      const events = eventsOf(record, this.#orders.take(record));
      return identified(events, { entry, atMs: record.atMs, source: `/desk/${this.#rules.name}` });
    } catch (error) {
      this.#report.lost('unreadable', 1, messageOf(error));
      return [];
    }
  }

  /** The log has let go of what the bus has not had. */
  async #skip(): Promise<void> {
    const end = await endOf({ ...this.#deps, orders: this.#orders });
    this.#report.lost('trimmed', end.seq - this.#seq, 'the log no longer has them');
    await this.#places.clear();
    this.#rewind.forget();
    this.#seq = end.seq;
    this.#digest = end.digest;
    this.#savedSeq = -1;
  }

  #isSaveDue(isThrough: boolean): boolean {
    if (this.#savedSeq === this.#seq) return false;
    if (isThrough && this.#isStopping) return true;
    return this.#deps.clock.monotonicMs() - this.#savedMs >= this.#rules.saveEveryMs;
  }

  /** How long it may wait before it has to save or to look; `undefined` where there is neither. */
  #waitMs(): number | undefined {
    const lookMs = this.#rewind.isWatched ? LOOK_MS : undefined;
    if (this.#savedSeq === this.#seq) return lookMs;
    const saveMs = this.#savedMs + this.#rules.saveEveryMs - this.#deps.clock.monotonicMs();
    return Math.max(1, Math.min(saveMs, lookMs ?? Infinity));
  }

  async #save(): Promise<void> {
    const { journal, clock, log } = this.#deps;
    const { openedAtMs } = journal.recovered;
    const place = { openedAtMs, seq: this.#seq, digest: this.#digest, dayId: this.#orders.dayId };
    this.#savedMs = clock.monotonicMs();
    await this.#rewind.keep(place);
    const { orders, gone } = this.#orders.changes();
    await this.#places.save(place, orders, gone, this.#rewind.saved);
    this.#orders.saved();
    this.#savedSeq = place.seq;
    log.followed(place.seq, this.#rewind.neededFrom(place.seq));
  }
}
