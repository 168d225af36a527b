import type { Agent } from 'node:http';
import type { LookupFunction } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { errorText } from '../../telemetry/error-text.ts';
import { type Logger, type MetricsRegistry, silentLogger } from '../../telemetry/index.ts';
import { systemRandom } from '../../core/backoff.ts';
import type { FeedConnection } from './feed-connection.ts';
import { FeedInbox } from './feed-inbox.ts';
import { FeedLink } from './feed-link.ts';
import { FeedMetrics } from './feed-metrics.ts';
import { type FeedSettings, type ResilientFeedOptions, feedOptionsSchema } from './feed-options.ts';
import type { FeedProtocol } from './feed-protocol.ts';
import type { FeedConnect } from './feed-socket.ts';
import type { FeedChange, FeedCounts, FeedGap, FeedStatus } from './feed-status.ts';
import { FrameReader } from './frame-reader.ts';
import { QuietLog } from './quiet-log.ts';
import { SoleConsumer } from './sole-consumer.ts';
import { webSockets } from './web-socket.ts';

export interface ResilientFeedDeps<M> {
  readonly protocol: FeedProtocol<M>;
  readonly clock: Clock;
  /** In [0, 1), for the back-off. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  /** Default: says nothing. */
  readonly logger?: Logger | undefined;
  /** Told at once when a hole is found, which is before the message after it is delivered. */
  readonly onGap?: ((gap: FeedGap) => void) | undefined;
  readonly onChange?: ((change: FeedChange) => void) | undefined;
  /** Makes the connections of sockets, such as through a proxy. Private addresses are then the proxy's to refuse. */
  readonly agent?: Agent | undefined;
  /** Resolves names. Default: that of Node. */
  readonly lookup?: LookupFunction | undefined;
  /** Opens sockets. Default: WebSockets, by the options `socket`. */
  readonly connect?: FeedConnect | undefined;
}

/**
 * A feed over WebSocket that stays honest: it comes back by itself, and whatever it lost on the way is told. Listeners that
 * throw are logged and do no harm.
 *
 * Holes are told by `onGap` when they are found, which may be before the consumer has taken what was received earlier. Where
 * in its channel a hole lies: for `sequence`, `restarted` and `reconnected` after all that waits by then, and before all that
 * comes later, the snapshot too. For `overflow` under `drop-oldest` and `latest-by-channel` before what still waits of the
 * channel, under `drop-newest` and `disconnect` after it. In a channel with numbers what comes before a hole has lower ones
 * than `expected`, except for `restarted`.
 */
export class ResilientFeed<M> implements AsyncDisposable {
  readonly #settings: FeedSettings;
  readonly #deps: ResilientFeedDeps<M>;
  readonly #log: QuietLog;
  readonly #link: FeedLink;
  readonly #inbox: FeedInbox<M>;
  readonly #reader: FrameReader<M>;
  readonly #consumer: SoleConsumer<M>;
  #metrics: FeedMetrics | undefined;
  #opened = 0;

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has other metrics of these names */
  constructor(options: ResilientFeedOptions, deps: ResilientFeedDeps<M>) {
    const settings = parseOptions('ResilientFeed', feedOptionsSchema, options);
    const { protocol, clock, random = systemRandom, metrics, logger = silentLogger } = deps;
    this.#settings = settings;
    this.#deps = deps;
    this.#log = new QuietLog(logger.child({ source: settings.source }), clock);
    this.#inbox = new FeedInbox(settings, {
      clock,
      random,
      protocol,
      log: this.#log,
      onGap: (gap) => {
        this.#gap(gap);
      },
      onQuiet: (channel, quiet) => {
        this.#change({ kind: 'channel', channel, quiet });
      },
      onWaiting: () => {
        this.#consumer.wake();
      },
      onOverflow: () => {
        if (settings.buffer.overflow === 'disconnect') this.#link.hold('the consumer does not keep up');
      },
    });
    this.#link = this.#newLink(random);
    this.#reader = new FrameReader(settings, {
      protocol,
      log: this.#log,
      onMessages: (connection, messages, receivedMs) => {
        const isCurrent = this.#link.promote(connection);
        if (this.#inbox.accept(messages, receivedMs, isCurrent)) this.#link.heard();
      },
      onRefused: (detail) => {
        this.#change({ kind: 'refused', detail });
      },
      onClosing: (connection) => {
        this.#link.leave(connection);
      },
    });
    this.#consumer = new SoleConsumer({
      source: settings.source,
      inbox: this.#inbox,
      isOver: () => this.#link.state.kind === 'stopped',
      onIdle: () => {
        this.#link.resume();
      },
    });
    if (metrics !== undefined) {
      this.#metrics = new FeedMetrics(settings.source, metrics, () => ({
        counts: this.#counts(),
        lastMessageMs: this.#inbox.lastMessageMs,
        buffered: this.#inbox.size,
        quietChannels: this.#inbox.quietChannels,
      }));
    }
  }

  /**
   * Connects, from now until {@link stop}. Again does nothing.
   *
   * @throws {PortcullisError} `SERVICE_STOPPED` after `stop()`
   */
  start(): void {
    this.#notStopped();
    this.#link.start();
  }

  /**
   * Wants these channels too, now and after every connection.
   *
   * @throws {PortcullisError} `SERVICE_STOPPED` after `stop()`
   */
  subscribe(...channels: readonly string[]): void {
    this.#notStopped();
    if (this.#inbox.wanted.length === 0) this.#link.heard();
    const fresh = this.#inbox.want(channels);
    if (fresh.length > 0) this.#ask('subscribe', fresh);
  }

  /** Wants these channels no longer: nothing more of them is received. What waits already is delivered. */
  unsubscribe(...channels: readonly string[]): void {
    const gone = this.#inbox.forget(channels);
    if (gone.length > 0) this.#ask('unsubscribe', gone);
  }

  /**
   * All messages in order of receipt, as many at a time as wait; for one consumer. Ends after `stop()`, when everything has
   * been delivered, or at once when the signal aborts: what waits then stays for the next consumer.
   *
   * @throws {PortcullisError} `FEED_TAKEN` from the first `next()` while there is another consumer
   */
  batches(signal?: AbortSignal): AsyncGenerator<readonly M[], void, undefined> {
    return this.#consumer.batches(signal);
  }

  status(): FeedStatus {
    return {
      state: this.#link.state,
      lastMessageAgeMs: this.#inbox.lastMessageAgeMs,
      channels: this.#inbox.channels,
      buffered: this.#inbox.size,
      counts: this.#counts(),
    };
  }

  /** Closes the connection in an orderly way, cuts it if that takes too long, and leaves nothing behind. For good. */
  async stop(): Promise<void> {
    const stopped = this.#link.stop();
    this.#inbox.stop();
    this.#consumer.wake();
    await stopped;
    this.#metrics?.[Symbol.dispose]();
    this.#metrics = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #newLink(random: () => number): FeedLink {
    const { protocol, clock, agent, lookup } = this.#deps;
    const { socket } = this.#settings;
    return new FeedLink(this.#settings, {
      clock,
      random,
      connect: this.#deps.connect ?? webSockets(socket, { clock, agent, lookup }),
      url: (signal) => protocol.url(signal),
      ping: protocol.ping === undefined ? undefined : () => protocol.ping?.() ?? '',
      expectsMessages: () => this.#inbox.expectsMessages,
      listener: {
        opened: (connection) => {
          this.#subscribeAll(connection);
        },
        adopted: () => {
          this.#inbox.connected();
        },
        frame: (connection, frame, receivedMs) => {
          this.#reader.read(connection, frame, receivedMs);
        },
        ended: ({ because, detail }) => {
          this.#metrics?.ended(because);
          if (because === 'stopped' || because === 'age') return;
          this.#log.warn(`ended ${because}`, { because, detail }, 'a connection of the feed has ended');
        },
        down: () => {
          this.#inbox.disconnected();
        },
        state: (from, to) => {
          this.#metrics?.state(to.kind);
          this.#change({ kind: 'state', from, to });
        },
      },
    });
  }

  #subscribeAll(connection: FeedConnection): void {
    this.#opened += 1;
    const { wanted } = this.#inbox;
    if (wanted.length === 0) return;
    try {
      for (const frame of this.#deps.protocol.subscribe(wanted)) connection.send(frame);
    } catch (error) {
      connection.end('protocol', `no frames to subscribe with: ${errorText(error)}`);
    }
  }

  #ask(what: 'subscribe' | 'unsubscribe', channels: readonly string[]): void {
    if (!this.#link.isOpen) return;
    try {
      for (const frame of this.#deps.protocol[what]?.(channels) ?? []) this.#link.send(frame);
    } catch (error) {
      this.#log.warn(what, { channels, error: errorText(error) }, `the protocol could not ${what}`);
    }
  }

  #gap(gap: FeedGap): void {
    this.#metrics?.gap(gap.because);
    this.#log.warn(`gap ${gap.because}`, { ...gap }, 'a channel of the feed has a hole');
    this.#guarded('onGap', () => this.#deps.onGap?.(gap));
  }

  #change(change: FeedChange): void {
    this.#guarded('onChange', () => this.#deps.onChange?.(change));
  }

  #guarded(name: string, listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.warn(name, { error: errorText(error) }, `${name} of the feed has thrown`);
    }
  }

  #counts(): FeedCounts {
    const { messages, malformed, duplicates, unwanted, dropped, gaps, snapshots } = this.#inbox;
    const { frames, unreadable, refusals } = this.#reader;
    return {
      connects: this.#link.connects,
      opened: this.#opened,
      frames,
      messages,
      malformed: unreadable + malformed,
      duplicates,
      unwanted,
      dropped,
      gaps,
      snapshots,
      refusals,
    };
  }

  #notStopped(): void {
    if (this.#link.state.kind !== 'stopped') return;
    throw new PortcullisError('SERVICE_STOPPED', `the feed ${this.#settings.source} has been stopped`);
  }
}
