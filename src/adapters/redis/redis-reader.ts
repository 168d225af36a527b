import type { Clock } from '../../core/clock.ts';
import type { MemberRules } from '../../events/subscribe-options.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { EventFilter } from './event-filter.ts';
import { CONSUMER, LOST, PENDING, READ } from './partition-scripts.ts';
import type { PartitionWork, RedisDelivery, Unhandled } from './partition-work.ts';
import type { ReadingRoom } from './reading-room.ts';
import { replyCode } from './redis-failure.ts';
import { positionOf } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { type EntryFields, type StreamEntry, fieldOf } from './stream-entry.ts';
import type { StreamWaiter } from './stream-waiter.ts';
import { Suspects } from './suspects.ts';

export interface RedisReaderDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: string;
  readonly rules: MemberRules;
  /** Events asked for at once. */
  readonly batch: number;
  readonly filter: EventFilter;
  readonly waiter: StreamWaiter;
  readonly room: ReadingRoom;
  readonly offer: (delivery: RedisDelivery) => void;
  /** Deals with an event that will not be handled, until that is on record or the lease lost. Never rejects. */
  readonly bury: (work: PartitionWork, unhandled: Unhandled) => Promise<void>;
  /** Before the first event is read. Rejects as a command does; then it is called again. */
  readonly onBegin: (work: PartitionWork) => Promise<unknown>;
  readonly onTakenOver: () => void;
  /** Whether an entry is none of the group's any more. */
  readonly isBeyond?: ((work: PartitionWork, id: string) => boolean) | undefined;
  /** An event that was taken over is not in the stream any more. */
  readonly onTrimmed: (topic: string) => void;
  /** The server does not know the group. */
  readonly onNoGroup: () => Promise<void>;
}

/** What the server has answered: events, or the id of the newest when the group has had them all. */
interface Answer {
  readonly reply: readonly StreamEntry[] | string;
  readonly reserved: number;
}

const RETRY_MS = 200;

/** Reads one partition for as long as this member has the lease of it: first what is pending, oldest first, then what is new. */
export class RedisReader {
  readonly work: PartitionWork;
  /** Whether there was a moment when everything had been read. */
  isThrough = false;
  /** The entry that was read last. */
  lastId = '0-0';
  readonly #deps: RedisReaderDeps;
  readonly #suspects: Suspects;
  readonly #over = new AbortController();
  #run: Promise<void> = Promise.resolve();
  /** Where to begin with what is pending. */
  #pendingFrom = '-';
  /** Asked for while the answer before it was being handled. */
  #ahead: Promise<Answer | undefined> | undefined;
  #failure: string | undefined;

  constructor(work: PartitionWork, deps: RedisReaderDeps) {
    const { concurrency: atOnce, maxAttempts } = deps.rules;
    this.work = work;
    this.#deps = deps;
    this.#suspects = new Suspects({ atOnce, maxAttempts }, work);
  }

  /** @param done events that were handled under an earlier lease, and not acknowledged */
  start(done: readonly string[]): void {
    for (const id of done) this.work.acks.add(id);
    this.#run = this.#read(new Set(done));
  }

  /** Offers nothing more. Resolves when nothing is under way to the server. */
  async stop(): Promise<void> {
    this.#over.abort(new Error('stopped'));
    this.#deps.waiter.wake(this.work.keys[1]);
    this.#deps.room.look();
    this.#suspects.look();
    await this.#run;
  }

  async #read(done: ReadonlySet<string>): Promise<void> {
    const joined = this.#deps.waiter.join();
    await this.#until(async () => {
      await this.#deps.onBegin(this.work);
    });
    await this.#until(() => this.#takeOver(done));
    this.#suspects.forget();
    while (!this.#isOver()) await this.#until(() => this.#readOn());
    await this.#readOn().catch(() => undefined); // what is still on its way is not offered
    joined[Symbol.dispose]();
  }

  /** Does it until it succeeds or the reader is over. */
  async #until(step: () => Promise<void>): Promise<void> {
    const { clock, logger, onNoGroup } = this.#deps;
    while (!this.#isOver()) {
      try {
        await step();
        this.#failure = undefined;
        return;
      } catch (error) {
        const code = replyCode(error);
        if (code === 'NOGROUP') await onNoGroup().catch(() => undefined);
        const { topic, partition } = this.work.lease;
        if (code !== undefined && code !== 'NOGROUP' && code !== this.#failure)
          logger.warn({ topic, partition, error }, 'events cannot be read');
        this.#failure = code;
        await clock.sleep(RETRY_MS, this.#over.signal).catch(() => undefined);
      }
    }
  }

  readonly #isOver = (): boolean => this.#over.signal.aborted;

  async #takeOver(done: ReadonlySet<string>): Promise<void> {
    const { link, group, room, batch } = this.#deps;
    const { lease, keys } = this.work;
    for (;;) {
      const count = await room.reserve(batch, this.#isOver);
      if (count === 0) return;
      let reserved = count;
      try {
        const args = [lease.token, group, this.#pendingFrom, count];
        const page = (await PENDING.run(link, keys, args)) as
          [string, number, EntryFields | null][] | typeof LOST;
        if (page === LOST) {
          this.work.lose();
          return;
        }
        const isNew = page.filter(([, attempts, fields]) => attempts === 0 && fields !== null);
        await this.work.countAttempts(isNew.map(([id]) => [id, 1]));
        for (const [id, attempts, fields] of page) {
          if (!this.#isOver() && !done.has(id)) await this.#takeOverOne(id, attempts, fields);
          if (this.#isOver()) {
            if (attempts === 0) this.work.unoffered.push(id);
            continue;
          }
          this.#pendingFrom = `(${id}`;
          room.release(1);
          reserved--;
        }
        if (page.length < count) return;
      } finally {
        room.release(reserved);
      }
    }
  }

  async #takeOverOne(id: string, attempts: number, fields: EntryFields | null): Promise<void> {
    if (fields === null) {
      this.work.acks.add(id);
      this.#deps.onTrimmed(this.work.lease.topic);
      return;
    }
    const delivery = this.#sort([id, fields], attempts);
    if (delivery === undefined || !(await this.#suspects.admit(delivery, this.#isOver))) return;
    this.#deps.onTakenOver();
    this.#offer(delivery);
  }

  async #readOn(): Promise<void> {
    const asked = this.#ahead ?? this.#ask();
    this.#ahead = undefined;
    const answer = await asked;
    if (answer === undefined) return;
    const { reply, reserved } = answer;
    const { room, waiter } = this.#deps;
    if (typeof reply !== 'string') {
      // The server can look for the next ones while these are handled.
      if (reply.length === reserved && !this.#isOver()) {
        this.#ahead = this.#ask();
        this.#ahead.catch(() => undefined); // told where it is waited for
      }
      this.#offerAll(reply);
    }
    room.release(reserved);
    if (typeof reply !== 'string') return;
    if (reply === LOST) {
      this.work.lose();
      return;
    }
    this.isThrough = true;
    if (!this.#isOver()) await waiter.wait(this.work.keys[1], reply);
  }

  async #ask(): Promise<Answer | undefined> {
    const { link, group, room, batch } = this.#deps;
    const reserved = await room.reserve(batch, this.#isOver);
    if (reserved === 0) return undefined;
    try {
      const args = [this.work.lease.token, group, CONSUMER, reserved];
      return { reply: (await READ.run(link, this.work.keys, args)) as StreamEntry[] | string, reserved };
    } catch (error) {
      room.release(reserved);
      throw error;
    }
  }

  #offerAll(entries: readonly StreamEntry[]): void {
    const { isBeyond } = this.#deps;
    for (const entry of entries) {
      const [id] = entry;
      this.lastId = id;
      if (isBeyond?.(this.work, id) === true) this.work.acks.add(id);
      else if (this.#isOver()) this.work.unoffered.push(id);
      else {
        const delivery = this.#sort(entry, 0);
        if (delivery !== undefined) this.#offer(delivery);
      }
    }
  }

  #offer(delivery: RedisDelivery): void {
    this.work.inFlight++;
    delivery.isOpen = true;
    this.#deps.offer(delivery);
  }

  /** An event for the handler; anything else is acknowledged, or buried. */
  #sort([streamId, fields]: StreamEntry, attempts: number): RedisDelivery | undefined {
    const { filter, group, bury } = this.#deps;
    const { work } = this;
    const { topic, partition } = work.lease;
    const text = fieldOf(fields, 'e') ?? '';
    const onlyFor = fieldOf(fields, 'r');
    const sorted = onlyFor === undefined || onlyFor === group ? filter.sort(text) : undefined;
    if (sorted?.kind === 'event') {
      const position = positionOf(partition, streamId);
      const { event } = sorted;
      const state = { made: attempts, isOpen: false, onAttempted: undefined };
      return { topic, position, attempts, event, streamId, work, text, ...state };
    }
    if (sorted?.kind === 'flaw') {
      const { reason, detail } = sorted;
      work.inFlight++;
      void bury(work, { streamId, text, reason, detail, attempts }).then(() => work.inFlight--);
    } else work.acks.add(streamId);
    return undefined;
  }
}
