import { type Clock, toGrid } from 'portcullis/core';
import type { MarketFeed } from 'portcullis/market-data';
import { type FeedProtocol, ResilientFeed } from 'portcullis/resilience';
import type { Logger, MetricsRegistry } from 'portcullis/telemetry';
import type { BookSnapshot, Instrument, Level } from 'portcullis/trading';
import { z } from 'zod';
import { type SystemConfig, instrumentsOf, symbolsOf } from '../config.ts';

const level = z.tuple([z.string(), z.string()]);
const messageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('quote'), symbol: z.string(), bids: z.array(level), asks: z.array(level) }),
  z.object({ type: z.literal('following') }),
  z.object({ type: z.literal('refused'), code: z.string() }),
]);

interface Quoted {
  readonly symbol: string;
  readonly snapshot: BookSnapshot;
}

/** The public quotes of the toy exchange: whole books of ten levels, so that one that was missed is made good by the next. */
export class ExchangeFeed implements MarketFeed, AsyncDisposable {
  readonly name = 'exchange';
  readonly #feed: ResilientFeed<Quoted>;
  readonly #symbols: readonly string[];

  constructor(
    config: Pick<SystemConfig, 'instruments' | 'staleAfterMs'>,
    url: string,
    deps: { readonly clock: Clock; readonly metrics?: MetricsRegistry; readonly logger?: Logger },
  ) {
    const symbols = symbolsOf(config);
    this.#symbols = Object.values(symbols);
    const listed = new Map(
      instrumentsOf(config).map((one) => [symbols[one.instrumentId] ?? one.instrumentId, one]),
    );
    this.#feed = new ResilientFeed(
      {
        source: this.name,
        staleAfterMs: 2 * config.staleAfterMs,
        // On this machine it costs nothing to come back at once.
        reconnect: { baseDelayMs: 50, maxDelayMs: 1_000, maxConnects: 100 },
        buffer: { overflow: 'latest-by-channel' },
        socket: { allowPrivateAddresses: true },
      },
      { ...deps, protocol: protocolOf(url, listed) },
    );
  }

  async *batches(signal?: AbortSignal): AsyncGenerator<readonly BookSnapshot[], void, undefined> {
    this.#feed.subscribe(...this.#symbols);
    this.#feed.start();
    for await (const messages of this.#feed.batches(signal)) yield messages.map(({ snapshot }) => snapshot);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#feed.stop();
  }
}

function protocolOf(url: string, listed: ReadonlyMap<string, Instrument>): FeedProtocol<Quoted> {
  let updateId = 0;
  return {
    url: () => `${url.replace(/^http/, 'ws')}/v1/stream`,
    subscribe: (symbols) => [JSON.stringify({ op: 'follow', symbols })],
    channelOf: ({ symbol }) => symbol,
    decode: (frame, receivedMs) => {
      if (typeof frame !== 'string') throw new Error('expected text');
      const message = messageSchema.parse(JSON.parse(frame));
      if (message.type === 'following') return { kind: 'control' };
      if (message.type === 'refused') return { kind: 'refused', detail: message.code };
      const { symbol } = message;
      const instrument = listed.get(symbol);
      if (instrument === undefined) return { kind: 'control' };
      updateId += 1;
      const [bids, asks] = [message.bids, message.asks].map((side) =>
        side.map((one) => levelOf(one, instrument)),
      );
      const { instrumentId } = instrument;
      const snapshot = {
        type: 'snapshot',
        instrumentId,
        receivedMs,
        updateId,
        bids: bids ?? [],
        asks: asks ?? [],
      } as const;
      return { kind: 'messages', messages: [{ symbol, snapshot }] };
    },
  };
}

/** What does not stand on the grid is NaN, and the tracker says that it is malformed. */
const levelOf = ([price, quantity]: readonly [string, string], { grid }: Instrument): Level =>
  ({ price: toGrid(price, grid.tick, 'exact'), quantity: toGrid(quantity, grid.step, 'exact') }) as Level;
