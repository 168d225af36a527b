import { describe, expect, test } from 'vitest';
import { ManualClock, lots, ticks } from '../../src/core/index.ts';
import { MarketEventPublisher, type MarketEventPublisherOptions } from '../../src/market-data/index.ts';
import { MetricsRegistry } from '../../src/telemetry/index.ts';
import { type Bar, type MarketView, type PublicTrade, defineInstrument } from '../../src/trading/index.ts';
import { parseExposition } from '../support/exposition-parser.ts';
import { RecordingBus } from '../support/recording-bus.ts';
import { levels, quotedAt } from '../support/views.ts';

const BTC = defineInstrument({
  instrumentId: 'BTCUSDT',
  base: 'BTC',
  quote: 'USDT',
  tick: '0.05',
  step: '0.001',
});

function world(options: MarketEventPublisherOptions = {}) {
  const clock = new ManualClock();
  const bus = new RecordingBus();
  const metrics = new MetricsRegistry();
  const publisher = new MarketEventPublisher(options, { bus, clock, metrics, instruments: [BTC] });
  const failures = async (): Promise<number | undefined> => {
    await clock.turn();
    const name = 'trading_bus_publish_failures_total';
    return parseExposition(await metrics.exposition()).find((one) => one.name === name)?.samples[0]?.value;
  };
  return { clock, bus, publisher, failures };
}

const view = (mark: number, more: Partial<MarketView> = {}): MarketView =>
  quotedAt(mark, { instrumentId: 'BTCUSDT', ...more });

const bar: Bar = {
  instrumentId: 'BTCUSDT',
  openMs: 60_000,
  closeMs: 120_000,
  open: 1,
  high: 2.5,
  low: 0.5,
  close: 2,
  volume: 10,
  trades: 3,
};

const trade: PublicTrade = {
  type: 'trade',
  instrumentId: 'BTCUSDT',
  tradeId: 7,
  price: ticks(1_301),
  quantity: lots(12),
  aggressor: 'sell',
  receivedMs: 1_000.5,
  exchangeMs: 990,
};

describe('a quote', () => {
  test('is told at the end of the interval, as decimals of its instrument', () => {
    const { bus, publisher, clock } = world();
    publisher.quote(view(1_300, { receivedMs: 5, exchangeMs: 3 }));
    clock.advance(249);
    expect(bus.published).toEqual([]);
    clock.advance(1);
    expect(bus.published).toEqual([
      {
        type: 'market.quote-updated',
        data: {
          instrumentId: 'BTCUSDT',
          bid: { price: '64.95', quantity: '0.050' },
          ask: { price: '65.05', quantity: '0.050' },
          mark: '65.00',
          isGood: true,
          receivedMs: 5,
          exchangeMs: 3,
        },
        options: { atMs: 5 },
      },
    ]);
  });

  test('is the last of its interval, and one for each interval at most', () => {
    const { bus, publisher, clock } = world({ everyMs: 100 });
    for (let mark = 1_001; mark <= 1_100; mark += 1) publisher.quote(view(mark));
    clock.advance(100);
    expect(bus.take()).toMatchObject([{ mark: '55.00' }]);
    publisher.quote(view(1_200));
    clock.advance(99);
    expect(bus.take()).toEqual([]);
    clock.advance(1);
    expect(bus.take()).toMatchObject([{ mark: '60.00' }]);
  });

  test('is not told again while prices, quantities and quality stay', () => {
    const { bus, publisher, clock } = world({ everyMs: 100 });
    const told = (next: MarketView): unknown[] => {
      publisher.quote(next);
      clock.advance(100);
      return bus.take();
    };
    expect(told(view(1_000))).toHaveLength(1);
    expect(told(view(1_000, { receivedMs: 9, bids: levels([999, 50], [998, 1]) }))).toEqual([]);
    expect(told(view(1_000, { bids: levels([999, 51]) }))).toHaveLength(1);
    const stale = { code: 'STALE', instrumentId: 'BTCUSDT', blocking: true } as const;
    expect(told(view(1_000, { bids: levels([999, 51]), problems: [stale] }))).toMatchObject([
      { isGood: false },
    ]);
  });

  test('that stays the same is told again once the market has confirmed it so much later, by a clock that was set back as well', () => {
    const { bus, publisher, clock } = world({ everyMs: 100, refreshMs: 1_000 });
    const told = (receivedMs: number): number => {
      publisher.quote(view(1_000, { receivedMs }));
      clock.advance(100);
      return bus.take().length;
    };
    expect([5_000, 5_999, 6_000, 6_999, 7_000].map(told)).toEqual([1, 0, 1, 0, 1]);
    expect([7_000, 6_001, 6_000].map(told)).toEqual([0, 0, 1]);
    clock.advance(60_000);
    expect(bus.take()).toEqual([]); // nobody has confirmed it
  });

  test('says which side is empty', () => {
    const { bus, publisher, clock } = world();
    publisher.quote(view(1_000, { bids: [], mark: ticks(NaN) }));
    clock.advance(250);
    expect(bus.take()).toEqual([
      {
        instrumentId: 'BTCUSDT',
        ask: { price: '50.05', quantity: '0.050' },
        isGood: false,
        receivedMs: 0,
      },
    ]);
    publisher.quote(view(1_000, { asks: [], mark: ticks(NaN) }));
    clock.advance(250);
    expect(bus.take()).toEqual([
      {
        instrumentId: 'BTCUSDT',
        bid: { price: '49.95', quantity: '0.050' },
        isGood: false,
        receivedMs: 0,
      },
    ]);
  });

  test('is none before there was a price', async () => {
    const { bus, publisher, clock, failures } = world();
    publisher.quote(view(1_000, { receivedMs: -Infinity, bids: [], asks: [] }));
    clock.advance(250);
    expect(bus.published).toEqual([]);
    expect(await failures()).toBe(0);
  });

  test('of an unknown instrument is counted, not told', async () => {
    const { bus, publisher, clock, failures } = world();
    publisher.quote(quotedAt(100, { instrumentId: 'GOLD' }));
    clock.advance(250);
    expect(bus.published).toEqual([]);
    expect(await failures()).toBe(1);
  });

  test('that waits is told at the end', () => {
    const { bus, publisher, clock } = world();
    publisher.quote(view(1_000));
    publisher[Symbol.dispose]();
    expect(bus.take()).toHaveLength(1);
    publisher.quote(view(2_000));
    clock.advance(1_000);
    expect(bus.take()).toEqual([]);
  });
});

describe('a bar', () => {
  test('is told at once, as of its end, under an id of its own', () => {
    const { bus, publisher } = world();
    publisher.bar(bar);
    expect(bus.published).toEqual([
      {
        type: 'market.bar-closed',
        data: bar,
        options: { id: 'bar:BTCUSDT:60000:120000', atMs: 120_000 },
      },
    ]);
  });

  test('that cannot be is counted, not told', async () => {
    const { bus, publisher, failures } = world();
    publisher.bar({ ...bar, close: NaN });
    expect(bus.published).toEqual([]);
    expect(await failures()).toBe(1);
  });
});

describe('a trade', () => {
  test('is told at once, as of when the venue says, under an id of its own', () => {
    const { bus, publisher } = world();
    publisher.trade(trade);
    expect(bus.published).toEqual([
      {
        type: 'market.trade-printed',
        data: {
          instrumentId: 'BTCUSDT',
          tradeId: '7',
          price: '65.05',
          quantity: '0.012',
          aggressor: 'sell',
          receivedMs: 1_000.5,
          exchangeMs: 990,
        },
        options: { id: 'trade:BTCUSDT:7', atMs: 990 },
      },
    ]);
  });

  test('is as of its receipt where the venue does not say', () => {
    const { bus, publisher } = world();
    const { exchangeMs: _, ...unsaid } = trade;
    publisher.trade(unsaid);
    expect(bus.published).toMatchObject([{ options: { atMs: 1_000.5 } }]);
  });
});

test('a misspelt option is refused by name', () => {
  expect(() => world({ every: 1 } as never)).toThrow(/MarketEventPublisher: .*every/);
  expect(() => world({ everyMs: 0 })).toThrow(/everyMs/);
});
