import type { Clock } from '../../core/clock.ts';
import type { BusCloseReport, PublishReceipt } from '../../events/event-bus.ts';
import type { SpillQueue } from '../../events/spill-queue.ts';
import { BlockedCallers } from './blocked-callers.ts';
import { type OutgoingEvent, type SpilledEvent, settleEvent } from './outgoing-event.ts';
import type { Overflow } from './overflow-options.ts';
import type { PublishCounters } from './publish-counters.ts';
import { PublishLane, type PublishLaneListener } from './publish-lane.ts';
import { PUBLISH_SCRIPT, type PublishedAt } from './publish-script.ts';
import type { RedisConnection } from './redis-connection.ts';
import { isLost, notNow, replyCode, unavailable } from './redis-failure.ts';
import { type RedisKeys, positionOf } from './redis-keys.ts';
import { SpillDrain } from './spill-drain.ts';

interface RedisPublisherOptions {
  readonly keys: RedisKeys;
  readonly overflow: Overflow;
  /** Of this process, used by no other. */
  readonly publisher: string;
  readonly batch: number;
  readonly dedupeWindowMs: number;
}

interface RedisPublisherDeps {
  readonly clock: Clock;
  readonly connection: RedisConnection;
  readonly counters: PublishCounters;
  readonly spill?: SpillQueue<SpilledEvent> | undefined;
}

/** Batches under way in one partition: enough to hide a round trip over a network. */
const WINDOW = 16;
/** For how long the server remembers what it applied of a publisher: longer than what lies on a disk should wait. */
const PUBLISHER_TTL_MS = 7 * 86_400_000;
/** Before a partition that refuses for a reason of its own is tried again. */
const REFUSED_PAUSE_MS = 1000;

/** A new event, before it is known how it goes out. */
type NewOutgoing = Pick<OutgoingEvent, 'id' | 'topic' | 'partition' | 'text' | 'given'>;

/** Brings events to the server, and keeps them in memory or on disk while it cannot. */
export class RedisPublisher implements PublishLaneListener {
  readonly #options: RedisPublisherOptions;
  readonly #deps: RedisPublisherDeps;
  readonly #lanes = new Map<string, PublishLane>();
  readonly #paused = new Set<PublishLane>();
  readonly #blocked: BlockedCallers;
  readonly #drain: SpillDrain | undefined;
  /** Events taken that are in memory and not on disk. */
  #inMemory = 0;
  #taken = 0;
  /** Why the server takes nothing although it is connected. */
  #refusal: string | undefined;
  #isPumping = false;
  #isClosed = false;
  #onProgress: () => void = ignore;

  constructor(options: RedisPublisherOptions, deps: RedisPublisherDeps) {
    this.#options = options;
    this.#deps = deps;
    const { overflow } = options;
    this.#blocked = new BlockedCallers(
      deps.clock,
      'blockTimeoutMs' in overflow ? overflow.blockTimeoutMs : 0,
    );
    if (deps.spill !== undefined)
      this.#drain = new SpillDrain(deps.spill, {
        clock: deps.clock,
        lane: (event) => this.#laneOf(event),
        lanes: () => [...this.#lanes.values()],
        hasRoom: () => this.#inMemory < overflow.maxWaiting,
        isConnected: () => deps.connection.isConnected,
        isSending: () => this.isSending,
        keep: (event) => {
          this.#count(event, true);
        },
        letGo: (event) => {
          this.#count(event, false);
        },
        onSpilled: (event) => {
          this.#settle(event, { outcome: 'spilled', id: event.id });
        },
        onChange: () => {
          this.#progress();
        },
      });
    deps.connection.onConnect(async (command) => {
      await command(['SCRIPT', 'LOAD', PUBLISH_SCRIPT]);
    });
    deps.connection.onChange(() => {
      this.#onConnection();
    });
  }

  /** Whether the server takes events now. */
  get isSending(): boolean {
    return this.#deps.connection.isConnected && this.#refusal === undefined;
  }

  /** Why events do not reach the server, or the disk does not take them. */
  get error(): string | undefined {
    const { connection, spill } = this.#deps;
    const disk =
      spill?.error === undefined ? undefined : `the disk refuses what should spill: ${spill.error}`;
    const all = [this.#refusal ?? connection.error, disk].filter((each) => each !== undefined);
    return all.length === 0 ? undefined : all.join('; ');
  }

  /** Taken and not on the server yet. */
  get waiting(): number {
    return this.#inMemory + this.spilled;
  }

  get spilled(): number {
    return this.#deps.spill?.count ?? 0;
  }

  /** Takes the event in the order of calls. Rejects with `BUS_UNAVAILABLE` when there was no room in time. */
  publish(event: NewOutgoing): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      const outgoing: OutgoingEvent = {
        ...event,
        order: ++this.#taken,
        sinceMs: this.#deps.clock.monotonicMs(),
        ...{ publisher: '', seq: 0, isOnDisk: false, isCounted: false, record: undefined },
        settle: resolve,
      };
      if (this.#blocked.size === 0 && this.#take(outgoing)) this.#soon();
      else this.#overflow(outgoing, reject);
    });
  }

  /** Sends or spills what waits, within `timeoutMs`, and takes nothing more. */
  async close(timeoutMs: number): Promise<BusCloseReport> {
    const { clock, spill } = this.#deps;
    if (spill === undefined || this.isSending) {
      await new Promise<void>((resolve) => {
        const timer = clock.deadline(timeoutMs, resolve);
        this.#onProgress = () => {
          if (this.waiting > 0 || this.#blocked.size > 0) return;
          timer[Symbol.dispose]();
          resolve();
        };
        this.#onProgress();
      });
    }
    this.#onProgress = ignore;
    if (this.waiting > 0) this.#drain?.spillAll();
    this.#blocked.admit((event) => this.#take(event));
    await spill?.flush();
    this.#isClosed = true;
    this.#blocked.rejectAll('the bus was closed');
    const lost = [...this.#lanes.values()]
      .flatMap((lane) => lane.takeAll())
      .concat(this.#drain?.held() ?? []);
    let dropped = 0;
    for (const event of lost) {
      if (event.isOnDisk || !event.isCounted) continue;
      this.#count(event, false);
      dropped++;
      this.#settle(event, { outcome: 'dropped', id: event.id });
    }
    const { spilled } = this;
    return { unsent: dropped + spilled, spilled };
  }

  maySend(lane: PublishLane): boolean {
    return !this.#isClosed && this.#deps.connection.isConnected && !this.#paused.has(lane);
  }

  onPublished(lane: PublishLane, events: readonly OutgoingEvent[], places: readonly PublishedAt[]): void {
    this.#refusal = undefined;
    for (const [at, event] of events.entries()) {
      const place = places[at];
      this.#count(event, false);
      this.#drain?.confirm(event);
      const { id } = event;
      if (event.settle === undefined) continue;
      if (place?.kind === 'duplicate') this.#settle(event, { outcome: 'duplicate', id });
      else {
        // Where the server no longer knows the place, that of the beginning: who starts from there misses nothing.
        const position = positionOf(lane.partition, place?.streamId ?? '0-0');
        this.#settle(event, { outcome: 'published', id, position });
      }
    }
    this.#progress();
  }

  onFailed(lane: PublishLane, error: Error): void {
    const { connection, clock } = this.#deps;
    const refusal = notNow(error);
    if (isLost(error)) {
      if (connection.isConnected) lane.pump(); // it is back already
    } else if (refusal !== undefined) {
      this.#refusal = refusal;
      connection.drop(refusal);
    } else if (replyCode(error) === 'GAP') lane.pump();
    else if (replyCode(error) === 'NOSCRIPT') {
      this.#paused.add(lane);
      connection
        .command(['SCRIPT', 'LOAD', PUBLISH_SCRIPT])
        .catch(ignore)
        .finally(() => {
          this.#paused.delete(lane);
          lane.pump();
        });
    } else {
      this.#refusal = `${lane.topic} ${lane.partition}: ${error.message}`;
      this.#paused.add(lane);
      clock.deadline(REFUSED_PAUSE_MS, () => {
        this.#paused.delete(lane);
        lane.pump();
      });
    }
  }

  #take(event: OutgoingEvent): boolean {
    if (this.#drain !== undefined) {
      const isPlain = this.isSending || this.#deps.spill?.error !== undefined;
      if (this.#drain.isNeeded || !isPlain || this.#inMemory >= this.#options.overflow.maxWaiting)
        return this.#drain.take(event);
    } else if (this.#inMemory >= this.#options.overflow.maxWaiting) return false;
    this.#count(event, true);
    this.#laneOf(event).push(event);
    return true;
  }

  #overflow(event: OutgoingEvent, reject: (error: Error) => void): void {
    const { policy } = this.#options.overflow;
    if (policy === 'block' || policy === 'spill') {
      this.#blocked.wait(event, (because) => {
        event.settle = undefined;
        reject(unavailable(`nothing of the event was kept: ${because}; ${this.error ?? 'the bus is full'}`));
      });
      return;
    }
    const oldest = policy === 'drop-oldest' ? this.#dropOldest() : undefined;
    if (oldest !== undefined) this.#take(event);
    const dropped = oldest ?? event;
    this.#settle(dropped, { outcome: 'dropped', id: dropped.id });
  }

  /** What was sent before is not dropped: it may have arrived. */
  #dropOldest(): OutgoingEvent | undefined {
    let first: PublishLane | undefined;
    for (const lane of this.#lanes.values())
      if (lane.oldestNeverSent < (first?.oldestNeverSent ?? Infinity)) first = lane;
    const event = first?.dropOldest();
    if (event !== undefined) this.#count(event, false);
    return event;
  }

  #onConnection(): void {
    if (this.#deps.connection.isConnected) this.#pump();
    else this.#drain?.onDisconnected();
    this.#progress();
  }

  #progress(): void {
    this.#drain?.pump();
    if (this.#blocked.size > 0) this.#blocked.admit((event) => this.#take(event));
    this.#soon();
    this.#onProgress();
  }

  /** All that is published within one tick goes out together. */
  #soon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }

  #count(event: OutgoingEvent, isIn: boolean): void {
    if (event.isCounted === isIn) return;
    event.isCounted = isIn;
    this.#inMemory += isIn ? 1 : -1;
  }

  #settle(event: OutgoingEvent, receipt: PublishReceipt): void {
    const ms = this.#deps.clock.monotonicMs() - event.sinceMs;
    if (settleEvent(event, receipt)) this.#deps.counters.settled(event.topic, receipt.outcome, ms);
  }

  #laneOf({ topic, partition }: Pick<OutgoingEvent, 'topic' | 'partition'>): PublishLane {
    const name = `${topic}.${partition}`;
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const { keys, publisher, batch, dedupeWindowMs } = this.#options;
      lane = new PublishLane(
        {
          topic,
          partition,
          keys,
          publisher,
          batch,
          dedupeWindowMs,
          window: WINDOW,
          publisherTtlMs: PUBLISHER_TTL_MS,
        },
        (args) => this.#deps.connection.command(args),
        this,
      );
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

const ignore = (): void => undefined;
