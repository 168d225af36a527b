import type { Clock } from '../../core/clock.ts';
import { type DeadReason, orderingKey } from '../../events/index.ts';
import type { Delivery } from '../../events/delivery.ts';
import type { MemberRules } from '../../events/subscribe-options.ts';
import type { Logger } from '../../telemetry/index.ts';
import { Acknowledger } from './acknowledger.ts';
import type { EventFilter } from './event-filter.ts';
import type { PartitionLease } from './partition-leases.ts';
import { CONSUMER, COUNT_ATTEMPTS, LOST, PENDING, READ } from './partition-scripts.ts';
import type { ReadingRoom } from './reading-room.ts';
import { replyCode } from './redis-failure.ts';
import { type RedisKeys, positionOf } from './redis-keys.ts';
import type { RedisLink } from './redis-link.ts';
import type { StreamWaiter } from './stream-waiter.ts';
import { type EntryFields, type StreamEntry, fieldOf } from './stream-entry.ts';

/** An event that a reader has given to the member. */
export interface RedisDelivery extends Delivery {
  readonly streamId: string;
  readonly reader: RedisReader;
  readonly text: string;
  /** Attempts that have ended, by whichever process. */
  made: number;
  /** It was under way when a process died, and may be why: few of these are tried at once. */
  isSuspect: boolean;
  /** Neither done nor buried nor given back. */
  isOpen: boolean;
}

export interface Unhandled {
  readonly streamId: string;
  readonly text: string;
  readonly reason: DeadReason;
  readonly detail: string;
  readonly attempts: number;
}

export interface RedisReaderDeps {
  readonly link: Pick<RedisLink, 'command'>;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly group: string;
  readonly rules: MemberRules;
  /** Events asked for at once. */
  readonly batch: number;
  readonly filter: EventFilter;
  readonly waiter: StreamWaiter;
  readonly room: ReadingRoom;
  readonly isValid: (lease: PartitionLease) => boolean;
  readonly lose: (lease: PartitionLease) => void;
  readonly offer: (delivery: RedisDelivery) => void;
  /** Deals with an event that will not be handled, until that is on record or the lease lost. Never rejects. */
  readonly bury: (reader: RedisReader, unhandled: Unhandled) => Promise<void>;
  /** Before the first event is read. */
  readonly onBegin: (reader: RedisReader) => Promise<void>;
  readonly onTakenOver: () => void;
  /** Whether an entry is none of the group's any more. */
  readonly isBeyond?: ((reader: RedisReader, id: string) => boolean) | undefined;
  /** An event that was taken over is not in the stream any more. */
  readonly onTrimmed: (topic: string) => void;
  /** The server does not know the group. */
  readonly onNoGroup: () => Promise<void>;
}

const RETRY_MS = 200;

/** Reads one partition for as long as this member has the lease of it: first what is pending, oldest first, then what is new. */
export class RedisReader {
  readonly lease: PartitionLease;
  readonly acks: Acknowledger;
  readonly keys: readonly [owner: string, events: string];
  /** Handlers under way that have returned a promise: position, attempt. */
  readonly running = new Map<string, number>();
  /** Attempts that have begun and of whose end the member has not told, of handlers with a promise: position, attempt. */
  readonly begun = new Map<string, number>();
  /** Events read and not offered, since it was stopped meanwhile. */
  readonly unoffered: string[] = [];
  /** Events that are neither done nor buried nor given back. */
  inFlight = 0;
  /** Whether there was a moment when everything had been read. */
  isThrough = false;
  /** The entry that was read last. */
  lastId = '0-0';
  readonly #deps: RedisReaderDeps;
  readonly #over = new AbortController();
  #run: Promise<void> = Promise.resolve();
  /** Where to begin with what is pending. */
  #pendingFrom = '-';
  #suspects = 0;
  /** The last event of each key that was taken over and is not through. */
  readonly #suspectKeys = new Map<string, RedisDelivery>();
  #onSlot: (() => void) | undefined;
  #failure: string | undefined;

  constructor(lease: PartitionLease, deps: RedisReaderDeps) {
    const { topic, partition, token } = lease;
    this.lease = lease;
    this.#deps = deps;
    this.keys = [deps.keys.owner(topic, partition, deps.group), deps.keys.events(topic, partition)];
    this.acks = new Acknowledger({
      link: deps.link,
      clock: deps.clock,
      keys: this.keys,
      token,
      group: deps.group,
      onLost: () => {
        deps.lose(lease);
      },
    });
  }

  /** @param done events that were handled under an earlier lease, and not acknowledged */
  start(done: readonly string[]): void {
    for (const id of done) this.acks.add(id);
    this.#run = this.#read(new Set(done));
  }

  /** Offers nothing more. Resolves when nothing is under way to the server. */
  async stop(): Promise<void> {
    this.#over.abort(new Error('stopped'));
    this.#deps.waiter.wake(this.keys[1]);
    this.#deps.room.look();
    this.#onSlot?.();
    await this.#run;
  }

  /** The lease is another's. */
  lose(): void {
    this.#deps.lose(this.lease);
  }

  /** The event is done, buried or given back. */
  settle(delivery: RedisDelivery): void {
    if (delivery.isOpen) this.inFlight--;
    delivery.isOpen = false;
    if (this.#suspectKeys.size === 0) return;
    const key = orderingKey(delivery.event);
    if (this.#suspectKeys.get(key) === delivery) this.#suspectKeys.delete(key);
  }

  /** The attempt of an event has ended, one way or another. */
  attempted(delivery: RedisDelivery): void {
    if (this.begun.size > 0) this.begun.delete(delivery.position);
    if (!delivery.isSuspect) return;
    delivery.isSuspect = false;
    this.#suspects--;
    this.#onSlot?.();
  }

  /** Puts on record how many attempts events have had: id, count. Rejects as a command does. */
  async countAttempts(counts: readonly (readonly [id: string, count: number])[]): Promise<void> {
    if (counts.length === 0) return;
    const { link, group } = this.#deps;
    const args = [this.lease.token, group, CONSUMER, ...counts.flat()];
    if ((await COUNT_ATTEMPTS.run(link, this.keys, args)) === LOST) this.#deps.lose(this.lease);
  }

  async #read(done: ReadonlySet<string>): Promise<void> {
    const joined = this.#deps.waiter.join();
    await this.#until(() => this.#begin());
    await this.#until(() => this.#takeOver(done));
    while (!this.#isOver()) await this.#until(() => this.#readOn());
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
        const { topic, partition } = this.lease;
        if (code !== undefined && code !== 'NOGROUP' && code !== this.#failure)
          logger.warn({ topic, partition, error }, 'events cannot be read');
        this.#failure = code;
        await clock.sleep(RETRY_MS, this.#over.signal).catch(() => undefined);
      }
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #begin(): Promise<void> {
    await this.#deps.onBegin(this);
  }

  async #takeOver(done: ReadonlySet<string>): Promise<void> {
    const { link, group, room, batch, lose } = this.#deps;
    for (;;) {
      const count = await room.reserve(batch, () => this.#isOver());
      if (count === 0) return;
      let reserved = count;
      try {
        const args = [this.lease.token, group, this.#pendingFrom, count];
        const page = (await PENDING.run(link, this.keys, args)) as
          [string, number, EntryFields | null][] | typeof LOST;
        if (page === LOST) {
          lose(this.lease);
          return;
        }
        const isNew = page.filter(([, attempts, fields]) => attempts === 0 && fields !== null);
        await this.countAttempts(isNew.map(([id]) => [id, 1]));
        for (const [id, attempts, fields] of page) {
          if (!this.#isOver() && !done.has(id)) await this.#takeOverOne(id, attempts, fields);
          if (this.#isOver()) {
            if (attempts === 0) this.unoffered.push(id);
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
    const { onTrimmed, onTakenOver, rules } = this.#deps;
    if (fields === null) {
      this.acks.add(id);
      onTrimmed(this.lease.topic);
      return;
    }
    const delivery = this.#sort([id, fields], attempts);
    if (delivery === undefined) return;
    const key = orderingKey(delivery.event);
    // Behind another of its key it does not begin now.
    if (attempts > 0 && attempts < rules.maxAttempts && !this.#suspectKeys.has(key)) {
      while (this.#suspects >= rules.concurrency && !this.#isOver()) await this.#slot();
      await this.acks.flush(); // so that one that has been handled does not die with the next one
      if (this.#isOver()) return;
      await this.countAttempts([[id, attempts + 1]]);
      if (this.#isOver()) return;
      delivery.isSuspect = true;
      this.#suspects++;
    }
    this.#suspectKeys.set(key, delivery);
    onTakenOver();
    this.#offer(delivery);
  }

  async #slot(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onSlot = resolve;
    });
    this.#onSlot = undefined;
  }

  async #readOn(): Promise<void> {
    const { link, group, room, batch, lose, waiter } = this.#deps;
    const count = await room.reserve(batch, () => this.#isOver());
    if (count === 0) return;
    let newest: string | undefined;
    try {
      const reply = (await READ.run(link, this.keys, [this.lease.token, group, CONSUMER, count])) as
        StreamEntry[] | string;
      if (typeof reply !== 'string') this.#offerAll(reply);
      else if (reply === LOST) lose(this.lease);
      else newest = reply;
      if (newest !== undefined && newest !== LOST) this.isThrough = true;
    } finally {
      room.release(count);
    }
    if (newest !== undefined && !this.#isOver()) await waiter.wait(this.keys[1], newest);
  }

  #offerAll(entries: readonly StreamEntry[]): void {
    const { isBeyond } = this.#deps;
    for (const entry of entries) {
      this.lastId = entry[0];
      if (isBeyond?.(this, entry[0]) === true) {
        this.acks.add(entry[0]);
        continue;
      }
      if (this.#isOver()) {
        this.unoffered.push(entry[0]);
        continue;
      }
      const delivery = this.#sort(entry, 0);
      if (delivery !== undefined) this.#offer(delivery);
    }
  }

  #offer(delivery: RedisDelivery): void {
    this.inFlight++;
    this.#deps.offer(delivery);
  }

  /** An event for the handler; anything else is acknowledged, or buried. */
  #sort([streamId, fields]: StreamEntry, attempts: number): RedisDelivery | undefined {
    const { filter, group, bury } = this.#deps;
    const { topic, partition } = this.lease;
    const text = fieldOf(fields, 'e') ?? '';
    const onlyFor = fieldOf(fields, 'r');
    const sorted = onlyFor === undefined || onlyFor === group ? filter.sort(text) : undefined;
    if (sorted?.kind === 'event') {
      const position = positionOf(partition, streamId);
      const { event } = sorted;
      return {
        topic,
        position,
        attempts,
        event,
        streamId,
        reader: this,
        text,
        made: attempts,
        isSuspect: false,
        isOpen: true,
      };
    }
    if (sorted?.kind === 'flaw') {
      const { reason, detail } = sorted;
      this.inFlight++;
      void bury(this, { streamId, text, reason, detail, attempts }).then(() => this.inFlight--);
    } else this.acks.add(streamId);
    return undefined;
  }
}
