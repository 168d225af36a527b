import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import type { BusCloseReport, PublishReceipt } from '../../events/event-bus.ts';
import type { SpillQueue } from '../../events/spill-queue.ts';
import { BlockedCallers } from './blocked-callers.ts';
import { type OutgoingEvent, type SpilledEvent, refuseEvent, settleEvent } from './outgoing-event.ts';
import type { Overflow } from './overflow-options.ts';
import type { PublishCounters } from './publish-counters.ts';
import type { PublishLane, PublishLaneListener } from './publish-lane.ts';
import { PublishLanes, type PublishLanesOptions } from './publish-lanes.ts';
import { PUBLISH_SCRIPT, type PublishedAt } from './publish-script.ts';
import type { RedisConnection } from './redis-connection.ts';
import { PublishRefusals } from './publish-refusals.ts';
import { isLost, notNow, replyCode } from './redis-failure.ts';
import { positionOf } from './redis-keys.ts';
import { SpillDrain } from './spill-drain.ts';

interface RedisPublisherOptions extends PublishLanesOptions {
  readonly overflow: Overflow;
}

interface RedisPublisherDeps {
  readonly clock: Clock;
  readonly connection: RedisConnection;
  readonly counters: PublishCounters;
  readonly spill?: SpillQueue<SpilledEvent> | undefined;
  /** Of the server, as far as it is known. */
  readonly generation: () => string | undefined;
}

/** Before a partition that refuses for a reason of its own is tried again. */
const REFUSED_PAUSE_MS = 1000;

/** A new event, before it is known how it goes out. */
type NewOutgoing = Pick<OutgoingEvent, 'id' | 'topic' | 'partition' | 'text' | 'given' | 'generation'>;

/** Brings events to the server, and keeps them in memory or on disk while it cannot. */
export class RedisPublisher implements PublishLaneListener {
  readonly #options: RedisPublisherOptions;
  readonly #deps: RedisPublisherDeps;
  readonly #lanes: PublishLanes;
  readonly #paused = new Set<PublishLane>();
  readonly #blocked: BlockedCallers;
  readonly #drain: SpillDrain | undefined;
  /** Events taken that are in memory and not on disk. */
  #inMemory = 0;
  #taken = 0;
  readonly #refusals = new PublishRefusals();
  #isPumping = false;
  #isClosed = false;
  #onProgress: () => void = ignore;

  constructor(options: RedisPublisherOptions, deps: RedisPublisherDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#lanes = new PublishLanes(options, (args) => deps.connection.command(args), this);
    const { overflow } = options;
    this.#blocked = new BlockedCallers(
      deps.clock,
      'blockTimeoutMs' in overflow ? overflow.blockTimeoutMs : 0,
    );
    if (deps.spill !== undefined)
      this.#drain = new SpillDrain(deps.spill, {
        clock: deps.clock,
        lane: (event) => this.#lanes.of(event),
        lanes: () => this.#lanes.all(),
        hasRoom: () => this.#inMemory < overflow.maxWaiting,
        isConnected: () => deps.connection.isConnected,
        isSending: () => this.isSending,
        isRefused: (lane) => (lane === undefined ? this.#refusals.ofSome : this.#refusals.has(lane)),
        count: (event, isIn) => {
          this.#count(event, isIn);
        },
        giveUp: (event) => {
          this.#giveUp(event);
        },
        onSpilled: (event) => {
          this.#settle(event, { outcome: 'spilled', id: event.id });
        },
        onChange: () => {
          this.#progress();
        },
      });
    deps.connection.onConnect((command) => command(['SCRIPT', 'LOAD', PUBLISH_SCRIPT]).then(ignore));
    deps.connection.onChange(() => {
      this.#onConnection();
    });
  }

  /** Whether the server takes events now. */
  get isSending(): boolean {
    return this.#deps.connection.isConnected && !this.#refusals.ofAll;
  }

  /** Why events do not reach the server, or the disk does not take them. */
  get error(): string | undefined {
    const { connection, spill } = this.#deps;
    const disk =
      spill?.error === undefined ? undefined : `the disk refuses what should spill: ${spill.error}`;
    const all = [this.#refusals.reason ?? connection.error, disk].filter((each) => each !== undefined);
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
        ...{ settle: resolve, refuse: reject },
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
    await this.#drain?.flush();
    this.#isClosed = true;
    this.#blocked.close();
    const unwritten = this.#drain?.givenUp() ?? [];
    const inMemory = this.#lanes
      .all()
      .flatMap((lane) => lane.takeAll())
      .concat(this.#drain?.held() ?? [])
      .filter(({ isOnDisk, isCounted }) => !isOnDisk && isCounted);
    for (const event of [...inMemory, ...unwritten]) {
      this.#count(event, false);
      this.#settle(event, { outcome: 'dropped', id: event.id });
    }
    return {
      unsent: inMemory.length + this.spilled,
      spilled: Math.max(0, this.spilled - unwritten.length),
    };
  }

  maySend(lane: PublishLane): boolean {
    return !this.#isClosed && this.#deps.connection.isConnected && !this.#paused.has(lane);
  }

  mayGo(event: OutgoingEvent): boolean {
    const { generation } = event;
    if (generation === undefined || generation === this.#deps.generation()) return true;
    this.#giveUp(event);
    return false;
  }

  onPublished(lane: PublishLane, events: readonly OutgoingEvent[], places: readonly PublishedAt[]): void {
    if (this.#refusals.accepted(lane)) this.#drain?.onAccepted(lane);
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
      this.#refusals.refuseAll(refusal);
      connection.drop(refusal);
    } else if (replyCode(error) === 'GAP') connection.drop('the server does not know what it was sent last');
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
      this.#refusals.refuse(lane, error.message);
      this.#paused.add(lane);
      this.#drain?.onRefused(lane);
      clock.deadline(REFUSED_PAUSE_MS, () => {
        this.#paused.delete(lane);
        lane.pump();
      });
    }
  }

  #take(event: OutgoingEvent): boolean {
    if (event.generation !== undefined && this.#drain?.isNeeded === true) {
      this.#giveUp(event); // it would pass what is on disk
      return true;
    }
    if (this.#drain !== undefined && event.generation === undefined) {
      const isPlain = this.isSending || this.#deps.spill?.error !== undefined;
      if (this.#drain.isNeeded || !isPlain || this.#inMemory >= this.#options.overflow.maxWaiting)
        return this.#drain.take(event);
    } else if (this.#inMemory >= this.#options.overflow.maxWaiting) return false;
    this.#count(event, true);
    this.#lanes.of(event).push(event);
    return true;
  }

  #overflow(event: OutgoingEvent, reject: (error: Error) => void): void {
    const { policy } = this.#options.overflow;
    if (policy === 'block' || policy === 'spill') {
      this.#blocked.wait(event, (because, isClosed) => {
        event.settle = undefined;
        const text = `nothing of the event was kept: ${because}; ${this.error ?? 'the bus is full'}`;
        reject(new PortcullisError(isClosed ? 'BUS_CLOSED' : 'BUS_UNAVAILABLE', text));
      });
      return;
    }
    const oldest = policy === 'drop-oldest' ? this.#lanes.dropOldest() : undefined;
    if (oldest !== undefined) {
      this.#count(oldest, false);
      this.#take(event);
    }
    const dropped = oldest ?? event;
    this.#settle(dropped, { outcome: 'dropped', id: dropped.id });
  }

  #giveUp(event: OutgoingEvent): void {
    this.#count(event, false);
    refuseEvent(event);
  }

  #onConnection(): void {
    if (this.#deps.connection.isConnected) this.#lanes.pump();
    else {
      this.#lanes.disconnected();
      this.#drain?.onDisconnected();
    }
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
      this.#lanes.pump();
    });
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
}

const ignore = (): void => undefined;
