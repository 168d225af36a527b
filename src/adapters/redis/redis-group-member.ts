import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/message-of.ts';
import type { EventHandler, StartPosition } from '../../events/index.ts';
import { GroupMember } from '../../events/group-member.ts';
import type { MemberRules } from '../../events/subscribe-options.ts';
import type { Logger, MetricsRegistry, Tracing } from '../../telemetry/index.ts';
import type { EventFilter } from './event-filter.ts';
import type { GroupCounters } from './group-counters.ts';
import { SAMPLE } from './group-scripts.ts';
import { GroupStreams } from './group-streams.ts';
import { type PartitionLease, PartitionLeases } from './partition-leases.ts';
import { LOST } from './partition-scripts.ts';
import type { TopicPartition } from './partition-share.ts';
import { ReadingRoom } from './reading-room.ts';
import { notNow, replyCode, unavailable } from './redis-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { type RedisDelivery, RedisReader, type Unhandled } from './redis-reader.ts';
import { StreamWaiter } from './stream-waiter.ts';

export interface RedisGroupMemberOptions {
  /** Of the bus. */
  readonly name: string;
  readonly group: string;
  readonly memberId: string;
  readonly partitions: number;
  readonly batch: number;
  readonly leaseMs: number;
  readonly commandTimeoutMs: number;
  readonly rules: MemberRules;
  readonly from: StartPosition;
}

export interface RedisGroupMemberDeps {
  readonly link: RedisLink;
  /** For blocking commands of this member. */
  readonly waitLink: RedisLink;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly filter: EventFilter;
  readonly handler: EventHandler;
  readonly counters: GroupCounters;
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  readonly tracing?: Tracing | undefined;
  /** Deals with an event that will not be handled. Never rejects. */
  readonly bury: (reader: RedisReader, unhandled: Unhandled, signal: AbortSignal) => Promise<void>;
  /** Once before the group is made. */
  readonly beforeMake?: ((streams: GroupStreams) => Promise<void>) | undefined;
  readonly isBeyond?: ((reader: RedisReader, id: string) => boolean) | undefined;
  readonly onDone?: ((delivery: RedisDelivery) => void) | undefined;
}

const BLOCK_MS = 1000;
const RETRY_MS = 200;
const SAMPLE_MS = 5000;
/** As many events behind are counted one by one. */
const COUNTED = 1000;

/** One member of a group at work: its leases, a reader for each, and what handles the events. */
export class RedisGroupMember {
  /** Resolves once the group is there; rejects when it cannot be made. */
  readonly ready: Promise<void>;
  readonly streams: GroupStreams;
  readonly #options: RedisGroupMemberOptions;
  readonly #deps: RedisGroupMemberDeps;
  readonly #leases: PartitionLeases;
  readonly #waiter: StreamWaiter;
  readonly #room: ReadingRoom;
  readonly #member: GroupMember<RedisDelivery>;
  readonly #readers = new Map<string, RedisReader>();
  /** Handled under a lease that was lost before the server was told. */
  readonly #unacknowledged = new Map<string, readonly string[]>();
  /** Readers that have lost their lease and whose handlers may still run, and until when that matters. */
  readonly #lost = new Map<string, { readonly reader: RedisReader; readonly untilMs: number }>();
  readonly #stopping = new AbortController();
  /** Aborts when no dead letter is written any more. */
  readonly #closed = new AbortController();
  #sampling: Disposable | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: RedisGroupMemberOptions, deps: RedisGroupMemberDeps) {
    const { link, keys, clock, logger, filter } = deps;
    const { name, group, memberId, partitions, leaseMs, commandTimeoutMs, rules } = options;
    this.#options = options;
    this.#deps = deps;
    this.streams = new GroupStreams(group, filter.topics, { link, keys, partitions });
    this.#leases = new PartitionLeases(
      { group, memberId, topics: filter.topics, partitions, leaseMs },
      {
        ...{ link, keys, clock, logger },
        listener: {
          mayTake: (at) => this.#mayTake(at),
          onTaken: (lease) => {
            this.#onTaken(lease);
          },
          onLost: (lease) => {
            this.#onLost(lease);
          },
          drain: (lease) => this.#drain(lease),
        },
      },
    );
    const ownWakeStream = keys.wake(group, memberId);
    this.#waiter = new StreamWaiter(
      { wakeStreams: [keys.wake(group), ownWakeStream], ownWakeStream, blockMs: BLOCK_MS, commandTimeoutMs },
      {
        link: deps.waitLink,
        commands: link,
        clock,
        onWake: () => {
          this.#leases.look();
        },
      },
    );
    const { random, metrics, tracing } = deps;
    this.#member = new GroupMember<RedisDelivery>(rules, {
      ...{ bus: name, group, clock, logger },
      ...(random === undefined ? {} : { random }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(tracing === undefined ? {} : { tracing }),
      handler: this.#gate(deps.handler),
      listener: {
        onDone: (delivery) => {
          this.#onDone(delivery);
        },
        onDead: (delivery, because) => this.#onDead(delivery, because),
        onRetry: (delivery, { attempts }) => {
          this.#onRetry(delivery, attempts);
        },
        onRoom: () => {
          this.#room.look();
        },
      },
    });
    this.#room = new ReadingRoom(() => this.#member.room);
    this.ready = this.#start();
    this.ready.catch(() => undefined); // those who do not ask are told by the log
  }

  get inFlight(): number {
    return this.#member.inFlight;
  }

  /** A second call waits for the first. */
  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  get readers(): readonly RedisReader[] {
    return [...this.#readers.values()];
  }

  async #start(): Promise<void> {
    const { clock, link, logger, beforeMake } = this.#deps;
    const { signal } = this.#stopping;
    const { group, from } = this.#options;
    for (;;) {
      if (this.#isStopping()) throw unavailable(`${group}: stopped before the group was there`);
      try {
        // A member first, so that nobody takes the group for one that is left behind.
        await this.#leases.join();
        await beforeMake?.(this.streams);
        await this.streams.make(from);
        break;
      } catch (error) {
        if (replyCode(error) !== undefined && notNow(error) === undefined) {
          logger.error({ group, error }, 'the group cannot be made');
          throw unavailable(`${group}: ${messageOf(error)}`);
        }
        if (link.isConnected) logger.debug({ group, error }, 'the group could not be made yet');
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
    if (this.#isStopping()) return;
    this.#waiter.start();
    this.#leases.start();
    this.#sampling = clock.every(SAMPLE_MS, () => void this.#sample());
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Before each attempt: a process that was frozen past its lease handles nothing more of what is another's by now. */
  #gate(handler: EventHandler): EventHandler {
    return (event, delivery) => {
      const { topic, position, attempt } = delivery;
      const reader = this.#readers.get(`${topic}:${position.slice(0, position.indexOf(':'))}`);
      if (reader === undefined) return undefined;
      if (!this.#leases.isValid(reader.lease)) {
        this.#leases.lose(reader.lease);
        return undefined;
      }
      const result = handler(event, delivery);
      if (!isThenable(result)) return result;
      reader.running.set(position, attempt);
      reader.begun.set(position, attempt);
      return Promise.resolve(result).finally(() => {
        if (reader.running.get(position) === attempt) reader.running.delete(position);
      });
    };
  }

  #mayTake(at: TopicPartition): boolean {
    const lost = this.#lost.get(nameOf(at));
    if (lost === undefined) return true;
    if (lost.reader.running.size > 0 && this.#deps.clock.monotonicMs() < lost.untilMs) return false;
    this.#lost.delete(nameOf(at));
    return true;
  }

  #onTaken(lease: PartitionLease): void {
    const { link, keys, clock, logger, filter, counters } = this.#deps;
    const { group, rules, batch } = this.#options;
    const reader = new RedisReader(lease, {
      ...{ link, keys, clock, logger, group, rules, batch, filter },
      waiter: this.#waiter,
      room: this.#room,
      isValid: (each) => this.#leases.isValid(each),
      lose: (each) => {
        this.#leases.lose(each);
      },
      offer: (delivery) => {
        this.#member.offer(delivery);
      },
      bury: (each, unhandled) => this.#deps.bury(each, unhandled, this.#burying(each)),
      onBegin: (each) => this.#sampleOne(each).then(() => undefined),
      onTakenOver: () => {
        counters.redelivered(group);
      },
      isBeyond: this.#deps.isBeyond,
      onTrimmed: (topic) => {
        this.#onTrimmed(topic, 1);
      },
      onNoGroup: () => this.#onNoGroup(),
    });
    const name = nameOf(lease);
    this.#readers.set(name, reader);
    reader.start(this.#unacknowledged.get(name) ?? []);
    this.#unacknowledged.delete(name);
  }

  #burying(reader: RedisReader): AbortSignal {
    return reader.lease.state === 'lost' ? AbortSignal.abort() : this.#closed.signal;
  }

  #onLost(lease: PartitionLease): void {
    const name = nameOf(lease);
    const reader = this.#readers.get(name);
    if (reader?.lease !== lease) return;
    this.#readers.delete(name);
    this.#unacknowledged.set(name, reader.acks.waiting);
    reader.acks.close();
    void reader.stop();
    const untilMs = this.#deps.clock.monotonicMs() + this.#options.rules.handlerTimeoutMs;
    if (reader.running.size > 0) this.#lost.set(name, { reader, untilMs });
    const { topic, partition } = lease;
    this.#deps.logger.warn(
      { group: this.#options.group, topic, partition },
      'the lease of a partition was lost',
    );
    this.#member.abandon((delivery) => delivery.reader === reader);
  }

  /** For another member: nothing new begins, what runs ends, the rest is given back. */
  async #drain(lease: PartitionLease): Promise<void> {
    const reader = this.#readers.get(nameOf(lease));
    if (reader?.lease !== lease) return;
    await reader.stop();
    const isIdle = (delivery: RedisDelivery): boolean =>
      delivery.reader === reader && !reader.running.has(delivery.position);
    await this.#giveBack(reader, this.#member.abandon(isIdle));
    while (reader.inFlight > 0 && lease.state !== 'lost') await this.#deps.clock.sleep(5);
    await reader.acks.flush();
    if (this.#readers.get(nameOf(lease)) === reader) this.#readers.delete(nameOf(lease));
  }

  async #giveBack(reader: RedisReader, deliveries: readonly RedisDelivery[]): Promise<void> {
    const counts = deliveries.map((each) => [each.streamId, this.#attemptsOf(each)] as const);
    const unread = reader.unoffered.splice(0).map((id) => [id, 0] as const);
    await reader.countAttempts([...counts, ...unread]).catch(() => undefined); // then each counts as one attempt more
    for (const delivery of deliveries) reader.settle(delivery);
  }

  /** Attempts that an event has had: one that was aborted counts, one that was not begun does not. */
  #attemptsOf({ reader, position, made }: RedisDelivery): number {
    return reader.begun.get(position) ?? made;
  }

  #onDone(delivery: RedisDelivery): void {
    const { reader } = delivery;
    if (reader.lease.state === 'lost') return;
    reader.settle(delivery);
    reader.attempted(delivery);
    reader.acks.add(delivery.streamId);
    this.#deps.onDone?.(delivery);
  }

  async #onDead(delivery: RedisDelivery, because: Omit<Unhandled, 'streamId' | 'text'>): Promise<void> {
    const { reader, streamId, text } = delivery;
    reader.attempted(delivery);
    await this.#deps.bury(reader, { streamId, text, ...because }, this.#burying(reader));
    reader.settle(delivery);
  }

  #onRetry(delivery: RedisDelivery, attempts: number): void {
    const { reader, streamId } = delivery;
    reader.attempted(delivery);
    delivery.made = attempts;
    if (reader.lease.state === 'lost') return;
    if (reader.lease.state === 'draining') {
      queueMicrotask(() => {
        this.#member.abandon((each) => each === delivery);
        void this.#giveBack(reader, [delivery]);
      });
      return;
    }
    // The attempt that follows counts from now on, should the process die in it.
    void reader.countAttempts([[streamId, attempts + 1]]).catch(() => undefined);
  }

  #onTrimmed(topic: string, count: number): void {
    const { group } = this.#options;
    this.#deps.counters.lost(topic, group, 'trimmed', count);
    this.#deps.logger.error({ group, topic, count }, 'events were removed before the group had them');
  }

  /** The server came back without the group: it is made anew, from the first event that is there. */
  async #onNoGroup(): Promise<void> {
    const { group } = this.#options;
    for (const topic of await this.streams.make('beginning')) {
      this.#deps.counters.lost(topic, group, 'reset');
      this.#deps.logger.error({ group, topic }, 'the server has lost the place of the group');
    }
  }

  async #sample(): Promise<void> {
    const { counters } = this.#deps;
    const { group } = this.#options;
    const sums = new Map<string, { lag: number | undefined; pending: number }>();
    for (const reader of this.readers) {
      const one = await this.#sampleOne(reader).catch(() => undefined);
      if (one === undefined) return;
      const sum = sums.get(reader.lease.topic) ?? { lag: 0, pending: 0 };
      sums.set(reader.lease.topic, {
        lag: sum.lag === undefined || one.lag === undefined ? undefined : sum.lag + one.lag,
        pending: sum.pending + one.pending,
      });
    }
    for (const topic of this.#deps.filter.topics) {
      const sum = sums.get(topic);
      if (sum === undefined) counters.gone(topic, group);
      else counters.standing(topic, group, sum);
    }
  }

  async #sampleOne(reader: RedisReader): Promise<{ lag: number | undefined; pending: number } | undefined> {
    const { token, topic } = reader.lease;
    const reply = await SAMPLE.run(this.#deps.link, reader.keys, [token, this.#options.group, COUNTED]);
    if (reply === LOST) {
      this.#leases.lose(reader.lease);
      return undefined;
    }
    const [lag, pending, missing] = reply as [number, number, number];
    if (missing > 0) this.#onTrimmed(topic, missing);
    return { lag: lag < 0 ? undefined : lag, pending };
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { clock, filter, counters } = this.#deps;
    const endMs = clock.monotonicMs() + timeoutMs;
    this.#stopping.abort(new Error('stopped'));
    this.#sampling?.[Symbol.dispose]();
    await this.#within(timeoutMs, () => this.ready);
    this.#leases.stop();
    const read = Promise.all(this.readers.map((reader) => reader.stop()));
    const rest = await this.#member.stop(timeoutMs);
    const leftMs = (): number => Math.max(0, endMs - clock.monotonicMs());
    await this.#within(Math.max(leftMs(), LAST_WORDS_MS), async () => {
      await read;
      await Promise.all(this.readers.map((reader) => reader.acks.flush()));
      const byReader = new Map(this.readers.map((reader) => [reader, [] as RedisDelivery[]]));
      for (const delivery of rest) byReader.get(delivery.reader)?.push(delivery);
      await Promise.all([...byReader].map(([reader, back]) => this.#giveBack(reader, back)));
      await this.#leases.leave();
    });
    this.#closed.abort(new Error('stopped'));
    this.#leases.close();
    for (const reader of this.readers) reader.acks.close();
    this.#readers.clear();
    this.#waiter.close();
    for (const topic of filter.topics) counters.gone(topic, this.#options.group);
  }

  async #within(ms: number, work: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const working = work()
      .catch((error: unknown) => {
        this.#deps.logger.debug({ error }, 'the member could not say that it stops; its leases expire');
      })
      .finally(() => {
        over.abort(new Error('done'));
      });
    await Promise.race([working, this.#deps.clock.sleep(ms, over.signal).catch(() => undefined)]);
  }
}

/** What a member takes at least to say that it goes, milliseconds. */
const LAST_WORDS_MS = 500;

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
