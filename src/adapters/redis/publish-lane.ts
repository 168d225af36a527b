import { isLost, unavailable } from './redis-failure.ts';
import { Fifo } from '../../events/fifo.ts';
import type { OutgoingEvent } from './outgoing-event.ts';
import { type PublishedAt, publishCommand, readPublished } from './publish-script.ts';
import type { RedisCommand } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';

interface PublishLaneOptions {
  readonly topic: string;
  readonly partition: number;
  readonly keys: RedisKeys;
  /** Numbers of events that were not numbered before are under this name. */
  readonly publisher: string;
  /** Events in a batch, at most. */
  readonly batch: number;
  /** Batches under way, at most. */
  readonly window: number;
  readonly publisherTtlMs: number;
  readonly dedupeWindowMs: number;
}

export interface PublishLaneListener {
  /** Whether a batch may go out now. */
  maySend(lane: PublishLane): boolean;
  /** Whether it may go to the server as it is now; one that may not is taken out. */
  mayGo(event: OutgoingEvent): boolean;
  /** These are on the server, in this order. */
  onPublished(lane: PublishLane, events: readonly OutgoingEvent[], places: readonly PublishedAt[]): void;
  /** A batch was refused or lost; called once all that was under way has its answer, before anything is sent again. */
  onFailed(lane: PublishLane, error: Error): void;
}

/** The server knows the places of so many times the batches that may be under way: of those that went again and were lost too. */
const SLOTS_PER_BATCH = 2;
/** Characters in a batch before another event is left for the next one. */
const BATCH_LENGTH = 1_048_576;

interface Batch {
  readonly events: readonly OutgoingEvent[];
  error: Error | undefined;
}

/**
 * The way of events into one partition: in batches, several under way at a time, in order. What was lost or refused is sent
 * again from the first that is not confirmed, and the server leaves out what it has (see the script).
 */
export class PublishLane {
  readonly #options: PublishLaneOptions;
  readonly #command: RedisCommand;
  readonly #listener: PublishLaneListener;
  readonly #unsent = new Fifo<OutgoingEvent>();
  readonly #underWay: Batch[] = [];
  #unanswered = 0;
  #sent = 0;
  /** The last event that the server has confirmed on this connection. */
  #applied: { readonly publisher: string; readonly seq: number } | undefined;
  #seq = 0;

  constructor(options: PublishLaneOptions, command: RedisCommand, listener: PublishLaneListener) {
    this.#options = options;
    this.#command = command;
    this.#listener = listener;
  }

  get topic(): string {
    return this.#options.topic;
  }

  get partition(): number {
    return this.#options.partition;
  }

  get unsent(): number {
    return this.#unsent.size;
  }

  get underWay(): number {
    return this.#underWay.reduce((sum, { events }) => sum + events.length, 0);
  }

  push(event: OutgoingEvent): void {
    this.#unsent.push(event);
  }

  /** Gives the event its number, unless it has one: once it has, it must not be given up any more. */
  number(event: OutgoingEvent): void {
    if (event.seq > 0) return;
    event.publisher = this.#options.publisher;
    event.seq = ++this.#seq;
  }

  /** Sends as much as may be under way. */
  pump(): void {
    const { batch, window } = this.#options;
    while (this.#underWay.length < window && this.#unsent.size > 0 && this.#listener.maySend(this)) {
      if (this.#underWay.some(({ error }) => error !== undefined)) return; // all goes again, in order
      const events = this.#nextBatch(batch);
      if (events.length === 0) return;
      this.#send(events);
    }
  }

  /** The oldest that was never sent, taken out; `undefined` for none. */
  dropOldest(): OutgoingEvent | undefined {
    const at = this.#firstNeverSent();
    const event = this.#unsent.peek(at);
    if (event !== undefined) this.#unsent.remove(at);
    return event;
  }

  /** The order of the oldest that was never sent. `Infinity` for none. */
  get oldestNeverSent(): number {
    return this.#unsent.peek(this.#firstNeverSent())?.order ?? Infinity;
  }

  /**
   * Takes out what is not under way and is on disk, but the first `keep` events: it will be read again. What is under way follows
   * when it is lost. Gives back what it took out.
   */
  forgetDisk(keep = 0): readonly OutgoingEvent[] {
    const all = this.#unsent.drain();
    this.#unsent.putBack(all.filter(({ isOnDisk }, at) => at < keep || !isOnDisk));
    return all.filter(({ isOnDisk }, at) => at >= keep && isOnDisk);
  }

  disconnected(): void {
    this.#applied = undefined;
  }

  get isEmpty(): boolean {
    return this.#unsent.size === 0 && this.#underWay.length === 0;
  }

  /** All that is not confirmed, in order. What is under way stays so, the rest is taken out. */
  takeAll(): readonly OutgoingEvent[] {
    return [...this.#underWay.flatMap(({ events }) => events), ...this.#unsent.drain()];
  }

  /** All that is not confirmed, in order. */
  events(): readonly OutgoingEvent[] {
    const all = this.takeAll();
    this.#unsent.putBack(all.slice(this.underWay));
    return all;
  }

  #firstNeverSent(): number {
    let at = 0;
    while ((this.#unsent.peek(at)?.seq ?? 0) > 0) at++;
    return at;
  }

  #nextBatch(most: number): readonly OutgoingEvent[] {
    const last = this.#underWay.at(-1)?.events.at(-1);
    let count = 0;
    let before = last;
    let length = 0;
    while (count < most && length < BATCH_LENGTH) {
      const next = this.#unsent.peek(count);
      if (next === undefined) break;
      if (!this.#listener.mayGo(next)) {
        this.#unsent.remove(count);
        continue;
      }
      this.number(next);
      const follows = before === undefined || isNext(before, next);
      if (!follows) break; // waits until nothing is under way
      before = next;
      length += next.text.length;
      count++;
    }
    return this.#unsent.take(count);
  }

  #send(events: readonly OutgoingEvent[]): void {
    const { topic, partition, keys, publisherTtlMs, dedupeWindowMs } = this.#options;
    const [first] = events;
    if (first === undefined) return;
    const batch: Batch = { events, error: undefined };
    const idKeys = events.flatMap(({ given }, index) =>
      given === undefined ? [] : [{ key: keys.eventId(topic, partition, ...given), index }],
    );
    const { publisher } = first;
    const applied = this.#applied?.publisher === publisher ? this.#applied.seq : -1;
    const afterSeq = this.#underWay.length === 0 ? applied : first.seq - 1;
    this.#underWay.push(batch);
    this.#unanswered++;
    this.#command(
      publishCommand({
        streamKey: keys.events(topic, partition),
        publisherKey: keys.publisher(topic, partition, publisher),
        firstSeq: first.seq,
        ...{ afterSeq, publisherTtlMs, dedupeWindowMs },
        slot: this.#sent++ % (SLOTS_PER_BATCH * this.#options.window),
        wantsPlaces: events.some(({ settle }) => settle !== undefined),
        texts: events.map(({ text }) => text),
        idKeys,
      }),
    ).then(
      (reply) => {
        const places = readPublished(reply, events.length);
        this.#answered(batch, places ?? unavailable('the publish script replied what it should not'));
      },
      (error: unknown) => {
        this.#answered(batch, error instanceof Error ? error : unavailable(String(error)));
      },
    );
  }

  #answered(batch: Batch, answer: readonly PublishedAt[] | Error): void {
    this.#unanswered--;
    if (answer instanceof Error) batch.error = answer;
    else {
      this.#underWay.splice(this.#underWay.indexOf(batch), 1);
      this.#applied = batch.events.at(-1);
      this.#listener.onPublished(this, batch.events, answer);
    }
    const failed = this.#underWay.find(({ error }) => error !== undefined);
    if (failed?.error === undefined) this.pump();
    else if (this.#unanswered === 0) {
      this.#applied = undefined;
      const again = this.#underWay.splice(0);
      const isGone = again.some(({ error }) => isLost(error));
      const events = again.flatMap((each) => each.events);
      this.#unsent.putBack(isGone ? events.filter(({ isOnDisk }) => !isOnDisk) : events);
      this.#listener.onFailed(this, failed.error);
    }
  }
}

const isNext = (before: OutgoingEvent, next: OutgoingEvent): boolean =>
  before.publisher === next.publisher && next.seq === before.seq + 1;
