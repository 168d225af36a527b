import { PortcullisError } from '../../core/errors.ts';
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
  /** Aborts when stopping must have come to its end. */
  readonly #late = new AbortController();
  #sampling: Disposable | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: RedisGroupMemberOptions, deps: RedisGroupMemberDeps) {
    const { link, keys, clock, logger, filter } = deps;
    const { name, group, memberId, partitions, leaseMs, commandTimeoutMs, rules } = options;
    this.#options = options;
    this.#deps = deps;
    this.streams = new GroupStreams(group, filter.topics, { link, keys, partitions });
    const otherwise = deps.isReplay === true ? options.from : undefined;
    this.#watch = new GroupWatch(group, { ...deps, streams: this.streams, topics: filter.topics, otherwise });
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
        logger,
        onWake: () => {
          this.#leases.look();
        },
      },
    );
    const { random, metrics, tracing, isReplay } = deps;
    this.#member = new GroupMember<RedisDelivery>(rules, {
      ...{ bus: name, group, isReplay, clock, logger },
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

  /** Begins nothing more from now on. A second call waits for the first, and may shorten it. */
  stop(timeoutMs: number): Promise<void> {
    const { clock } = this.#deps;
    const rest = this.#member.stop(timeoutMs);
    const timer = clock.deadline(timeoutMs + LAST_WORDS_MS, () => {
      this.#late.abort(new Error('no time is left'));
    });
    this.#late.signal.addEventListener('abort', () => {
      timer[Symbol.dispose]();
    });
    this.#stopped ??= this.#stop(rest);
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
      // Nothing is kept of a partition that was let go of; what is thrown here is heard by nobody.
      if (reader === undefined)
        throw new PortcullisError('ABORTED', 'the partition is not owned here any more');
      const { work } = reader;
      if (!this.#leases.isValid(work.lease)) {
        work.lose(); // nobody hears what comes of it
        throw new PortcullisError('ABORTED', 'the lease of the partition is over');
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
    void this.#readers.get(nameOf(lease))?.stop(); // of an earlier lease
    const work = new PartitionWork(lease, { link, keys, clock, logger, group, lose });
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
      onAnswerLost: () => this.#leases.retake(lease),
      onNoGroup: () => this.#watch.onNoGroup(this.#lastIds()),
    });
    const name = nameOf(lease);
    this.#readers.set(name, reader);
    reader.start(this.#unacknowledged.get(name) ?? []);
    this.#unacknowledged.delete(name);
  }

  /** The newest entries that were read, by the key of the stream. */
  #lastIds(): ReadonlyMap<string, string> {
    const known = this.readers.filter(({ lastId }) => lastId !== undefined);
    return new Map(known.map(({ work, lastId = '0' }) => [work.keys[1], lastId]));
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
      delivery.work === work && !work.running.has(delivery.position) && !work.dying.has(delivery.position);
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
    work.dying.add(delivery.position);
    await this.#bury(work, { streamId, text, ...because });
    work.dying.delete(delivery.position);
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

  async #stop(given: Promise<readonly RedisDelivery[]>): Promise<void> {
    this.#stopping.abort(new Error('stopped'));
    this.#sampling?.[Symbol.dispose]();
    this.#leases.stop();
    const read = Promise.all(this.readers.map((reader) => reader.stop()));
    const rest = await given;
    await this.#inTime(() => this.ready);
    await this.#inTime(async () => {
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
    this.#late.abort(new Error('stopped'));
  }

  /** Waits for it for as long as there is time. */
  async #inTime(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#late;
    const late = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else
        signal.addEventListener('abort', () => {
          resolve();
        });
    });
    const working = work().catch((error: unknown) => {
      this.#deps.logger.debug({ error }, 'the member could not say that it stops; its leases expire');
    });
    await Promise.race([working, late]);
  }
}

/** What a member takes at least to say that it goes, milliseconds. */
const LAST_WORDS_MS = 500;

const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
