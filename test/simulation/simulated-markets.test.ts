import { describe, expect, test } from 'vitest';
import { SimulatedMarkets, type SimulatedMarketsOptions } from '../../src/simulation/index.ts';
import {
  type BestQuote,
  type BookSnapshot,
  type Instrument,
  type MarketEvent,
  defineInstrument,
} from '../../src/trading/index.ts';
import { mean, pearson } from './statistics.ts';

const HOUR_MS = 3_600_000;
const START_MS = 1_704_067_200_000; // a Monday
const IDS = ['BTC-USD', 'ETH-USD', 'SOL-USD'];

const instrument = (instrumentId: string): Instrument =>
  defineInstrument({
    instrumentId,
    base: instrumentId.slice(0, 3),
    quote: 'USD',
    tick: '0.01',
    step: '0.0001',
  });

const markets = ({
  instruments = [{ instrumentId: 'BTC-USD' }],
  ...options
}: Partial<SimulatedMarketsOptions>): SimulatedMarkets =>
  new SimulatedMarkets(
    { crash: 'none', days: 1, stepMs: 10_000, ...options, instruments },
    { instruments: IDS.map(instrument) },
  );

const of = (events: Iterable<MarketEvent>, instrumentId: string): MarketEvent[] =>
  [...events].filter((event) => event.instrumentId === instrumentId);
const quotes = (events: Iterable<MarketEvent>): BestQuote[] =>
  [...events].filter((event): event is BestQuote => event.type === 'quote');
const mid = ({ bid, ask }: BestQuote): number => (bid.price + ask.price) / 2;
const spreadBps = (quote: BestQuote): number => ((quote.ask.price - quote.bid.price) / mid(quote)) * 1e4;
const hourOf = ({ exchangeMs = NaN }: MarketEvent): number => (exchangeMs - START_MS) / HOUR_MS;
const between = <T extends MarketEvent>(events: readonly T[], from: number, to: number): T[] =>
  events.filter((event) => hourOf(event) >= from && hourOf(event) < to);

/** Logarithms of the price at the end of each five minutes. */
const closes = (events: Iterable<MarketEvent>, instrumentId: string): number[] => {
  const byBar = new Map<number, number>();
  for (const quote of quotes(of(events, instrumentId)))
    byBar.set(Math.floor(hourOf(quote) * 12), Math.log(mid(quote)));
  return [...byBar.values()];
};
const returns = (values: readonly number[]): number[] =>
  values.slice(1).map((value, i) => value - (values[i] ?? NaN));

describe('SimulatedMarkets', () => {
  test('says with its defaults all that the events depend on, as plain data', () => {
    const { settings } = markets({ instruments: [{ instrumentId: 'ETH-USD' }], seed: 4 });
    expect(JSON.parse(JSON.stringify(settings))).toEqual({
      seed: 4,
      startMs: START_MS,
      days: 1,
      stepMs: 10_000,
      latencyMs: 10,
      crash: 'none',
      instruments: [
        {
          instrumentId: 'ETH-USD',
          startPrice: '50000',
          dailyDriftFraction: 0,
          dailyVolatilityFraction: 0.03,
          spreadBps: 1,
          levels: 10,
          levelQuantity: '2',
          tradeQuantity: '0.3',
          tradesPerStep: 0.6,
          crashLoading: 1,
          illiquidHours: [],
        },
      ],
      correlation: { kind: 'independent' },
      disturbances: [],
    });
  });

  test('takes the instruments in the order of the options', () => {
    const made = markets({ instruments: [{ instrumentId: 'SOL-USD' }, { instrumentId: 'BTC-USD' }] });
    expect(made.instruments.map(({ instrumentId }) => instrumentId)).toEqual(['SOL-USD', 'BTC-USD']);
  });

  test('gives each instrument its own price, volatility, spread, depth and activity', () => {
    const events = [
      ...markets({
        instruments: [
          { instrumentId: 'BTC-USD', startPrice: '60000', levels: 5, tradesPerStep: 2 },
          {
            instrumentId: 'SOL-USD',
            startPrice: '150',
            dailyVolatilityFraction: 0.09,
            spreadBps: 20,
            levelQuantity: '300',
            tradesPerStep: 0.2,
          },
        ],
      }),
    ];
    const [btc, sol] = ['BTC-USD', 'SOL-USD'].map((id) => of(events, id));
    const first = (all: MarketEvent[] = []): BookSnapshot => all[0] as BookSnapshot;
    expect(first(btc).bids).toHaveLength(5);
    expect(first(btc).bids[0]?.price).toBeCloseTo(6_000_000, -4);
    expect(first(sol).bids[0]?.price).toBeCloseTo(15_000, -2);
    expect(mean(quotes(sol ?? []).map(spreadBps))).toBeGreaterThan(
      8 * mean(quotes(btc ?? []).map(spreadBps)),
    );
    expect(mean(first(sol).asks.map(({ quantity }) => quantity))).toBeGreaterThan(1e6);
    const trades = (all: MarketEvent[] = []): number => all.filter(({ type }) => type === 'trade').length;
    expect(trades(btc)).toBeGreaterThan(5 * trades(sol));
    const deviation = (id: string): number =>
      Math.sqrt(mean(returns(closes(events, id)).map((value) => value * value)));
    expect(deviation('SOL-USD') / deviation('BTC-USD')).toBeCloseTo(3, 0);
  });

  test.for<[string, SimulatedMarketsOptions['correlation'], number[]]>([
    ['independent instruments', { kind: 'independent' }, [0, 0, 0]],
    ['loadings on a factor', { kind: 'factor', loadings: [0.95, 0.8, -0.5] }, [0.76, -0.475, -0.4]],
    [
      'a matrix',
      {
        kind: 'matrix',
        rows: [
          [1, 0.9, 0.3],
          [0.9, 1, 0.5],
          [0.3, 0.5, 1],
        ],
      },
      [0.9, 0.3, 0.5],
    ],
  ])('returns correlate as asked: %s', ([, correlation, expected]) => {
    const made = markets({
      days: 20,
      stepMs: 100_000,
      ...(correlation === undefined ? {} : { correlation }),
      instruments: IDS.map((instrumentId) => ({ instrumentId, levels: 2, tradesPerStep: 0 })),
    });
    const events = [...made];
    const series = IDS.map((id) => returns(closes(events, id)));
    // 5,759 returns of changing volatility: the deviation over seeds is at most 0.02.
    const pairs: [number, number][] = [[0, 1], [0, 2], [1, 2]]; // prettier-ignore
    for (const [n, [i, j]] of pairs.entries()) {
      expect(made.correlation[i]?.[j]).toBeCloseTo(expected[n] ?? NaN, 12);
      expect(Math.abs(pearson(series[i] ?? [], series[j] ?? []) - (expected[n] ?? NaN))).toBeLessThan(0.05);
    }
  });

  test('tell what is received at the same time in the order of the instruments', () => {
    const made = markets({
      days: 0.0001,
      stepMs: 1,
      latencyMs: 20,
      instruments: IDS.toReversed().map((instrumentId) => ({ instrumentId })),
    });
    const rank = new Map(IDS.toReversed().map((id, i) => [id, i]));
    const events = [...made].map(({ receivedMs, instrumentId }) => ({
      receivedMs,
      rank: rank.get(instrumentId) ?? NaN,
    }));
    const sorted = events.toSorted((a, b) => a.receivedMs - b.receivedMs || a.rank - b.rank);
    expect(events).toEqual(sorted);
    const ties = events.filter(({ receivedMs, rank: own }, i) => {
      const before = events[i - 1];
      return before?.receivedMs === receivedMs && before.rank !== own;
    });
    expect(ties.length).toBeGreaterThan(100);
  });

  test('share their regimes: what is wild is wild for all', () => {
    const events = [
      ...markets({
        days: 5,
        stepMs: 20_000,
        instruments: IDS.slice(0, 2).map((instrumentId) => ({ instrumentId, levels: 2 })),
      }),
    ];
    const [btc, eth] = IDS.slice(0, 2).map((id) => {
      const all = quotes(of(events, id));
      return Array.from({ length: 60 }, (_, n) => mean(between(all, 2 * n, 2 * n + 2).map(spreadBps)));
    });
    // Spreads have noise of their own besides.
    expect(pearson(btc ?? [], eth ?? [])).toBeGreaterThan(0.5);
  });
});

describe('a crash', () => {
  const crash = { atFraction: 0.5, depthFraction: 0.3, fallMinutes: 60, recoveryFraction: 0 };
  const fall = (options: Partial<SimulatedMarketsOptions>): number[] => {
    const events = [...markets({ crash, ...options })];
    return (options.instruments ?? []).map(({ instrumentId }) => {
      const all = quotes(of(events, instrumentId));
      return mid(between(all, 13, 13.2)[0] as BestQuote) / mid(between(all, 11.9, 12).at(-1) as BestQuote);
    });
  };
  const quiet = { dailyVolatilityFraction: 0.001 };

  test('strikes each instrument by its loading', () => {
    const [whole, half, none, against] = fall({
      instruments: [1, 0.5].map((crashLoading, i) => ({
        instrumentId: IDS[i] ?? '',
        crashLoading,
        ...quiet,
      })),
    }).concat(
      fall({
        instruments: [0, -1].map((crashLoading, i) => ({
          instrumentId: IDS[i] ?? '',
          crashLoading,
          ...quiet,
        })),
      }),
    );
    expect(whole).toBeCloseTo(0.7, 2);
    expect(half).toBeCloseTo(Math.sqrt(0.7), 2);
    expect(none).toBeCloseTo(1, 2);
    expect(against).toBeCloseTo(1 / 0.7, 1);
  });

  test('takes the loading on the factor where nothing else is said', () => {
    const made = markets({
      crash,
      correlation: { kind: 'factor', loadings: [0.5, 0.2] },
      instruments: [{ instrumentId: 'BTC-USD' }, { instrumentId: 'ETH-USD', crashLoading: 2 }],
    });
    expect(made.settings.instruments.map(({ crashLoading }) => crashLoading)).toEqual([0.5, 2]);
  });

  test('is bought where it goes up', () => {
    const buys = [1, -1].map((crashLoading) => {
      const events = [
        ...markets({
          crash: { ...crash, atFraction: 0 },
          days: 0.04,
          instruments: [{ instrumentId: 'BTC-USD', crashLoading, tradesPerStep: 4 }],
        }),
      ];
      const trades = events.filter((event) => event.type === 'trade');
      return trades.filter(({ aggressor }) => aggressor === 'buy').length / trades.length;
    });
    expect(buys[0]).toBeLessThan(0.35);
    expect(buys[1]).toBeGreaterThan(0.65);
  });

  test('leaves spread and depth of an instrument without a part in it', () => {
    const events = [
      ...markets({
        crash,
        instruments: [1, 0].map((crashLoading, i) => ({ instrumentId: IDS[i] ?? '', crashLoading })),
      }),
    ];
    const wider = IDS.slice(0, 2).map((id) => {
      const all = quotes(of(events, id));
      return mean(between(all, 12.3, 13).map(spreadBps)) / mean(between(all, 11, 12).map(spreadBps));
    });
    expect(wider[0]).toBeGreaterThan(3);
    expect(wider[1]).toBeLessThan(2);
  });
});

describe('a venue that opens and closes', () => {
  const session = {
    hours: { zone: 'America/New_York', from: '09:30', to: '16:00', weekdays: [1, 2, 3, 4, 5] },
  };
  const made = (days: number, rest: object = {}, stepMs = 60_000): MarketEvent[] => [
    ...markets({
      days,
      stepMs,
      latencyMs: 0,
      instruments: [{ instrumentId: 'BTC-USD', session, ...rest }],
    }),
  ];

  test('is silent while closed, on the clock of its place', () => {
    const events = made(8);
    expect(new Set(events.map((event) => Math.floor(hourOf(event) / 24)))).toEqual(
      new Set([0, 1, 2, 3, 4, 7]),
    );
    for (const event of events) {
      expect(hourOf(event) % 24).toBeGreaterThanOrEqual(14.5);
      expect(hourOf(event) % 24).toBeLessThan(21);
    }
  });

  test('opens with a snapshot on which the changes follow', () => {
    const events = made(4);
    const opened = events.flatMap((event, i) => (event.type === 'snapshot' ? [i] : []));
    expect(opened.map((i) => Math.floor(hourOf(events[i] as MarketEvent)))).toEqual([14, 38, 62, 86]);
    for (const i of opened) {
      const { updateId } = events[i] as BookSnapshot;
      const before = events
        .slice(0, i)
        .filter((event) => event.type === 'diff')
        .at(-1);
      const after = events.slice(i).find((event) => event.type === 'diff');
      expect(after?.firstUpdateId).toBe(updateId + 1);
      expect(updateId).toBeGreaterThan(before?.updateId ?? 0);
    }
  });

  test('opens where the price has gone unseen, by as much as is asked', () => {
    const gaps = (closedVolatilityFactor: number): number => {
      const events = made(60, { session: { ...session, closedVolatilityFactor }, levels: 2 }, 300_000);
      let last = NaN;
      const sizes: number[] = [];
      for (const event of events) {
        if (event.type === 'snapshot' && !Number.isNaN(last))
          sizes.push(
            Math.abs(Math.log(((event.bids[0]?.price ?? NaN) + (event.asks[0]?.price ?? NaN)) / 2 / last)),
          );
        if (event.type === 'quote') last = mid(event);
      }
      return mean(sizes);
    };
    // The first five minutes with the venue open are in it.
    expect(gaps(0)).toBeLessThan(0.002);
    // Seventeen hours at half of 3 % a day, quieter hours and regimes in it.
    expect(gaps(0.5)).toBeGreaterThan(0.004);
    expect(gaps(2) / gaps(0.5)).toBeGreaterThan(3);
  });

  test('is silent from the start when it is closed then', () => {
    expect(made(0.5)).toEqual([]);
  });
});

describe('a gap', () => {
  const gap = (
    hour: number,
    jumpFraction: number,
  ): { disturbances: SimulatedMarketsOptions['disturbances'] } => ({
    disturbances: [
      { kind: 'gap', when: { kind: 'scheduled', fromMs: START_MS + hour * HOUR_MS }, jumpFraction },
    ],
  });

  test('moves the price at once', () => {
    const all = quotes(markets({ ...gap(6, -0.1) }));
    const before = mid(between(all, 5, 6).at(-1) as BestQuote);
    const after = mid(between(all, 6.01, 7)[0] as BestQuote);
    expect(after / before).toBeCloseTo(0.9, 2);
  });

  test('while the venue is closed shows when it opens', () => {
    const session = { hours: { from: '08:00', to: '12:00' }, closedVolatilityFactor: 0 };
    const events = [
      ...markets({ days: 2, ...gap(20, 0.2), instruments: [{ instrumentId: 'BTC-USD', session }] }),
    ];
    const before = mid(between(quotes(events), 8, 12).at(-1) as BestQuote);
    const opening = events.filter((event) => event.type === 'snapshot')[1];
    expect((opening?.asks[0]?.price ?? NaN) / before).toBeCloseTo(1.2, 2);
  });
});

describe('illiquid times', () => {
  const measured = (events: readonly MarketEvent[], from: number, to: number): readonly number[] => {
    const part = between(events, from, to);
    return [
      mean(quotes(part).map(spreadBps)),
      mean(quotes(part).map(({ bid, ask }) => bid.quantity + ask.quantity)),
      part.filter(({ type }) => type === 'trade').length,
    ];
  };
  /** Spread, depth and trades from 6 to 9, relative to the same market without. */
  const change = (options: object, instrument_: object = {}): readonly number[] => {
    const run = (with_: object, own: object): readonly number[] =>
      measured(
        [
          ...markets({
            stepMs: 10_000,
            days: 0.5,
            ...with_,
            instruments: [{ instrumentId: 'BTC-USD', ...own }],
          }),
        ],
        6,
        9,
      );
    // Small trades, so that each taker is one print.
    const small = { tradeQuantity: '0.001' };
    const normal = run({}, small);
    return run(options, { ...small, ...instrument_ }).map((value, i) => value / (normal[i] ?? NaN));
  };
  const factors = { spreadFactor: 5, depthFactor: 0.1, activityFactor: 0.3 };

  test.for<[string, object, object]>([
    [
      'every day at some hours',
      {},
      { illiquidHours: [{ hours: { from: '06:00', to: '09:00' }, ...factors }] },
    ],
    [
      'once, as scheduled',
      {
        disturbances: [
          {
            kind: 'illiquid',
            when: { kind: 'scheduled', fromMs: START_MS + 6 * HOUR_MS, durationMs: 3 * HOUR_MS },
            ...factors,
          },
        ],
      },
      {},
    ],
  ])('have wider spreads, less depth and fewer trades: %s', ([, options, own]) => {
    const [spread = NaN, depth = NaN, trades = NaN] = change(options, own);
    expect(spread).toBeGreaterThan(3);
    expect(spread).toBeLessThan(6);
    expect(depth).toBeGreaterThan(0.05);
    expect(depth).toBeLessThan(0.2);
    expect(trades).toBeGreaterThan(0.2);
    expect(trades).toBeLessThan(0.4);
  });

  test('end', () => {
    const illiquidHours = [{ hours: { from: '01:00', to: '05:00' }, ...factors }];
    const [spread = NaN, depth = NaN, trades = NaN] = change({}, { illiquidHours });
    expect(spread).toBeCloseTo(1, 1);
    expect(depth).toBeCloseTo(1, 0);
    expect(trades).toBeCloseTo(1, 1);
  });
});

describe('options', () => {
  test.for<[string, object, RegExp]>([
    ['a misspelt one', { sead: 1 }, /SimulatedMarkets: .*sead/],
    ['no instrument', { instruments: [] }, /instruments/],
    [
      'an instrument twice',
      { instruments: [{ instrumentId: 'BTC-USD' }, { instrumentId: 'BTC-USD' }] },
      /instruments\.1\.instrumentId: expected each instrument once/,
    ],
    [
      'loadings for others',
      { correlation: { kind: 'factor', loadings: [1, 1] } },
      /correlation: expected one of 1 instruments, got one of 2/,
    ],
    ['a matrix for others', { correlation: { kind: 'matrix', rows: [[1, 0], [0, 1]] } }, /correlation: expected one of 1 instruments, got one of 2/], // prettier-ignore
    ['a loading beyond 1', { correlation: { kind: 'factor', loadings: [1.1] } }, /loadings\.0/],
    [
      'a disturbance of a stranger',
      { disturbances: [{ kind: 'stuck', when: { kind: 'scheduled', fromMs: 0 }, instrumentIds: ['XYZ'] }] },
      /disturbances\.0\.instrumentIds: expected instruments of this market, got \[ 'XYZ' \]/,
    ],
    [
      'an amount between two steps',
      { instruments: [{ instrumentId: 'BTC-USD', levelQuantity: '0.00001' }] },
      /SimulatedMarkets: instruments\.0: levelQuantity: expected a positive multiple of 0\.0001, got 0\.00001/,
    ],
    [
      'a gap with a duration',
      {
        disturbances: [
          { kind: 'gap', when: { kind: 'scheduled', fromMs: 0, durationMs: 1 }, jumpFraction: 0.1 },
        ],
      },
      /durationMs/,
    ],
  ])('refuse %s', ([, options, message]) => {
    expect(() => markets(options)).toThrow(message);
  });

  test('refuse an instrument that is not handed over, by name', () => {
    expect(() => markets({ instruments: [{ instrumentId: 'XRP-USD' }] })).toThrow(
      expect.objectContaining({
        code: 'INSTRUMENT_UNKNOWN',
        message:
          'SimulatedMarkets: instruments: expected XRP-USD among those handed over, got BTC-USD, ETH-USD, SOL-USD',
      }),
    );
    expect(() => new SimulatedMarkets({ instruments: [{ instrumentId: 'A' }] }, { instruments: [] })).toThrow(
      'got none',
    );
  });
});
