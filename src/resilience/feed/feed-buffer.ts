import type { OverflowPolicy } from './feed-options.ts';

/** A message on its way to the consumer. */
export interface BufferedMessage<M> {
  readonly message: M;
  readonly channel: string;
  /** Its numbers; undefined where it has none. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export interface FeedBufferOptions {
  readonly maxMessages: number;
  readonly overflow: OverflowPolicy;
}

/** Told of each hole once: more that is dropped before the consumer takes again belongs to the same hole. */
export type OnHole<M> = (dropped: BufferedMessage<M>) => void;

/** What the consumer takes: all that waits. */
export interface Taken<M> {
  readonly messages: readonly M[];
  /** Channels with holes since the last time, each with the highest number that was dropped, where it has numbers. */
  readonly holes: ReadonlyMap<string, number | undefined>;
}

/** Messages between the socket and the consumer, at most `maxMessages` of them, in order of receipt. */
export class FeedBuffer<M> {
  readonly #max: number;
  readonly #overflow: OverflowPolicy;
  readonly #onHole: OnHole<M>;
  #queue: (BufferedMessage<M> | undefined)[] = [];
  /** Those before it have been dropped. */
  #head = 0;
  /** The latest of each channel, in order of receipt, from an overflow until the consumer takes. */
  #latest: Map<string, BufferedMessage<M>> | undefined;
  #holes = new Map<string, number | undefined>();
  #dropped = 0;

  constructor({ maxMessages, overflow }: FeedBufferOptions, onHole: OnHole<M>) {
    this.#max = maxMessages;
    this.#overflow = overflow;
    this.#onHole = onHole;
  }

  get size(): number {
    return this.#latest?.size ?? this.#queue.length - this.#head;
  }

  /** Messages that were dropped, ever. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns false when there was no room, whichever message was dropped for it */
  push(entry: BufferedMessage<M>): boolean {
    if (this.#latest !== undefined) {
      this.#keepLatest(this.#latest, entry);
      return false;
    }
    if (this.size < this.#max) {
      this.#queue.push(entry);
      return true;
    }
    this.#makeRoom(entry);
    return false;
  }

  take(): Taken<M> {
    const waiting = this.#latest === undefined ? this.#queue.slice(this.#head) : [...this.#latest.values()];
    const holes = this.#holes;
    this.#queue = [];
    this.#head = 0;
    this.#latest = undefined;
    this.#holes = new Map();
    return { messages: waiting.flatMap((entry) => (entry === undefined ? [] : [entry.message])), holes };
  }

  #makeRoom(entry: BufferedMessage<M>): void {
    switch (this.#overflow) {
      case 'drop-newest':
      case 'disconnect':
        this.#drop(entry);
        return;
      case 'drop-oldest':
        this.#dropOldest();
        this.#queue.push(entry);
        return;
      case 'latest-by-channel': {
        const latest = new Map<string, BufferedMessage<M>>();
        this.#latest = latest;
        for (const waiting of this.#queue) if (waiting !== undefined) this.#keepLatest(latest, waiting);
        this.#queue = [];
        this.#keepLatest(latest, entry);
        return;
      }
    }
  }

  #dropOldest(): void {
    const oldest = this.#queue[this.#head];
    this.#queue[this.#head] = undefined;
    this.#head += 1;
    if (oldest !== undefined) this.#drop(oldest);
    if (this.#head >= this.#max) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  #keepLatest(latest: Map<string, BufferedMessage<M>>, entry: BufferedMessage<M>): void {
    const earlier = latest.get(entry.channel);
    if (earlier !== undefined) {
      latest.delete(entry.channel); // so that the order stays that of receipt
      this.#drop(earlier);
    } else if (latest.size >= this.#max) {
      for (const [channel, oldest] of latest) {
        latest.delete(channel);
        this.#drop(oldest);
        break;
      }
    }
    latest.set(entry.channel, entry);
  }

  #drop(entry: BufferedMessage<M>): void {
    this.#dropped += 1;
    const isNew = !this.#holes.has(entry.channel);
    this.#holes.set(entry.channel, later(this.#holes.get(entry.channel), entry.last));
    if (isNew) this.#onHole(entry);
  }
}

/** The higher of two numbers, either of which may be missing. */
export const later = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || (other !== undefined && other > one) ? other : one;
