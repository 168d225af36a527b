import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import type {
  BusCloseReport,
  BusStatus,
  DeadLetters,
  EventBus,
  EventCatalogue,
  EventHandler,
  EventOf,
  EventType,
  GroupStatus,
  PublishOptions,
  PublishReceipt,
  Replay,
  ReplayOptions,
  SubscribeOptions,
  Subscription,
} from '../../events/index.ts';
import { orderingKey } from '../../events/bus-event.ts';
import { TRADING_EVENTS } from '../../events/catalogue/trading-events.ts';
import { NewEvents } from '../../events/new-event.ts';
import { SpillQueue } from '../../events/spill-queue.ts';
import type { AppendLog } from '../../storage/append-log.ts';
import { type Logger, type MetricsRegistry, type Tracing, silentLogger } from '../../telemetry/index.ts';
import type { SpilledEvent } from './outgoing-event.ts';
import { textOf } from './event-text.ts';
import { partitionOf } from './partition-of.ts';
import { PublishCounters } from './publish-counters.ts';
import type { RedisEventBusOptions } from './redis-bus-options.ts';
import { type RedisBusSettings, redisBusSettings } from './redis-bus-settings.ts';
import type { CreateRedisClient } from './redis-client.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisConnections } from './redis-connections.ts';
import { RedisGroups } from './redis-groups.ts';
import { redisKeys } from './redis-keys.ts';
import { RedisPublisher } from './redis-publisher.ts';
import { ServerWatch } from './server-watch.ts';

export interface RedisEventBusDeps {
  readonly clock: Clock;
  /** Default: `TRADING_EVENTS`. */
  readonly catalogue?: EventCatalogue | undefined;
  /** In [0, 1), for back-off. Default: of the machine. */
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  readonly logger?: Logger | undefined;
  readonly tracing?: Tracing | undefined;
  /** For overflow policy `spill`, of this bus alone: what waits here is sent by whoever opens it next. It stays its owner's to close. */
  readonly spill?: AppendLog | undefined;
  /** Gets events before they are removed; when it rejects they stay. Events as JSON, oldest first; some may come twice. */
  readonly archive?: ((topic: string, events: readonly string[]) => Promise<void>) | undefined;
  /** Makes the client of one attempt to connect. Default: `createClient` of `@redis/client`. */
  readonly createClient?: CreateRedisClient | undefined;
}

/**
 * An event bus on Redis Streams, for more than one process. What `publish` has resolved with `published` is on the server; how
 * safe it is there is the server's to say (`appendfsync`, replicas).
 *
 * Three connections or more: one publishes, one acknowledges and asks, each member of a group reads on its own. Nothing in an
 * order path should wait for `publish`: while the server is away it resolves when there is room, or when the disk has the
 * event. Call it, and attach a `catch` that counts.
 */
export class RedisEventBus implements EventBus {
  readonly name: string;
  readonly catalogue: EventCatalogue;
  readonly #partitions: number;
  readonly #news: NewEvents;
  readonly #publisher: RedisPublisher;
  readonly #groups: RedisGroups;
  readonly #counters: PublishCounters;
  readonly #connections: RedisConnections;
  readonly #connection: RedisConnection;
  readonly #work: RedisConnection;
  readonly #watch: ServerWatch;
  readonly #maxEventBytes: number;
  #closed: Promise<BusCloseReport> | undefined;

  private constructor(settings: RedisBusSettings, deps: Deps, spill?: SpillQueue<SpilledEvent>) {
    const { name, prefix, partitions, batch, dedupeWindowMs, overflow } = settings;
    const { clock, catalogue, metrics } = deps;
    this.name = name;
    this.catalogue = catalogue;
    this.#partitions = partitions;
    const publisher = randomBytes(9).toString('base64url');
    this.#news = new NewEvents({
      catalogue,
      clock,
      source: settings.source ?? `/${name}`,
      idPrefix: publisher,
    });
    this.#maxEventBytes = settings.maxEventBytes;
    const keys = redisKeys(prefix);
    const logger = (deps.logger ?? silentLogger).child({ bus: name });
    this.#connections = new RedisConnections(settings, deps);
    const connection = this.#connections.open('publish');
    this.#connection = connection;
    this.#watch = new ServerWatch(
      { metaKey: keys.meta, topics: catalogue.topics, partitions, everyMs: settings.leaseMs },
      { connection, clock, logger },
    );
    this.#counters = new PublishCounters(name, metrics);
    this.#publisher = new RedisPublisher(
      { keys, overflow, publisher, batch, dedupeWindowMs },
      { clock, connection, counters: this.#counters, spill, generation: () => this.#watch.generation },
    );
    this.#counters.watch(() => this.status());
    this.#work = this.#connections.open('work');
    this.#groups = new RedisGroups(settings, {
      ...deps,
      link: this.#work,
      openLink: (of) => this.#connections.open(of),
    });
    connection.start();
    this.#work.start();
  }

  /**
   * Connects, and looks whether the server can serve: Redis 6.2 or newer, with our record of partitions. With policy `spill`
   * it opens without a server too, and sends what the last process has left on disk first.
   *
   * @throws {PortcullisError} `OPTION_INVALID`, also for another number of partitions than on record and for a server that is
   * too old; `BUS_UNAVAILABLE` when the server was not there within `connectTimeoutMs` and there is no disk to spill to
   */
  static async open(options: RedisEventBusOptions, given: RedisEventBusDeps): Promise<RedisEventBus> {
    const deps = { ...given, catalogue: given.catalogue ?? TRADING_EVENTS };
    const settings = redisBusSettings(options, deps);
    const { overflow } = settings;
    const spill =
      deps.spill === undefined || overflow.policy !== 'spill'
        ? undefined
        : await SpillQueue.open<SpilledEvent>(deps.spill, { maxRecords: overflow.maxSpilled });
    const bus = new RedisEventBus(settings, deps, spill);
    try {
      await bus.#connection.connected(settings.connectTimeoutMs);
      await bus.#work.connected(settings.connectTimeoutMs);
    } catch (error) {
      const canWait = error instanceof PortcullisError && error.retryable && spill !== undefined;
      if (!canWait) {
        await bus.close(0);
        throw error;
      }
    }
    return bus;
  }

  publish<D>(type: EventType<D>, data: NoInfer<D>, options?: PublishOptions): Promise<PublishReceipt> {
    if (this.#closed !== undefined) return Promise.reject(this.#refusal());
    try {
      const event = this.#news.make(type, data, options);
      const { id, source } = event;
      return this.#publisher.publish({
        id,
        topic: type.topic,
        partition: partitionOf(orderingKey(event), this.#partitions),
        text: textOf(event, this.#maxEventBytes),
        given: options?.id === undefined ? undefined : [source, id],
        generation: options?.generation,
      });
    } catch (error) {
      return Promise.reject(
        error instanceof PortcullisError
          ? error
          : new PortcullisError(
              'INPUT_INVALID',
              `${type.type}: expected data that is JSON: ${messageOf(error)}`,
            ),
      );
    }
  }

  subscribe<const T extends readonly EventType[]>(
    group: string,
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options?: SubscribeOptions,
  ): Subscription {
    this.#checkOpen();
    return this.#groups.subscribe(group, types, handler as EventHandler, options);
  }

  replay<const T extends readonly EventType[]>(
    types: T | '*',
    handler: EventHandler<EventOf<T>>,
    options: ReplayOptions,
  ): Replay {
    this.#checkOpen();
    return this.#groups.replay(types, handler as EventHandler, options);
  }

  readonly deadLetters: DeadLetters = {
    list: (...args) => this.#whileOpen(() => this.#groups.deadLetters.list(...args)),
    requeue: (...args) => this.#whileOpen(() => this.#groups.deadLetters.requeue(...args)),
    discard: (...args) => this.#whileOpen(() => this.#groups.deadLetters.discard(...args)),
  };

  groups(): Promise<readonly GroupStatus[]> {
    return this.#whileOpen(() => this.#groups.groups());
  }

  dropGroup(group: string): Promise<boolean> {
    return this.#whileOpen(() => this.#groups.dropGroup(group));
  }

  /**
   * `connected` is that of publishing: the server takes events. `error` also says when it refuses those of one partition, when the
   * disk takes none, and when groups of this process have no connection. `generation` is that of the record which the bus leaves on the server:
   * a server without it is another one, as after a restart without its data or `FLUSHALL`.
   */
  status(): BusStatus {
    const { isSending, waiting, spilled } = this.#publisher;
    const reasons = [this.#publisher.error, this.#connections.failureBeside(this.#connection)];
    const error = reasons.filter((each) => each !== undefined).join('; ');
    return {
      ...{ connected: isSending, waiting, spilled, dropped: this.#counters.dropped },
      error: error === '' ? undefined : error,
      generation: this.#watch.generation,
    };
  }

  /**
   * Stops all subscriptions, then sends what waits; with policy `spill`, what does not go out in time, or while the server is
   * away, goes to disk.
   */
  close(timeoutMs = 10_000): Promise<BusCloseReport> {
    this.#closed ??= this.#close(timeoutMs);
    return this.#closed;
  }

  async #close(timeoutMs: number): Promise<BusCloseReport> {
    const [report] = await Promise.all([
      this.#publisher.close(timeoutMs),
      this.#groups.close(timeoutMs).catch(() => undefined),
    ]);
    this.#watch.stop();
    this.#connections.close();
    this.#counters.unwatch();
    return report;
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw this.#refusal();
  }

  #whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    return this.#closed === undefined ? ask() : Promise.reject(this.#refusal());
  }

  #refusal(): PortcullisError {
    return new PortcullisError('BUS_CLOSED', `${this.name}: the bus is closed`);
  }
}

type Deps = RedisEventBusDeps & { readonly catalogue: EventCatalogue };
