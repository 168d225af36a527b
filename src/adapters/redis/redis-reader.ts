import type { Clock } from '../../core/clock.ts';
import type { MemberRules } from '../../events/subscribe-options.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { EventFilter } from './event-filter.ts';
import { LOST, PENDING } from './partition-scripts.ts';
import type { PartitionWork, RedisDelivery, Unhandled } from './partition-work.ts';
import { ReadAhead, type ReadAnswer } from './read-ahead.ts';
import type { ReadingRoom } from './reading-room.ts';
import { replyCode } from './redis-failure.ts';
import { positionOf } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import { type EntryFields, fieldOf } from './stream-entry.ts';
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
  /** Before the first event is read. May reject. */
  readonly onBegin: (work: PartitionWork) => Promise<unknown>;
  readonly onTakenOver: () => void;
  /** Whether an entry is none of the group's any more. */
  readonly isBeyond?: ((work: PartitionWork, id: string) => boolean) | undefined;
  /** An event that was taken over is not in the stream any more. */
  readonly onTrimmed: (topic: string) => void;
  /** An answer was lost, and what it was an answer to may still be on its way. Rejects as a command does; then it is called again. */
  readonly onAnswerLost: () => Promise<void>;
  /** The server does not know the group. */
  readonly onNoGroup: () => Promise<void>;
}

const RETRY_MS = 200;
const NONE: ReadonlySet<string> = new Set();

/** Reads one partition for as long as this member has the lease of it: first what is pending, oldest first, then what is new. */
export class RedisReader {
  readonly work: PartitionWork;
  /** Whether there was a moment when everything had been read. */
  isThrough = false;
  /** The newest entry that the group has had, as far as it is known here. */
  lastId: string | undefined;
  readonly #deps: RedisReaderDeps;
  readonly #suspects: Suspects;
  readonly #ahead: ReadAhead;
  readonly #over = new AbortController();
  #run: Promise<void> = Promise.resolve();
  /** Where that begins which is pending and was not seen here. */
  #pendingFrom = '-';
  /** An answer was lost: what it said is pending, behind the last entry that was read. */
  #isAnswerLost = false;
  /** How often what is taken over was given before, by id. */
  readonly #counts = new Map<string, number>();
  #failure: string | undefined;

  constructor(work: PartitionWork, deps: RedisReaderDeps) {
    const { concurrency: atOnce, maxAttempts } = deps.rules;
    this.work = work;
    this.#deps = deps;
    this.#suspects = new Suspects({ atOnce, maxAttempts }, work);
    const { link, group, batch, room } = deps;
    this.#ahead = new ReadAhead(work, { link, group, batch, room, isOver: this.#isOver });
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
    await this.#deps.onBegin(this.work).catch(() => undefined); // what it has to tell is told with the next look
    await this.#until(() => this.#takeOver(done, false));
    this.#forgetSuspects();
    while (!this.#isOver()) await this.#until(() => this.#readOn());
    while (this.#ahead.size > 0) await this.#readOn().catch(() => undefined); // what is still on its way is not offered
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

  /** @param isUnread it was given to this member under this lease, in an answer that was lost: nobody has tried it */
  async #takeOver(done: ReadonlySet<string>, isUnread: boolean): Promise<void> {
    const { room, batch } = this.#deps;
    for (;;) {
      const count = await room.reserve(batch, this.#isOver);
      if (count === 0) return;
      let reserved = count;
      try {
        const page = (await this.work.run(PENDING, [this.#pendingFrom, count])) as
          [string, number, EntryFields | null][] | typeof LOST;
        if (page === LOST) {
          this.#over.abort(new Error('lost'));
          return;
        }
        const isNew = page.filter(([, attempts, fields]) => attempts === 0 && fields !== null);
        await this.work.countAttempts(isNew.map(([id]) => [id, 1]));
        for (const [id, given, fields] of page) {
          const attempts = isUnread ? 0 : this.#countOf(id, given);
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

  /** What was on record of it before this reader put anything there: an answer that was lost must not count as an attempt. */
  #countOf(id: string, given: number): number {
    const before = this.#counts.get(id) ?? given;
    this.#counts.set(id, before);
    return before;
  }

  #forgetSuspects(): void {
    this.#counts.clear();
    this.#suspects.forget();
  }

  async #takeOverOne(id: string, count: number, fields: EntryFields | null): Promise<void> {
    if (fields === null) {
      this.work.acks.add(id);
      this.#deps.onTrimmed(this.work.lease.topic);
      return;
    }
    if (this.#deps.isBeyond?.(this.work, id) === true) {
      this.work.acks.add(id);
      return;
    }
    const delivery = this.#sort(
      id,
      fieldOf(fields, 'e') ?? '',
      fieldOf(fields, 'r'),
      attemptsOf(count, this.#deps.rules),
    );
    if (delivery === undefined || !(await this.#suspects.admit(delivery, count, this.#isOver))) return;
    if (!this.#isAnswerLost) this.#deps.onTakenOver();
    this.#offer(delivery);
  }

  async #readOn(): Promise<void> {
    if (this.#isAnswerLost) {
      await this.#deps.onAnswerLost();
      await this.#takeOver(NONE, true);
      this.#forgetSuspects();
      this.#isAnswerLost = false;
    }
    const answer = await this.#next();
    if (answer === undefined) return;
    const { reply, reserved } = answer;
    const { room, waiter } = this.#deps;
    if (typeof reply !== 'string') {
      // The server looks for the next ones while these are handled, and sends them while those are.
      if (reply.length === reserved * 2 && !this.#isOver()) this.#ahead.askAhead();
      this.#offerAll(reply);
    }
    room.release(reserved);
    if (typeof reply !== 'string') return;
    if (reply === LOST) {
      this.work.lose();
      this.#over.abort(new Error('lost'));
      return;
    }
    this.lastId = reply;
    this.isThrough = true;
    if (!this.#isOver() && this.#ahead.size === 0) await waiter.wait(this.work.keys[1], reply);
  }

  async #next(): Promise<ReadAnswer | undefined> {
    try {
      return await this.#ahead.next();
    } catch (error) {
      this.#isAnswerLost ||= replyCode(error) === undefined;
      throw error;
    }
  }

  #offerAll(flat: readonly string[]): void {
    const { isBeyond } = this.#deps;
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const named = String(flat[at]);
      const text = String(flat[at + 1]);
      const blank = named.indexOf(' ');
      const id = blank < 0 ? named : named.slice(0, blank);
      this.lastId = id;
      if (isBeyond?.(this.work, id) === true) this.work.acks.add(id);
      else if (this.#isOver()) this.work.unoffered.push(id);
      else {
        const delivery = this.#sort(id, text, blank < 0 ? undefined : named.slice(blank + 1), 0);
        if (delivery !== undefined) this.#offer(delivery);
      }
    }
    if (this.lastId !== undefined) this.#pendingFrom = `(${this.lastId}`;
  }

  #offer(delivery: RedisDelivery): void {
    this.work.inFlight++;
    delivery.isOpen = true;
    this.#deps.offer(delivery);
  }

  /** An event for the handler; anything else is acknowledged, or buried. */
  #sort(
    streamId: string,
    text: string,
    onlyFor: string | undefined,
    attempts: number,
  ): RedisDelivery | undefined {
    const { filter, group, bury } = this.#deps;
    const { work } = this;
    const { topic, partition } = work.lease;
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

/**
 * Who is given an event may not have begun with it: with one attempt only, it is given once more before it counts as tried.
 *
 * @param count how often it was given
 */
const attemptsOf = (count: number, { maxAttempts }: MemberRules): number =>
  count === 1 ? Math.min(1, maxAttempts - 1) : count;
