import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  BinanceMarketFeed,
  type BinanceMarketFeedDeps,
  type BinanceMarketFeedOptions,
  MarketTracker,
} from '../../src/market-data/index.ts';
import type { FeedSocketListener } from '../../src/resilience/index.ts';
import { type Instrument, type MarketView, defineInstrument } from '../../src/trading/index.ts';
import { BTC } from '../support/market-events.ts';

const many = (count: number): readonly Instrument[] =>
  Array.from({ length: count }, (_, i) =>
    defineInstrument({ instrumentId: `A${i}`, base: `A${i}`, quote: 'USDT', tick: '0.01', step: '0.01' }),
  );

function setup(options: BinanceMarketFeedOptions = {}, deps: Partial<BinanceMarketFeedDeps> = {}) {
  const clock = new ManualClock(1_000);
  const urls: string[] = [];
  const sent: string[] = [];
  const sockets: FeedSocketListener[] = [];
  const feed = new BinanceMarketFeed(options, {
    clock,
    instruments: [BTC],
    snapshot: () => new Promise(() => {}),
    connect: (url, listener) => {
      urls.push(url);
      sockets.push(listener);
      const end = (): void => listener.ended({ because: 'closed', detail: 'gone' });
      return { send: (frame) => sent.push(frame), ping: () => {}, close: end, terminate: end };
    },
    ...deps,
  });
  return { clock, feed, urls, sent, sockets };
}

const depthFrame = (U: number, u: number): string =>
  JSON.stringify({
    stream: 'btcusdt@depth@100ms',
    data: { e: 'depthUpdate', E: 990, s: 'BTCUSDT', U, u, b: [], a: [] },
  });

describe('BinanceMarketFeed', () => {
  test('is called binance and connects to Binance unless told otherwise, once it is started', async () => {
    const { clock, feed, urls } = setup();
    await clock.turn();
    expect([feed.name, urls]).toEqual(['binance', []]);
    feed.start();
    await clock.turn();
    expect(urls).toEqual(['wss://stream.binance.com:9443/stream']);
    const other = setup({ name: 'testnet', url: 'wss://stream.testnet.binance.vision' });
    other.feed.start();
    await clock.turn();
    expect([other.feed.name, other.urls]).toEqual([
      'testnet',
      ['wss://stream.testnet.binance.vision/stream'],
    ]);
  });

  test('asks for 1,024 streams in frames that come no faster than the venue takes them', async () => {
    const { clock, feed, sent, sockets } = setup(
      { quotes: false, trades: false },
      { instruments: many(1_024) },
    );
    feed.start();
    await clock.turn();
    sockets[0]?.opened();
    expect(sent).toHaveLength(1);
    clock.advance(999);
    expect(sent).toHaveLength(3);
    clock.advance(1_000);
    expect(sent).toHaveLength(6);
    expect(sent.flatMap((frame) => (JSON.parse(frame) as { params: string[] }).params)).toHaveLength(1_024);
  });

  test('refuses 1,025 streams, and none', () => {
    expect(() => setup({ quotes: false, trades: false }, { instruments: many(1_025) })).toThrow(
      'BinanceMarketFeed: instruments: expected 1 to 1024 streams, got 1025',
    );
    expect(() => setup({}, { instruments: many(342) })).toThrow('got 1026');
    expect(() => setup({ depth: false, quotes: false, trades: false })).toThrow('got 0');
  });

  test('tells events in ids that never go back, whatever the venue counts', async () => {
    const { clock, feed, sockets } = setup({ feed: { restartAfterDuplicates: 2 } });
    feed.start();
    await clock.turn();
    sockets[0]?.opened();
    const say = (U: number, u: number): void => sockets[0]?.frame(depthFrame(U, u));
    say(100, 110);
    say(105, 115);
    for (const id of [1, 2, 3]) say(id, id);
    const ranges: unknown[] = [];
    for await (const events of feed.batches()) {
      for (const event of events)
        if (event.type === 'diff') ranges.push([event.firstUpdateId, event.updateId]);
      break;
    }
    expect(ranges).toEqual([
      [100, 110],
      [111, 115],
      [117, 117],
      [118, 118],
    ]);
    await feed.stop();
  });

  test('connects when its events are asked for, unless it was started or the signal has aborted', async () => {
    const { clock, feed, urls } = setup();
    for await (const _ of feed.batches(AbortSignal.abort())) expect.unreachable();
    await clock.turn();
    expect(urls).toEqual([]);
    const stop = new AbortController();
    const next = feed.batches(stop.signal).next();
    await clock.turn();
    expect(urls).toHaveLength(1);
    feed.start();
    stop.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    await clock.turn();
    expect(urls).toHaveLength(1);
    await feed.stop();
    expect(await feed.batches().next()).toEqual({ done: true, value: undefined });
  });

  test('a consumer that does not keep up sees a stale view', async () => {
    const snapshot = async () => ({ lastUpdateId: 100, bids: [['100.00', '1']], asks: [['101.00', '1']] });
    const { clock, feed, sockets } = setup({}, { snapshot });
    const tracker = new MarketTracker({}, { instrumentId: BTC.instrumentId, clock });
    feed.start();
    await clock.turn();
    sockets[0]?.opened();
    sockets[0]?.frame(depthFrame(101, 101));
    await clock.turn();
    clock.advance(2_001);
    sockets[0]?.frame(depthFrame(102, 102));
    const views: MarketView[] = [];
    for await (const events of feed.batches()) {
      for (const event of events) views.push(tracker.apply(event));
      break;
    }
    const [, old, fresh] = views;
    expect(old).toMatchObject({ receivedMonotonicMs: 0, problems: [{ code: 'STALE', blocking: true }] });
    expect(fresh).toMatchObject({ receivedMonotonicMs: 2_001, problems: [] });
    await feed.stop();
  });

  test('a tracker that could not keep all changes until the snapshot gets another', async () => {
    const answers: ((book: unknown) => void)[] = [];
    const snapshot = (): Promise<unknown> => new Promise((resolve) => answers.push(resolve));
    const book = (lastUpdateId: number) => ({
      lastUpdateId,
      bids: [['100.00', '1']],
      asks: [['101.00', '1']],
    });
    const { clock, feed, sockets, sent } = setup({ quotes: false, trades: false }, { snapshot });
    const tracker = new MarketTracker({ maxWaitingDiffs: 5 }, { instrumentId: BTC.instrumentId, clock });
    const taking = (async () => {
      for await (const events of feed.batches()) for (const event of events) tracker.apply(event);
    })();
    feed.start();
    await clock.turn();
    sockets[0]?.opened();
    feed.refresh(BTC.instrumentId);
    for (let id = 101; id < 120; id += 1) sockets[0]?.frame(depthFrame(id, id));
    await clock.turn();
    feed.refresh(BTC.instrumentId);
    expect([answers.length, sent.length]).toEqual([1, 1]);
    answers[0]?.(book(105));
    await clock.turn();
    expect(tracker.view.problems).toMatchObject([{ code: 'SEQUENCE_GAP' }]);
    feed.refresh(BTC.instrumentId);
    clock.advance(700);
    expect(sent.map((frame) => (JSON.parse(frame) as { method: string }).method)).toEqual([
      'SUBSCRIBE',
      'UNSUBSCRIBE',
      'SUBSCRIBE',
    ]);
    sockets[0]?.frame(depthFrame(120, 120));
    await clock.turn();
    answers[1]?.(book(119));
    await clock.turn();
    expect([tracker.view.problems, answers.length]).toEqual([[], 2]);
    await feed.stop();
    await taking;
  });

  test('without changes of the book there is none to get anew', async () => {
    const { clock, feed, sent, sockets } = setup({ depth: false });
    feed.start();
    await clock.turn();
    sockets[0]?.opened();
    feed.refresh(BTC.instrumentId);
    clock.advance(1_000);
    expect(sent).toHaveLength(1);
    await feed.stop();
  });

  test.each([
    ['refresh', (feed: BinanceMarketFeed) => feed.refresh('XRP')],
    ['subscribe', (feed: BinanceMarketFeed) => feed.subscribe('XRP')],
    ['unsubscribe', (feed: BinanceMarketFeed) => feed.unsubscribe('XRP')],
  ])('refuses to %s an instrument that is none of its own', (_what, act) => {
    expect(() => act(setup().feed)).toThrow(expect.objectContaining({ code: 'INSTRUMENT_UNKNOWN' }));
  });

  test.each([
    ['url', { url: 'wss://stream.binance.com:9443/ws' }],
    ['url', { url: 'https://stream.binance.com' }],
    ['name', { name: '' }],
    ['feed', { feed: { source: 'x' } } as never],
    ['trade', { trade: false } as never],
  ])('refuses a bad or misspelt option by name: %s', (name, options) => {
    expect(() => setup(options)).toThrow(name);
  });
});
