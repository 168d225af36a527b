import { describe, expect, test } from 'vitest';
import { type BarBuilderOptions, BarBuilder, MarketTracker } from '../../src/market-data/index.ts';
import { ManualClock } from '../../src/core/index.ts';
import { lots, ticks } from '../../src/core/units.ts';
import {
  BarMarket,
  type BarMarketOptions,
  type GridBar,
  MatchingEngine,
  barsFromCsv,
} from '../../src/simulation/index.ts';
import { type Bar, defineInstrument, isGood } from '../../src/trading/index.ts';
import { BARS_FILE, barsMissing } from '../support/recorded-bars.ts';
import { bar } from './bars.ts';
import { order, said } from './market.ts';

const MINUTE_MS = 60_000;
const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '1',
  step: '1',
});
const DASH = defineInstrument({
  instrumentId: 'DASHUSDT',
  base: 'DASH',
  quote: 'USDT',
  tick: '0.01',
  step: '0.00001',
});

const play = (bars: readonly GridBar[], options: BarMarketOptions = {}): BarMarket =>
  new BarMarket({ stepsPerBar: 4, levels: 2, ...options }, { instrument, bars });

const rebuild = (market: BarMarket, gaps: BarBuilderOptions['gaps'] = 'flat'): readonly Bar[] => {
  const builder = new BarBuilder({ intervalMs: market.settings.intervalMs, gaps }, market);
  const bars: Bar[] = [];
  for (const event of market) if (event.type === 'trade') bars.push(...builder.add(event));
  return [...bars, ...builder.flush(market.endMs)];
};

const RISING = bar(10_000, 10_030, 9_990, 10_020, 40);
const FALLING = bar(10_020, 10_025, 9_980, 9_985, 80, MINUTE_MS);

describe('BarMarket', () => {
  test('plays a bar as snapshot, trades at the touch, changes and quotes', () => {
    const events = [...play([RISING], { levels: 1, levelVolumeFraction: 0.1 })];
    const about = (receivedMs: number): object => ({
      instrumentId: 'ABC-USD',
      receivedMs,
      exchangeMs: receivedMs,
    });
    const level = (price: number, quantity: number): object => ({ price, quantity });
    expect(events.slice(0, 5)).toEqual([
      { type: 'snapshot', ...about(0), updateId: 1, bids: [level(9_996, 4)], asks: [level(10_000, 4)] },
      { type: 'trade', ...about(0), tradeId: 1, price: 10_000, quantity: 10, aggressor: 'buy' },
      {
        type: 'diff',
        ...about(15_000),
        firstUpdateId: 2,
        updateId: 5,
        bids: [level(9_990, 4), level(9_996, 0)],
        asks: [level(9_994, 4), level(10_000, 0)],
      },
      { type: 'quote', ...about(15_000), updateId: 5, bid: level(9_990, 4), ask: level(9_994, 4) },
      { type: 'trade', ...about(15_000), tradeId: 2, price: 9_990, quantity: 10, aggressor: 'sell' },
    ]);
    expect(
      events.filter((event) => event.type === 'trade').map(({ price, aggressor }) => `${aggressor} ${price}`),
    ).toEqual(['buy 10000', 'sell 9990', 'buy 10030', 'sell 10020']);
  });

  test('repeats the best prices where nothing moves, so that the feed is alive', () => {
    const events = [...play([bar(10_000, 10_000, 10_000, 10_000, 1)])];
    expect(events.map(({ type }) => type)).toEqual(['snapshot', 'trade', 'diff', 'diff', 'diff']);
    const [, , diff] = events;
    expect(diff).toMatchObject({
      firstUpdateId: 2,
      updateId: 3,
      bids: [{ price: 9_996 }],
      asks: [{ price: 10_000 }],
    });
  });

  test('moves the quotes alone where nothing was traded', () => {
    const events = [...play([bar(10_000, 10_030, 9_990, 10_020, 0)])];
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['snapshot', 'diff', 'quote']));
  });

  test('goes over the bars in time, and is silent where some are missing', () => {
    const bars = [RISING, { ...FALLING, openMs: 5 * MINUTE_MS }];
    const times = [...new Set([...play(bars, { latencyMs: 250 })].map(({ receivedMs }) => receivedMs))];
    expect(times).toEqual(
      [0, 15_000, 30_000, 45_000, 300_000, 315_000, 330_000, 345_000].map((ms) => ms + 250),
    );
    expect([play(bars).startMs, play(bars).endMs, play(bars).bars]).toEqual([0, 6 * MINUTE_MS, bars]);
  });

  test('takes spread and depth from finished bars', () => {
    const wild = bar(10_000, 10_200, 9_800, 10_000, 4_000, MINUTE_MS);
    const options: BarMarketOptions = {
      halfSpreadBps: 0,
      rangeSpreadFraction: 0.5,
      levelVolumeFraction: 0.5,
      levels: 1,
    };
    const books = [...play([RISING, wild, { ...RISING, openMs: 2 * MINUTE_MS }], options)].flatMap((event) =>
      event.type === 'quote' ? [`${event.ask.price - event.bid.price} ${event.bid.quantity}`] : [],
    );
    // 40 wide and 40 traded; then the mean of that with 400 and 4,000.
    expect([...new Set(books.slice(0, 6))]).toEqual(['20 20']);
    expect(books.at(-1)).toBe('110 1010');
    const last = [
      ...play([RISING, wild, { ...RISING, openMs: 2 * MINUTE_MS }], { ...options, recentBars: 1 }),
    ]
      .filter((event) => event.type === 'quote')
      .at(-1);
    expect((last?.ask.price ?? NaN) - (last?.bid.price ?? NaN)).toBe(200);
  });

  test('shows at least the quantity asked for', () => {
    const quiet = bar(10_000, 10_000, 10_000, 10_000, 0);
    const [snapshot] = [...play([quiet], { minLevelQuantity: '9' })];
    expect(snapshot).toMatchObject({ bids: [{ quantity: 9 }, { quantity: 9 }] });
  });

  test('is the same again and again', () => {
    const market = play([RISING, FALLING]);
    expect([...market]).toEqual([...market]);
  });

  test('can be read by a tracker without a problem', () => {
    const market = play([RISING, FALLING], { stepsPerBar: 60 });
    const clock = new ManualClock(0);
    const tracker = new MarketTracker({}, { instrumentId: 'ABC-USD', clock });
    for (const event of market) {
      clock.advance(event.receivedMs - clock.nowMs());
      expect(tracker.apply(event).problems).toEqual([]);
    }
    expect(isGood(tracker.view)).toBe(true);
  });

  test('fills an order that rests inside the bar, and one that takes', () => {
    const engine = new MatchingEngine({}, { instrument });
    const filled: string[] = [];
    let first = true;
    for (const event of play([RISING, FALLING])) {
      filled.push(...said(engine.onMarket(event)));
      if (first) filled.push(...said(engine.place(order('low', 'buy', 5, 9_991))));
      if (first) filled.push(...said(engine.place(order('now', 'buy', 1, 10_000, { timeInForce: 'IOC' }))));
      first = false;
    }
    expect(filled).toEqual([
      'low accepted',
      'now accepted',
      'now buy 1 @ 10000 taker',
      'low buy 5 @ 9991 maker',
    ]);
  });

  test('says what it is built on, as plain data and in words', () => {
    const market = new BarMarket({ rangeSpreadFraction: 0.1 }, { instrument, bars: [RISING] });
    expect(JSON.parse(JSON.stringify(market.settings))).toEqual({
      intervalMs: 60_000,
      halfSpreadBps: 2,
      rangeSpreadFraction: 0.1,
      levels: 5,
      levelGapBps: 1,
      levelVolumeFraction: 0.05,
      recentBars: 20,
      stepsPerBar: 12,
      latencyMs: 0,
    });
    expect(market.describe()).toBe(
      '1 bars of 60000 ms played in 12 steps each; ' +
        'half spread 2 bps plus 10 % of the recent mean range, at least one tick; ' +
        '5 levels a side, 1 bps apart, each with 5 % of the recent mean volume, at least 1; ' +
        'recent: the last 20 finished bars; ' +
        'path: open, the nearer of high and low, the other, close; latency 0 ms',
    );
    expect(play([RISING]).describe()).toContain('half spread 2 bps, at least one tick');
  });

  test('rebuilds the recorded week, price by price and volume by volume', async ({ skip }) => {
    if (barsMissing !== undefined) skip(barsMissing);
    const bars = await barsFromCsv(BARS_FILE, { instrument: DASH });
    const rebuilt = rebuild(new BarMarket({ stepsPerBar: 6 }, { instrument: DASH, bars }));
    expect(rebuilt).toHaveLength(10_080);
    const wrong = rebuilt.filter((built, i) => {
      const { openMs, open, high, low, close, volume } = bars[i] as GridBar;
      return !(
        built.openMs === openMs &&
        built.open === open / 100 &&
        built.high === high / 100 &&
        built.low === low / 100 &&
        built.close === close / 100 &&
        built.volume === volume / 100_000
      );
    });
    expect(wrong).toEqual([]);
  });
});

describe('what a bar market is made of', () => {
  test.for<[string, BarMarketOptions, readonly GridBar[], string, string]>([
    ['no bars', {}, [], 'INPUT_INVALID', 'BarMarket: bars: expected at least one, got none'],
    [
      'an impossible bar',
      {},
      [RISING, { ...FALLING, high: ticks(1) }],
      'INPUT_INVALID',
      'BarMarket: bars.1.high: expected at least open, low and close, got 1',
    ],
    [
      'too little volume',
      {},
      [{ ...RISING, volume: lots(3) }],
      'INPUT_INVALID',
      'BarMarket: bars.0.volume: expected at least 4 steps, to trade at each of its prices, got 3',
    ],
    [
      'bars that overlap',
      {},
      [RISING, { ...FALLING, openMs: 59_999 }],
      'INPUT_INVALID',
      'BarMarket: bars.1.openMs: expected 60000, the end of the bar before, or later, got 59999',
    ],
    [
      'more steps than milliseconds',
      { intervalMs: 10, stepsPerBar: 11 },
      [RISING],
      'OPTION_INVALID',
      'BarMarket: stepsPerBar: expected at most one a millisecond, 10, got 11',
    ],
    [
      'a least quantity between two steps',
      { minLevelQuantity: '0.5' },
      [RISING],
      'OPTION_INVALID',
      'BarMarket: minLevelQuantity: expected a positive multiple of 1, got 0.5',
    ],
  ])('is refused: %s', ([, options, bars, code, message]) => {
    expect(() => play(bars, options)).toThrow(expect.objectContaining({ code, message }));
  });

  test.for<[string, object, RegExp]>([
    ['a misspelt option', { halfSpread: 1 }, /BarMarket: .*halfSpread/],
    ['too few steps', { stepsPerBar: 3 }, /stepsPerBar/],
    ['a spread that is none', { halfSpreadBps: NaN }, /halfSpreadBps/],
  ])('is refused: %s', ([, options, message]) => {
    expect(() => play([RISING], options)).toThrow(message);
  });
});
