import type { Clock } from '../../core/clock.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type BufferedMessage, FeedBuffer } from './feed-buffer.ts';
import type { FeedSettings } from './feed-options.ts';
import type { FeedProtocol, SequenceRange } from './feed-protocol.ts';
import type { FeedChannelStatus, FeedGap } from './feed-status.ts';
import type { QuietLog } from './quiet-log.ts';
import { SequenceGuard, isRange } from './sequence-guard.ts';
import { SnapshotFetcher } from './snapshot-fetcher.ts';

export interface InboxDeps<M> {
  readonly clock: Clock;
  readonly random: () => number;
  readonly protocol: FeedProtocol<M>;
  readonly log: QuietLog;
  readonly onGap: (gap: FeedGap) => void;
  readonly onQuiet: (channel: string, quiet: boolean) => void;
  /** Something waits for the consumer. */
  readonly onWaiting: () => void;
  /** There was no room for a message. */
  readonly onOverflow: () => void;
}

/** From decoded messages to the consumer: their numbers, their holes, their snapshots, and the buffer where they wait. */
export class FeedInbox<M> {
  readonly #deps: InboxDeps<M>;
  readonly #settings: FeedSettings;
  readonly #guard: SequenceGuard;
  readonly #watch: ChannelWatch;
  readonly #buffer: FeedBuffer<M>;
  readonly #snapshots: SnapshotFetcher<M> | undefined;
  readonly #wanted = new Set<string>();
  /** Given up by the consumer: what still comes is not for it. */
  readonly #unwanted = new Set<string>();
  #isFirstConnection = true;
  #lastMs = NaN;
  messages = 0;
  malformed = 0;
  duplicates = 0;
  gaps = 0;
  snapshots = 0;
  /** Wall time; 0 for never. */
  lastMessageMs = 0;

  constructor(settings: FeedSettings, deps: InboxDeps<M>) {
    this.#settings = settings;
    this.#deps = deps;
    this.#guard = new SequenceGuard(settings);
    this.#watch = new ChannelWatch(settings.channelStaleAfterMs, deps);
    this.#buffer = new FeedBuffer(settings.buffer, (dropped) => {
      this.#tell({ channel: dropped.channel, because: 'overflow', expected: dropped.first, got: undefined });
    });
    if (deps.protocol.snapshot !== undefined) this.#snapshots = this.#newSnapshots();
  }

  get wanted(): readonly string[] {
    return [...this.#wanted];
  }

  get size(): number {
    return this.#buffer.size;
  }

  get dropped(): number {
    return this.#buffer.dropped;
  }

  get quietChannels(): number {
    return this.#watch.quietCount;
  }

  get lastMessageAgeMs(): number | undefined {
    return Number.isNaN(this.#lastMs) ? undefined : this.#deps.clock.monotonicMs() - this.#lastMs;
  }

  get channels(): readonly FeedChannelStatus[] {
    return this.wanted.map((channel) => ({
      channel,
      ageMs: this.#watch.ageMs(channel),
      quiet: this.#watch.isQuiet(channel),
      awaitsSnapshot: this.#snapshots?.awaits(channel) ?? false,
    }));
  }

  /** @returns those that are new */
  want(channels: readonly string[]): readonly string[] {
    const fresh = [...new Set(channels)].filter((channel) => !this.#wanted.has(channel));
    for (const channel of fresh) {
      this.#wanted.add(channel);
      this.#unwanted.delete(channel);
      this.#watch.want(channel);
    }
    return fresh;
  }

  /** @returns those that were wanted */
  forget(channels: readonly string[]): readonly string[] {
    const gone = [...new Set(channels)].filter((channel) => this.#wanted.delete(channel));
    for (const channel of gone) {
      this.#unwanted.add(channel);
      this.#watch.forget(channel);
      this.#guard.forget(channel);
      this.#snapshots?.cancel(channel);
    }
    return gone;
  }

  /** Another connection counts from now on: channels that cannot tell by their numbers what they missed have a hole. */
  connected(): void {
    const startsAnew = this.#deps.protocol.sequenceScope === 'connection';
    if (!this.#isFirstConnection) {
      for (const channel of this.#watch.heard) {
        if (!startsAnew && this.#guard.has(channel)) continue;
        this.#tell({ channel, because: 'reconnected', expected: undefined, got: undefined });
        this.#snapshots?.request(channel, -Infinity);
      }
    }
    this.#isFirstConnection = false;
    this.#unwanted.clear(); // nobody has asked for them on this connection
    if (startsAnew) this.#guard.forgetAll();
    this.#watch.start();
  }

  disconnected(): void {
    this.#watch.stop();
  }

  stop(): void {
    this.#watch.stop();
    this.#snapshots?.cancelAll();
  }

  accept(messages: readonly M[], receivedMs: number): void {
    this.#lastMs = this.#deps.clock.monotonicMs();
    this.lastMessageMs = receivedMs;
    for (const message of messages) this.#accept(message, this.#lastMs);
    if (this.#buffer.size > 0) this.#deps.onWaiting();
  }

  /** All that waits. There is room again, for the snapshots of channels with holes too. */
  take(): readonly M[] {
    const { messages, holes } = this.#buffer.take();
    for (const [channel, last] of holes) {
      if (!this.#unwanted.has(channel)) this.#snapshots?.request(channel, last ?? -Infinity);
    }
    return messages;
  }

  #accept(message: M, nowMs: number): void {
    this.messages += 1;
    const entry = this.#entryOf(message);
    if (entry === undefined || this.#unwanted.has(entry.channel)) return;
    this.#watch.spoke(entry.channel, nowMs);
    if (entry.first !== undefined && entry.last !== undefined) {
      const { channel, first, last } = entry;
      if (!this.#isNew({ channel, first, last })) return;
    }
    this.#push(entry);
  }

  #isNew(range: SequenceRange): boolean {
    const { channel } = range;
    const verdict = this.#guard.check(range);
    switch (verdict.kind) {
      case 'next':
        return true;
      case 'first':
        this.#snapshots?.request(channel, range.first - 1);
        return true;
      case 'duplicate':
        this.duplicates += 1;
        return false;
      case 'gap':
      case 'restarted':
        this.#tell({
          channel,
          because: verdict.kind === 'gap' ? 'sequence' : 'restarted',
          expected: verdict.expected,
          got: verdict.got,
        });
        this.#snapshots?.request(channel, verdict.got - 1);
        return true;
    }
  }

  #push(entry: BufferedMessage<M>): void {
    if (!this.#buffer.push(entry)) this.#deps.onOverflow();
  }

  #entryOf(message: M): BufferedMessage<M> | undefined {
    const { protocol, log } = this.#deps;
    try {
      const range = protocol.sequenceOf?.(message);
      if (range === undefined) {
        const channel = protocol.channelOf?.(message) ?? '';
        return { message, channel, first: undefined, last: undefined };
      }
      if (!isRange(range)) throw new RangeError(`numbers from ${range.first} to ${range.last}`);
      return { message, channel: range.channel, first: range.first, last: range.last };
    } catch (error) {
      this.malformed += 1;
      log.warn('malformed', { error: errorText(error) }, 'a message without valid numbers was left out');
      return undefined;
    }
  }

  #newSnapshots(): SnapshotFetcher<M> {
    const { clock, random, protocol, log, onWaiting } = this.#deps;
    const { maxMessages } = this.#settings.buffer;
    return new SnapshotFetcher<M>(this.#settings.snapshots, {
      clock,
      random,
      fetch: async (channel, signal) => {
        const messages = (await protocol.snapshot?.(channel, signal)) ?? [];
        if (messages.length <= maxMessages) return messages;
        throw new RangeError(`${messages.length} messages do not fit into a buffer of ${maxMessages}`);
      },
      lastOf: (messages) => this.#lastOf(messages),
      onSnapshot: (channel, messages) => {
        this.snapshots += 1;
        this.messages += messages.length;
        for (const message of messages) {
          this.#push({ message, channel, first: undefined, last: this.#lastOf([message]) });
        }
        if (this.#buffer.size > 0) onWaiting();
      },
      onFailure: (channel, error) => {
        log.warn('snapshot', { channel, error: errorText(error) }, 'no snapshot, trying again');
      },
    });
  }

  #lastOf(messages: readonly M[]): number | undefined {
    const lasts = messages.flatMap((message) => this.#deps.protocol.sequenceOf?.(message)?.last ?? []);
    return lasts.length === 0 ? undefined : Math.max(...lasts);
  }

  #tell(gap: FeedGap): void {
    this.gaps += 1;
    this.#deps.onGap(gap);
  }
}
