import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/decimal.ts';
import { SimulatedMarket, type SimulatedMarketOptions } from '../../src/simulation/index.ts';
import { type BestQuote, type MarketEvent, defineInstrument } from '../../src/trading/index.ts';

const HOUR_MS = 3_600_000;
const START_MS = 1_704_067_200_000;

const instrument = defineInstrument({
  instrumentId: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.01',
  step: '0.00001',
});

const market = (options: SimulatedMarketOptions = {}): SimulatedMarket =>
  new SimulatedMarket(options, { instrument });

const quotes = (options: SimulatedMarketOptions): BestQuote[] =>
  [...market({ stepMs: 10_000, ...options })].filter((event): event is BestQuote => event.type === 'quote');

const between = (all: readonly BestQuote[], fromHour: number, toHour: number): BestQuote[] =>
  all.filter(({ exchangeMs }) => {
    const hour = ((exchangeMs ?? 0) - START_MS) / HOUR_MS;
    return hour >= fromHour && hour < toHour;
  });

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const mid = ({ bid, ask }: BestQuote): number => (bid.price + ask.price) / 2;
const spreadBps = (quote: BestQuote): number => ((quote.ask.price - quote.bid.price) / mid(quote)) * 10_000;
const first = <T>(values: readonly T[]): T => {
  const [value] = values;
  if (value === undefined) throw new Error('expected at least one');
  return value;
};
const last = <T>(values: readonly T[]): T => first(values.slice(-1));

describe('SimulatedMarket', () => {
  test('says with its defaults all that the events depend on, as plain data', () => {
    const { settings } = market({ seed: 7, startPrice: decimal('100.50') });
    expect(JSON.parse(JSON.stringify(settings))).toEqual({
      seed: 7,
      startMs: START_MS,
      days: 3,
      stepMs: 2_500,
      startPrice: '100.5',
      dailyDriftFraction: 0,
      dailyVolatilityFraction: 0.03,
      spreadBps: 1,
      levels: 10,
      levelQuantity: '2',
      tradeQuantity: '0.3',
      tradesPerStep: 0.6,
      latencyMs: 10,
      crash: {
        atFraction: 0.6,
        depthFraction: 0.12,
        fallMinutes: 30,
        recoveryFraction: 0.4,
        recoveryMinutes: 240,
      },
    });
  });

  test('begins with one snapshot round the start price', () => {
    const events = [...market({ days: 0.01 })];
    const [snapshot] = events;
    expect(events.filter(({ type }) => type === 'snapshot')).toEqual([snapshot]);
    expect(snapshot).toMatchObject({ type: 'snapshot', exchangeMs: START_MS, updateId: 1 });
    if (snapshot?.type !== 'snapshot') return;
    expect([snapshot.bids.length, snapshot.asks.length]).toEqual([10, 10]);
    expect(first(snapshot.bids).price).toBeGreaterThan(4_990_000);
    expect(first(snapshot.asks).price).toBeLessThan(5_010_000);
  });

  test('a run shorter than a step is the snapshot alone', () => {
    expect([...market({ days: 1e-6 })]).toHaveLength(1);
  });

  test('makes some 85,000 events a day', () => {
    let count = 0;
    for (const _ of market({ days: 1 })) count += 1;
    expect(count).toBeGreaterThan(60_000);
    expect(count).toBeLessThan(110_000);
  });

  test('is made as it is read', () => {
    const events = market({ days: 10_000 })[Symbol.iterator]();
    const types = new Set<string>();
    for (let n = 0; n < 100; n += 1) types.add((events.next().value as MarketEvent).type);
    expect(types).toEqual(new Set(['snapshot', 'trade', 'diff', 'quote']));
  });

  test('another seed is another market', () => {
    const prices = [1, 2].map((seed) => mid(last(quotes({ seed, days: 0.05 }))));
    expect(prices[0]).not.toBe(prices[1]);
  });

  test('drifts by as much a day as asked', () => {
    const all = quotes({ days: 1, dailyDriftFraction: 0.1, dailyVolatilityFraction: 0, crash: 'none' });
    expect(mid(last(all)) / 5_000_000).toBeCloseTo(Math.exp(0.1), 3);
  });

  test('more happens in the busy hours than in the quiet ones', () => {
    const all = quotes({ days: 1, crash: 'none', dailyVolatilityFraction: 0.001 });
    expect(between(all, 13, 17).length).toBeGreaterThan(1.2 * between(all, 1, 5).length);
  });

  test('takers go with the price more often than against it', () => {
    let [along, against, pressure, before] = [0, 0, 0, NaN];
    for (const event of market({ days: 0.5, crash: 'none' })) {
      if (event.type === 'trade') pressure += event.aggressor === 'buy' ? 1 : -1;
      if (event.type !== 'quote') continue;
      const move = (mid(event) - before) * pressure;
      if (move > 0) along += 1;
      if (move < 0) against += 1;
      [pressure, before] = [0, mid(event)];
    }
    expect(along).toBeGreaterThan(1.2 * against);
  });

  test('trades are sometimes larger than the touch and walk the levels', () => {
    let walked = false;
    let previous: MarketEvent | undefined;
    for (const event of market({ days: 0.1, tradeQuantity: '3' })) {
      walked ||=
        event.type === 'trade' &&
        previous?.type === 'trade' &&
        previous.price !== event.price &&
        previous.exchangeMs === event.exchangeMs;
      previous = event;
    }
    expect(walked).toBe(true);
  });

  test('arrives later than it happened, by the latency on average', () => {
    const delays = [...market({ days: 0.2, latencyMs: 100 })].map(
      ({ receivedMs, exchangeMs = NaN }) => receivedMs - exchangeMs,
    );
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(50);
    expect(mean(delays)).toBeGreaterThan(90);
    expect(mean(delays)).toBeLessThan(140);
  });
});

describe('the crash', () => {
  // Falls for an hour from hour 12 on, then comes half back within four hours.
  const crash = {
    atFraction: 0.5,
    depthFraction: 0.2,
    fallMinutes: 60,
    recoveryFraction: 0.5,
    recoveryMinutes: 240,
  };
  const all = quotes({ days: 1, dailyVolatilityFraction: 0.005, crash });

  test('falls by its depth, then comes back in part', () => {
    const [before, bottom, after] = [12, 13, 18].map((hour) => mid(last(between(all, hour - 1, hour))));
    expect((bottom ?? 0) / (before ?? 1)).toBeCloseTo(0.8, 1);
    expect((after ?? 0) / (before ?? 1)).toBeCloseTo(Math.sqrt(0.8), 1);
  });

  test('widens the spread and thins the depth while it lasts', () => {
    const [before, during, after] = [
      [11, 12],
      [12.3, 13],
      [18, 19],
    ].map(([from = 0, to = 0]) => between(all, from, to));
    const spreads = [before, during, after].map((part) => mean((part ?? []).map(spreadBps)));
    const depths = [before, during, after].map((part) => mean((part ?? []).map(({ bid }) => bid.quantity)));
    expect(spreads[1]).toBeGreaterThan(3 * (spreads[0] ?? NaN));
    expect(spreads[1]).toBeGreaterThan(3 * (spreads[2] ?? NaN));
    expect(depths[1]).toBeLessThan(0.5 * (depths[0] ?? NaN));
    expect(depths[1]).toBeLessThan(0.5 * (depths[2] ?? NaN));
  });

  test('is sold', () => {
    const events = [...market({ days: 0.2, crash: { ...crash, atFraction: 0 } })];
    const sells = events.filter((event) => event.type === 'trade' && event.aggressor === 'sell').length;
    const trades = events.filter(({ type }) => type === 'trade').length;
    expect(sells / trades).toBeGreaterThan(0.55);
  });

  test('can be left out', () => {
    const calm = quotes({ days: 1, dailyVolatilityFraction: 0.005, crash: 'none' });
    expect(Math.min(...calm.map(mid))).toBeGreaterThan(0.95 * 5_000_000);
  });
});

describe('options', () => {
  test.for<[string, unknown, RegExp]>([
    ['a misspelt one', { sead: 1 }, /SimulatedMarket: .*sead/],
    ['a price that is a number', { startPrice: 50_000 }, /startPrice: expected a plain decimal/],
    [
      'a price between two ticks',
      { startPrice: '0.001' },
      /startPrice: expected a positive multiple of 0.01, got 0.001/,
    ],
    ['a price of nothing', { startPrice: '0' }, /startPrice: expected a positive multiple/],
    [
      'a quantity between two steps',
      { levelQuantity: '0.000001' },
      /levelQuantity: expected a positive multiple/,
    ],
    ['a negative quantity', { tradeQuantity: '-1' }, /tradeQuantity: expected a positive multiple/],
    ['no days', { days: 0 }, /days/],
    ['NaN', { dailyVolatilityFraction: NaN }, /dailyVolatilityFraction/],
    ['a crash to nothing', { crash: { depthFraction: 1 } }, /depthFraction/],
    ['a crash that is neither', { crash: 'off' }, /crash/],
  ])('refuse %s', ([, options, message]) => {
    expect(() => market(options as SimulatedMarketOptions)).toThrow(message);
  });
});
