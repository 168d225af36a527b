import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { idSchema } from '../core/ids.ts';
import { parseOptions } from '../core/options.ts';
import { feedOptionsSchema } from '../resilience/feed/feed-options.ts';
import { webSockets } from '../resilience/feed/web-socket.ts';
import { type FeedStatus, ResilientFeed, type ResilientFeedDeps } from '../resilience/index.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent } from '../trading/market-event.ts';
import { BinanceProtocol, type BinanceStreams } from './binance-protocol.ts';
import { DiffChain } from './diff-chain.ts';
import type { MarketFeed } from './market-feed.ts';
import { pacedConnect } from './paced-connect.ts';

/** The most that one connection may listen to. Binance, "WebSocket Streams", limits; looked at 2026-11-21. */
const MOST_STREAMS = 1_024;
/**
 * Binance takes 5 messages in any second, pings and pongs among them (the same page), and closes with 1008 beyond. So at most
 * 3 frames in any second, which leaves room for a ping and a pong.
 */
const FRAME_EVERY_MS = 350;

const schema = z.strictObject({
  /** Its name in metrics, logs and errors. Default `binance`. */
  name: idSchema.default('binance'),
  /** Without a path; `wss://data-stream.binance.vision` has market data alone. Default `wss://stream.binance.com:9443`. */
  url: z
    .string()
    .regex(/^wss?:\/\/[^/?#]+$/, 'expected ws: or wss: and a host, without a path')
    .default('wss://stream.binance.com:9443'),
  /** Changes of the book each 100 ms. Default true. */
  depth: z.boolean().default(true),
  /** Best quotes as they change. Default true. */
  quotes: z.boolean().default(true),
  /** Default true. */
  trades: z.boolean().default(true),
  /** Of the connection, see `ResilientFeedOptions`. Binance cuts it after 24 hours; by default it is replaced after 23. */
  feed: feedOptionsSchema.omit({ source: true }).prefault({}),
});

/** @interface */
export type BinanceMarketFeedOptions = z.input<typeof schema>;

export interface BinanceMarketFeedDeps extends Omit<ResilientFeedDeps<MarketEvent>, 'protocol'> {
  readonly clock: Clock;
  /** Each is subscribed to from the start. */
  readonly instruments: readonly Instrument[];
  /**
   * Asks for `/api/v3/depth` of an instrument's symbol, with a limit of up to 5,000 levels, and gives the parsed answer. Called
   * at the start and after each gap, again after a failure, a few at once: it should keep to the weights of the venue, as
   * `binanceDepth` does.
   */
  readonly snapshot: (instrument: Instrument, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Books, quotes and trades of Binance spot, live. It comes back by itself; after a gap it fetches the book anew, which a
 * `MarketTracker` shows as `SEQUENCE_GAP` until then. It connects with `start()`, or when it is first asked for its events.
 *
 * While it is silent no event makes a tracker look at the time: its owner must call `tracker.check()` on a timer, such as
 * `clock.every(100, () => tracker.check())`, else its view never becomes `STALE`. A `FeedFailover` does so for its own, for one
 * feed too.
 */
export class BinanceMarketFeed implements MarketFeed {
  /** As in the options. */
  readonly name: string;
  readonly #streams: BinanceStreams;
  readonly #protocol: BinanceProtocol;
  readonly #feed: ResilientFeed<MarketEvent>;
  readonly #chains = new Map<string, DiffChain>();

  /** @throws {PortcullisError} `OPTION_INVALID`, also for more than 1,024 streams; `INSTRUMENT_KIND_UNSUPPORTED` for anything but spot; `METRIC_CONFLICT` */
  constructor(options: BinanceMarketFeedOptions, deps: BinanceMarketFeedDeps) {
    const { name, url, feed, ...streams } = parseOptions('BinanceMarketFeed', schema, options);
    const { instruments, snapshot, clock, agent, lookup } = deps;
    this.name = name;
    this.#streams = streams;
    this.#protocol = new BinanceProtocol({ url, instruments, snapshot, clock });
    const channels = this.#channelsOf(instruments.map(({ instrumentId }) => instrumentId));
    if (channels.length === 0 || channels.length > MOST_STREAMS) {
      throw new PortcullisError(
        'OPTION_INVALID',
        `BinanceMarketFeed: instruments: expected 1 to ${MOST_STREAMS} streams, got ${channels.length}`,
      );
    }
    const connect = deps.connect ?? webSockets(feed.socket, { clock, agent, lookup });
    this.#feed = new ResilientFeed(
      { ...feed, source: name },
      { ...deps, protocol: this.#protocol, connect: pacedConnect(connect, FRAME_EVERY_MS, clock) },
    );
    this.#feed.subscribe(...channels);
    for (const { instrumentId } of instruments) this.#chains.set(instrumentId, new DiffChain());
  }

  /**
   * Connects, from now until `stop()`.
   *
   * @throws {PortcullisError} `SERVICE_STOPPED` after `stop()`
   */
  start(): void {
    this.#feed.start();
  }

  /**
   * For one consumer. Connects where `start()` has not been called. Ends after `stop()`, or at once when the signal aborts.
   *
   * @throws {PortcullisError} `FEED_TAKEN` while there is another consumer
   */
  async *batches(signal?: AbortSignal): AsyncGenerator<readonly MarketEvent[], void, undefined> {
    if (signal?.aborted !== true && this.#feed.status().state.kind === 'idle') this.#feed.start();
    for await (const events of this.#feed.batches(signal)) {
      yield events.map((event) => this.#chains.get(event.instrumentId)?.next(event) ?? event);
    }
  }

  /**
   * Wants these of its instruments again.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`; `SERVICE_STOPPED`
   */
  subscribe(...instrumentIds: readonly string[]): void {
    this.#feed.subscribe(...this.#channelsOf(instrumentIds));
  }

  /**
   * Wants these of its instruments no longer.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`
   */
  unsubscribe(...instrumentIds: readonly string[]): void {
    this.#feed.unsubscribe(...this.#channelsOf(instrumentIds));
  }

  /**
   * Gets the book of an instrument anew, for a tracker that has been in `SEQUENCE_GAP` or `NO_BOOK` for longer than the feed
   * needs, such as ten seconds: one that could not keep all changes until the snapshot. Does nothing while a book is on its
   * way, or when its changes are not wanted.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN`; `SERVICE_STOPPED`
   */
  refresh(instrumentId: string): void {
    const depthOnly = { depth: this.#streams.depth, quotes: false, trades: false };
    const [channel] = this.#channelsOf([instrumentId], depthOnly);
    const status = this.#feed.status().channels.find((one) => one.channel === channel);
    // One that has said nothing since it was asked for gets its book with the first change.
    if (channel === undefined || status?.ageMs === undefined || status.awaitsSnapshot) return;
    this.#feed.unsubscribe(channel);
    this.#feed.subscribe(channel);
  }

  status(): FeedStatus {
    return this.#feed.status();
  }

  /** For good. */
  stop(): Promise<void> {
    return this.#feed.stop();
  }

  #channelsOf(instrumentIds: readonly string[], streams = this.#streams): readonly string[] {
    return instrumentIds.flatMap((instrumentId) => {
      const channels = this.#protocol.channels(instrumentId, streams);
      if (channels !== undefined) return channels;
      throw new PortcullisError(
        'INSTRUMENT_UNKNOWN',
        `BinanceMarketFeed: ${instrumentId} is none of its instruments`,
      );
    });
  }
}
