import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { z } from 'zod';
import type {
  DeadLetters,
  EventCatalogue,
  EventHandler,
  EventType,
  GroupStatus,
  Replay,
  ReplayOptions,
  StartPosition,
  SubscribeOptions,
  Subscription,
} from '../../events/index.ts';
import { groupNameSchema, subscribeOptionsSchema } from '../../events/subscribe-options.ts';
import { type Logger, type MetricsRegistry, type Tracing, silentLogger } from '../../telemetry/index.ts';
import { DeadLetterWriter } from './dead-letter-writer.ts';
import { EventFilter } from './event-filter.ts';
import { GroupCounters } from './group-counters.ts';
import { GroupStatuses } from './group-status.ts';
import { RedisDeadLetters } from './redis-dead-letters.ts';
import type { RedisGroupMemberDeps } from './redis-group-member-options.ts';
import { RedisGroupMember } from './redis-group-member.ts';
import { redisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { RedisReplay } from './redis-replay.ts';
import { RedisTrimmer } from './redis-trimmer.ts';
import { checkStart } from './start-ids.ts';

export interface RedisGroupsOptions {
  readonly prefix: string;
  /** Of the bus. */
  readonly name: string;
  readonly partitions: number;
  /** Events read at once from one partition. */
  readonly batch: number;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
  /** What members of this process are called on the server. Default: the host and the process id. */
  readonly consumer?: string | undefined;
  /** Events older than this are removed once every group has acknowledged them, milliseconds. Default: they stay. */
  readonly keepMs?: number | undefined;
  /** Events that a partition keeps, though every group has acknowledged them. Default: all. */
  readonly keepEvents?: number | undefined;
  /** Default: 10,000. */
  readonly trimEveryMs?: number | undefined;
}

export interface RedisGroupsDeps {
  /** For everything that does not block. */
  readonly link: RedisLink;
  /** A connection for the blocking commands of one member; it is closed by the one who asked. */
  readonly openLink: (name: string) => RedisLink;
  readonly clock: Clock;
  readonly catalogue: EventCatalogue;
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  readonly logger?: Logger | undefined;
  readonly tracing?: Tracing | undefined;
  /** Gets events before they are removed; when it rejects they stay. Events as JSON, oldest first; some may come twice. */
  readonly archive?: ((topic: string, events: readonly string[]) => Promise<void>) | undefined;
}

const replayOptionsSchema = subscribeOptionsSchema.extend({
  from: subscribeOptionsSchema.shape.from.unwrap(),
  follow: z.boolean().default(false),
});

const STOP_MS = 10_000;

/** The reading half of the bus on Redis: its groups, their members in this process, dead letters, and what is removed. */
export class RedisGroups {
  readonly deadLetters: DeadLetters;
  readonly #options: RedisGroupsOptions;
  readonly #deps: RedisGroupsDeps;
  readonly #logger: Logger;
  readonly #counters: GroupCounters;
  readonly #statuses: GroupStatuses;
  readonly #trimmer: RedisTrimmer;
  readonly #open = new Set<{ stop(timeoutMs?: number): Promise<void> }>();
  #isClosed = false;

  constructor(options: RedisGroupsOptions, deps: RedisGroupsDeps) {
    const { prefix, partitions } = options;
    const { link, clock, catalogue, archive } = deps;
    const keys = redisKeys(prefix);
    this.#options = options;
    this.#deps = deps;
    this.#logger = (deps.logger ?? silentLogger).child({ bus: options.name });
    this.#counters = new GroupCounters(options.name, deps.metrics);
    const places = { keys, link, topics: catalogue.topics, partitions };
    this.deadLetters = new RedisDeadLetters(places);
    this.#statuses = new GroupStatuses(places);
    this.#trimmer = new RedisTrimmer(options, {
      ...{ ...places, clock, archive, logger: this.#logger, counters: this.#counters },
      statuses: this.#statuses,
    });
    this.#trimmer.start();
  }

  /** @throws {PortcullisError} `OPTION_INVALID`, `BUS_CLOSED` */
  subscribe(
    group: string,
    types: readonly EventType[] | '*',
    handler: EventHandler,
    options: SubscribeOptions = {},
  ): Subscription {
    this.#checkOpen();
    parseOptions('subscribe', z.object({ group: groupNameSchema }), { group });
    const rules = parseOptions('subscribe', subscribeOptionsSchema, options);
    this.#checkStart('subscribe', rules.from);
    const writer = this.#writer(group);
    const member = this.#member(
      group,
      this.#filter(types),
      rules,
      { handler, bury: (work, unhandled, signal) => writer.write(work, unhandled, signal) },
      this.#counters,
    );
    const stop = async (timeoutMs = STOP_MS): Promise<void> => {
      await member.stop(timeoutMs);
      this.#open.delete(subscription);
    };
    const subscription: Subscription = {
      ...{ group, ready: member.ready, stop },
      [Symbol.asyncDispose]: () => stop(),
    };
    this.#open.add(subscription);
    return subscription;
  }

  /** @throws {PortcullisError} `OPTION_INVALID`, `BUS_CLOSED` */
  replay(types: readonly EventType[] | '*', handler: EventHandler, options: ReplayOptions): Replay {
    this.#checkOpen();
    const { follow, ...rules } = parseOptions('replay', replayOptionsSchema, options);
    this.#checkStart('replay', rules.from);
    const filter = this.#filter(types);
    const group = `replay-${randomBytes(8).toString('hex')}`;
    const { name } = this.#options;
    const partitions = filter.topics.length * this.#options.partitions;
    const replay = new RedisReplay({ follow, partitions }, this.#deps.clock, (hooks) =>
      // Not counted: each would be a series of its own.
      this.#member(
        group,
        filter,
        rules,
        { handler, ...hooks, isReplay: true },
        new GroupCounters(name, undefined),
        this.#counters.metrics,
      ),
    );
    this.#open.add(replay);
    const forget = (): void => {
      this.#open.delete(replay);
    };
    replay.done.then(forget, forget);
    return replay;
  }

  groups(): Promise<readonly GroupStatus[]> {
    return this.#statuses.all();
  }

  dropGroup(group: string): Promise<boolean> {
    return this.#statuses.drop(group);
  }

  /** Stops all members, within the time. */
  async close(timeoutMs = STOP_MS): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...[...this.#open].map((each) => each.stop(timeoutMs)), this.#trimmer.stop()]);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new PortcullisError('BUS_CLOSED', `${this.#options.name}: the bus is closed`);
  }

  #checkStart(call: string, from: StartPosition): void {
    const { topics } = this.#deps.catalogue;
    checkStart(call, from, { topics, partitions: this.#options.partitions });
  }

  #filter(types: readonly EventType[] | '*'): EventFilter {
    const { catalogue } = this.#deps;
    const wanted = types === '*' ? catalogue.types : types;
    const stranger = wanted.find((type) => !catalogue.has(type));
    if (stranger !== undefined || wanted.length === 0) {
      const got = stranger === undefined ? 'none' : stranger.type;
      throw new PortcullisError(
        'OPTION_INVALID',
        `subscribe: types: expected types of the bus's catalogue, got ${got}`,
      );
    }
    return new EventFilter(catalogue, wanted);
  }

  #writer(group: string): DeadLetterWriter {
    const { clock } = this.#deps;
    return new DeadLetterWriter({
      clock,
      group,
      logger: this.#logger,
      keys: redisKeys(this.#options.prefix),
    });
  }

  #member(
    group: string,
    filter: EventFilter,
    rules: z.output<typeof subscribeOptionsSchema>,
    hooks: Pick<RedisGroupMemberDeps, 'handler' | 'bury' | 'beforeMake' | 'isBeyond' | 'onDone' | 'isReplay'>,
    counters: GroupCounters,
    metrics = counters.metrics,
  ): RedisGroupMember {
    const { name, partitions, batch, leaseMs, commandTimeoutMs, consumer, prefix } = this.#options;
    const { link, openLink, clock, random, tracing } = this.#deps;
    const readable = (consumer ?? `${hostname()}-${process.pid}`).replace(/[^\w.:-]/g, '_');
    const memberId = `${readable}-${randomBytes(6).toString('hex')}`;
    return new RedisGroupMember(
      {
        ...{ name, group, memberId, partitions, batch, leaseMs, commandTimeoutMs },
        ...{ rules, from: rules.from },
      },
      {
        ...{ link, clock, random, tracing, filter, counters, logger: this.#logger },
        keys: redisKeys(prefix),
        metrics,
        waitLink: openLink(`wait-${group}`),
        ...hooks,
      },
    );
  }
}
