import type { EventHandler } from '../../events/index.ts';
import { GroupMember } from '../../events/group-member.ts';
import { makeGroup } from './make-group.ts';
import { GroupStreams } from './group-streams.ts';
import { GroupWatch } from './group-watch.ts';
import { type PartitionLease, PartitionLeases } from './partition-leases.ts';
import type { TopicPartition } from './partition-share.ts';
import { PartitionWork, type RedisDelivery, type Unhandled } from './partition-work.ts';
import { ReadingRoom } from './reading-room.ts';
import type { RedisGroupMemberDeps, RedisGroupMemberOptions } from './redis-group-member-options.ts';
import { RedisReader } from './redis-reader.ts';
import { StreamWaiter } from './stream-waiter.ts';

const BLOCK_MS = 1000;
const SAMPLE_MS = 5000;
const DRAIN_LOOK_MS = 5;

/** One member of a group at work: its leases, a reader for each, and what handles the events. */
export class RedisGroupMember {
  /** Resolves once the group is there; rejects when it cannot be made. */
  readonly ready: Promise<void>;
  readonly streams: GroupStreams;
  readonly #options: RedisGroupMemberOptions;
  readonly #deps: RedisGroupMemberDeps;
  readonly #leases: PartitionLeases;
  readonly #watch: GroupWatch;
  readonly #waiter: StreamWaiter;
  readonly #room: ReadingRoom;
  readonly #member: GroupMember<RedisDelivery>;
  readonly #readers = new Map<string, RedisReader>();
  /** Handled under a lease that was lost before the server was told. */
  readonly #unacknowledged = new Map<string, readonly string[]>();
  /** Readers that have lost their lease and whose handlers may still run, and until when that matters. */
  readonly #lost = new Map<string, { readonly work: PartitionWork; readonly untilMs: number }>();
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
    this.#watch = new GroupWatch(group, { ...deps, streams: this.streams, topics: filter.topics });
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

  /** A second call waits for the first. */
  stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#stop(timeoutMs);
    return this.#stopped;
  }

  get readers(): readonly RedisReader[] {
    return [...this.#readers.values()];
  }

  get #works(): readonly PartitionWork[] {
    return this.readers.map(({ work }) => work);
  }

  async #start(): Promise<void> {
    const { clock, link, logger, beforeMake } = this.#deps;
    const { group, from } = this.#options;
    const make = async (): Promise<void> => {
      // A member first, so that nobody takes the group for one that is left behind.
      await this.#leases.join();
      await beforeMake?.(this.streams);
      await this.streams.make(from);
    };
    await makeGroup(group, make, { clock, link, logger, signal: this.#stopping.signal });
    if (this.#stopping.signal.aborted) return;
    this.#waiter.start();
    this.#leases.start();
    this.#sampling = clock.every(SAMPLE_MS, () => void this.#watch.sample(this.#works));
  }

  /** Before each attempt: a process that was frozen past its lease handles nothing more of what is another's by now. */
  #gate(handler: EventHandler): EventHandler {
    return (event, delivery) => {
      const { topic, position, attempt } = delivery;
      const reader = this.#readers.get(`${topic}:${position.slice(0, position.indexOf(':'))}`);
      if (reader === undefined) return undefined;
      const { work } = reader;
      if (!this.#leases.isValid(work.lease)) {
        work.lose();
        return undefined;
      }
      const result = handler(event, delivery);
      if (!isThenable(result)) return result;
      work.running.set(position, attempt);
      work.begun.set(position, attempt);
      return Promise.resolve(result).finally(() => {
        if (work.running.get(position) === attempt) work.running.delete(position);
      });
    };
  }

  #mayTake(at: TopicPartition): boolean {
    const lost = this.#lost.get(nameOf(at));
    if (lost === undefined) return true;
    if (lost.work.running.size > 0 && this.#deps.clock.monotonicMs() < lost.untilMs) return false;
    this.#lost.delete(nameOf(at));
    return true;
  }

  #onTaken(lease: PartitionLease): void {
    const { link, keys, clock, logger, filter, counters, isBeyond } = this.#deps;
    const { group, rules, batch } = this.#options;
    const lose = (lost: PartitionLease): void => {
      this.#leases.lose(lost);
    };
    const work = new PartitionWork(lease, { link, keys, clock, group, lose });
    const reader = new RedisReader(work, {
      ...{ link, clock, logger, group, rules, batch, filter, isBeyond },
      waiter: this.#waiter,
      room: this.#room,
      offer: (delivery) => {
        this.#member.offer(delivery);
      },
      bury: (_work, unhandled) => this.#bury(work, unhandled),
      onBegin: () => this.#watch.look(work),
      onTakenOver: () => {
        counters.redelivered(group);
      },
      onTrimmed: (topic) => {
        this.#watch.onTrimmed(topic, 1);
      },
      onNoGroup: () => this.#watch.onNoGroup(),
    });
    const name = nameOf(lease);
    this.#readers.set(name, reader);
    reader.start(this.#unacknowledged.get(name) ?? []);
    this.#unacknowledged.delete(name);
  }

  #onLost(lease: PartitionLease): void {
    const name = nameOf(lease);
    const reader = this.#readers.get(name);
    if (reader?.work.lease !== lease) return;
    const { work } = reader;
    this.#readers.delete(name);
    this.#unacknowledged.set(name, work.acks.waiting);
    work.acks.close();
    void reader.stop();
    const untilMs = this.#deps.clock.monotonicMs() + this.#options.rules.handlerTimeoutMs;
    if (work.running.size > 0) this.#lost.set(name, { work, untilMs });
    const { topic, partition } = lease;
    const { group } = this.#options;
    this.#deps.logger.warn({ group, topic, partition }, 'the lease of a partition was lost');
    this.#member.abandon((delivery) => delivery.work === work);
  }

  /** For another member: nothing new begins, what runs ends, the rest is given back. */
  async #drain(lease: PartitionLease): Promise<void> {
    const reader = this.#readers.get(nameOf(lease));
    if (reader?.work.lease !== lease) return;
    const { work } = reader;
    await reader.stop();
    const isIdle = (delivery: RedisDelivery): boolean =>
      delivery.work === work && !work.running.has(delivery.position);
    await work.giveBack(this.#member.abandon(isIdle));
    while (work.inFlight > 0 && lease.state !== 'lost') await this.#deps.clock.sleep(DRAIN_LOOK_MS);
    await work.acks.flush();
    if (this.#readers.get(nameOf(lease)) === reader) this.#readers.delete(nameOf(lease));
  }

  #onDone(delivery: RedisDelivery): void {
    if (delivery.work.lease.state === 'lost') return;
    delivery.work.done(delivery);
    this.#deps.onDone?.(delivery);
  }

  async #onDead(delivery: RedisDelivery, because: Omit<Unhandled, 'streamId' | 'text'>): Promise<void> {
    const { work, streamId, text } = delivery;
    work.attempted(delivery);
    await this.#bury(work, { streamId, text, ...because });
    work.settle(delivery);
  }

  #onRetry(delivery: RedisDelivery, attempts: number): void {
    const { work, streamId } = delivery;
    work.attempted(delivery);
    delivery.made = attempts;
    if (work.lease.state === 'lost') return;
    if (work.lease.state === 'draining') {
      queueMicrotask(() => {
        void work.giveBack(this.#member.abandon((each) => each === delivery));
      });
      return;
    }
    // The attempt that follows counts from now on, should the process die in it.
    void work.countAttempts([[streamId, attempts + 1]]).catch(() => undefined);
  }

  #bury(work: PartitionWork, unhandled: Unhandled): Promise<void> {
    if (work.lease.state === 'lost') return Promise.resolve();
    return this.#deps.bury(work, unhandled, this.#closed.signal);
  }

  async #stop(timeoutMs: number): Promise<void> {
    const { clock } = this.#deps;
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
      await Promise.all(this.#works.map((work) => work.acks.flush()));
      await Promise.all(this.#works.map((work) => work.giveBack(rest.filter((each) => each.work === work))));
      await this.#leases.leave();
    });
    this.#closed.abort(new Error('stopped'));
    this.#leases.close();
    for (const work of this.#works) work.acks.close();
    this.#readers.clear();
    this.#waiter.close();
    this.#watch.close();
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
