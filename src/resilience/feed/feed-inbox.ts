import type { Clock } from '../../core/clock.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { ChannelWatch } from './channel-watch.ts';
import { type BufferedMessage, FeedBuffer } from './feed-buffer.ts';
import type { FeedSettings } from './feed-options.ts';
import type { FeedProtocol, SequenceRange } from './feed-protocol.ts';
import type { FeedChannelStatus, FeedGap } from './feed-status.ts';
import { MessageReader } from './message-reader.ts';
import type { QuietLog } from './quiet-log.ts';
import { ReturnWatch } from './return-watch.ts';
import { SequenceGuard } from './sequence-guard.ts';
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

/** Channels that are remembered where nobody says which are wanted. More of them are left out. */
const MOST_CHANNELS = 10_000;

/** From decoded messages to the consumer: their numbers, their holes, their snapshots, and the buffer where they wait. */
export class FeedInbox<M> {
  readonly #deps: InboxDeps<M>;
  readonly #settings: FeedSettings;
  readonly #reader: MessageReader<M>;
  readonly #guard: SequenceGuard;
  readonly #watch: ChannelWatch;
  readonly #return: ReturnWatch;
  readonly #buffer: FeedBuffer<M>;
  readonly #snapshots: SnapshotFetcher<M> | undefined;
  readonly #wanted = new Set<string>();
  /** Whether anybody has ever said which channels are wanted: then no others are let in. */
  #picks = false;
  /** Those that a connection was asked for, and those that spoke. */
  readonly #listened = new Set<string>();
  #isConnected = false;
  #isFirstConnection = true;
  #isStopped = false;
  #lastMs = NaN;
  messages = 0;
  duplicates = 0;
  unwanted = 0;
  gaps = 0;
  snapshots = 0;
  /** Wall time; 0 for never. */
  lastMessageMs = 0;

  constructor(settings: FeedSettings, deps: InboxDeps<M>) {
    this.#settings = settings;
    this.#deps = deps;
    this.#reader = new MessageReader(deps.protocol, deps.log);
    this.#guard = new SequenceGuard(settings);
    this.#watch = new ChannelWatch(settings.channelStaleAfterMs, deps);
    this.#return = new ReturnWatch(settings.reconnect.silentAfterMs, {
      clock: deps.clock,
      onSilent: (channel) => {
        this.#missed(channel, this.#guard.lastOf(channel) ?? -Infinity);
      },
    });
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

  get malformed(): number {
    return this.#reader.malformed;
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

  /** Whether anything may be expected to come: what is wanted, or the streams of a url. */
  get expectsMessages(): boolean {
    return !this.#picks || this.#wanted.size > 0;
  }

  /** @returns those that are new */
  want(channels: readonly string[]): readonly string[] {
    if (!this.#picks) {
      this.#picks = true;
      for (const channel of this.#listened) if (channel !== '') this.#drop(channel);
    }
    const fresh = [...new Set(channels)].filter((channel) => !this.#wanted.has(channel));
    for (const channel of fresh) {
      this.#wanted.add(channel);
      this.#watch.want(channel);
      if (this.#isConnected) this.#listened.add(channel);
    }
    return fresh;
  }

  /** @returns those that were wanted */
  forget(channels: readonly string[]): readonly string[] {
    const gone = [...new Set(channels)].filter((channel) => this.#wanted.delete(channel));
    for (const channel of gone) this.#drop(channel);
    return gone;
  }

  /** Another connection counts from now on: channels that cannot tell by their numbers what they missed have a hole. */
  connected(): void {
    const startsAnew = this.#deps.protocol.sequenceScope === 'connection';
    const numbered: string[] = [];
    this.#isConnected = true;
    for (const channel of this.#isFirstConnection ? [] : [...this.#listened]) {
      if (startsAnew || !this.#guard.has(channel)) this.#missed(channel, -Infinity);
      else numbered.push(channel);
    }
    if (this.#isStopped) return;
    this.#isFirstConnection = false;
    this.#return.start(numbered);
    for (const channel of this.#wanted) this.#listened.add(channel);
    if (startsAnew) this.#guard.forgetAll();
    this.#watch.start();
  }

  disconnected(): void {
    this.#isConnected = false;
    this.#watch.stop();
    this.#return.stop();
  }

  stop(): void {
    this.#isStopped = true;
    this.disconnected();
    this.#snapshots?.cancelAll();
  }

  /**
   * @param isCurrent false for those of a connection that will replace the other later
   * @returns whether any of them was fit for the consumer: neither unwanted, nor unreadable, nor old
   */
  accept(messages: readonly M[], receivedMs: number, isCurrent: boolean): boolean {
    const nowMs = this.#deps.clock.monotonicMs();
    let isHeard = false;
    for (const message of messages) isHeard = this.#accept(message, nowMs, isCurrent) || isHeard;
    if (isHeard) {
      this.#lastMs = nowMs;
      this.lastMessageMs = receivedMs;
    }
    if (this.#buffer.size > 0) this.#deps.onWaiting();
    return isHeard;
  }

  /** All that waits. There is room again, for the snapshots of channels with holes too. */
  take(): readonly M[] {
    const { messages, holes } = this.#buffer.take();
    for (const [channel, last] of holes) this.#fetch(channel, last ?? -Infinity);
    return messages;
  }

  #accept(message: M, nowMs: number, isCurrent: boolean): boolean {
    if (this.#isStopped) return false;
    this.messages += 1;
    const entry = this.#reader.read(message);
    if (entry === undefined) return false;
    const { channel, first, last } = entry;
    if (!this.#lets(channel)) {
      this.unwanted += 1;
      return false;
    }
    // The connection that will be replaced brings it too.
    if (!isCurrent && (first === undefined || this.#deps.protocol.sequenceScope === 'connection')) {
      this.duplicates += 1;
      return false;
    }
    if (first !== undefined && last !== undefined && !this.#isNew({ channel, first, last })) return false;
    this.#watch.spoke(channel, nowMs);
    this.#return.release(channel);
    this.#push(entry);
    return true;
  }

  /** Whether the channel is one to listen to. Messages that name none cannot be told apart, and are let in. */
  #lets(channel: string): boolean {
    if (this.#listened.has(channel)) return true;
    if (this.#picks ? channel !== '' && !this.#wanted.has(channel) : this.#listened.size >= MOST_CHANNELS) {
      return false;
    }
    this.#listened.add(channel);
    return true;
  }

  #drop(channel: string): void {
    this.#listened.delete(channel);
    this.#watch.forget(channel);
    this.#return.release(channel);
    this.#guard.forget(channel);
    this.#snapshots?.cancel(channel);
  }

  /** Nothing can tell what the channel has missed. */
  #missed(channel: string, reach: number): void {
    if (this.#isStopped || !this.#listened.has(channel)) return; // who was told has seen to it
    this.#tell({ channel, because: 'reconnected', expected: undefined, got: undefined });
    this.#fetch(channel, reach);
  }

  /** Who was told of the hole may have given the channel up, or all of them. */
  #fetch(channel: string, reach: number): void {
    if (!this.#isStopped && this.#listened.has(channel)) this.#snapshots?.request(channel, reach);
  }

  #isNew(range: SequenceRange): boolean {
    const { channel } = range;
    const verdict = this.#guard.check(range);
    switch (verdict.kind) {
      case 'next':
        return true;
      case 'first':
        this.#fetch(channel, range.first - 1);
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
        this.#fetch(channel, verdict.got - 1);
        return !this.#isStopped && this.#listened.has(channel);
    }
  }

  #push(entry: BufferedMessage<M>): void {
    if (!this.#buffer.push(entry)) this.#deps.onOverflow();
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
      lastOf: (messages) => this.#reader.lastOf(messages),
      onSnapshot: (channel, messages) => {
        this.snapshots += 1;
        this.messages += messages.length;
        for (const message of messages) {
          if (this.#isStopped) return;
          this.#push({ message, channel, first: undefined, last: this.#reader.lastOf([message]) });
        }
        if (this.#buffer.size > 0) onWaiting();
      },
      onFailure: (channel, error) => {
        log.warn('snapshot', { channel, error: errorText(error) }, 'no snapshot, trying again');
      },
    });
  }

  #tell(gap: FeedGap): void {
    this.gaps += 1;
    this.#deps.onGap(gap);
  }
}
