import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { CorrelatedNormals, correlationSchema } from '../../src/simulation/correlation.ts';
import { SeededRandom } from '../../src/core/random.ts';
import {
  DisturbedMarket,
  type DisturbanceOptions,
  SimulatedMarkets,
  type SimulatedMarketsOptions,
} from '../../src/simulation/index.ts';
import { L2Book, type MarketEvent, defineInstrument } from '../../src/trading/index.ts';

const DAY_MS = 86_400_000;
const START_MS = 1_704_067_200_000;
const STEPS = 150;
const IDS = ['AAA-USD', 'BBB-USD', 'CCC-USD'];
const instruments = IDS.map((instrumentId) =>
  defineInstrument({ instrumentId, base: instrumentId, quote: 'USD', tick: '0.01', step: '0.001' }),
);

const clockTime = fc
  .record({ hour: fc.integer({ min: 0, max: 23 }), minute: fc.integer({ min: 0, max: 59 }) })
  .map(({ hour, minute }) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
const hours = fc
  .record({
    zone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata'),
    from: clockTime,
    to: clockTime,
  })
  .filter(({ from, to }) => from !== to);

const instrumentOptions = (
  instrumentId: string,
): fc.Arbitrary<SimulatedMarketsOptions['instruments'][number]> =>
  fc.record(
    {
      instrumentId: fc.constant(instrumentId),
      startPrice: fc.constantFrom('1', '100', '50000'),
      dailyVolatilityFraction: fc.double({ min: 0, max: 5, noNaN: true }),
      spreadBps: fc.constantFrom(0.1, 5, 1_000),
      levels: fc.integer({ min: 2, max: 8 }),
      tradesPerStep: fc.double({ min: 0, max: 3, noNaN: true }),
      crashLoading: fc.double({ min: -3, max: 3, noNaN: true }),
      session: fc.record({ hours }),
      illiquidHours: fc.array(fc.record({ hours }), { maxLength: 2 }),
    },
    { requiredKeys: ['instrumentId'] },
  );

/** Times are parts of the run; the market makes milliseconds of them. */
const when = (runMs: number): fc.Arbitrary<Extract<DisturbanceOptions, { kind: 'stuck' }>['when']> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('scheduled' as const),
      fromMs: fc.integer({ min: START_MS, max: START_MS + runMs }),
      durationMs: fc.integer({ min: 1, max: Math.max(1, Math.floor(runMs / 2)) }),
    }),
    fc.record({
      kind: fc.constant('drawn' as const),
      perDay: fc.constant(Math.min(10_000, (5 * DAY_MS) / runMs)),
      meanDurationMs: fc.constant(Math.max(1, Math.min(DAY_MS, runMs / 20))),
    }),
  );

const feedDisturbance = (
  runMs: number,
): fc.Arbitrary<Exclude<DisturbanceOptions, { kind: 'gap' | 'illiquid' }>> =>
  fc.oneof(
    fc.record({
      kind: fc.constant('outage' as const),
      when: when(runMs),
      resyncMs: fc.integer({ min: 0, max: 5_000 }),
    }),
    fc.record({ kind: fc.constant('stuck' as const), when: when(runMs) }),
    fc.record({
      kind: fc.constant('crossed' as const),
      when: when(runMs),
      byTicks: fc.integer({ min: 0, max: 50 }),
    }),
    fc.record({
      kind: fc.constant('clock-drift' as const),
      when: when(runMs),
      stepMs: fc.integer({ min: -9_000, max: 9_000 }),
    }),
  );

const drawnMarkets = fc
  .record({ count: fc.integer({ min: 1, max: 3 }), stepMs: fc.constantFrom(100, 2_500, 600_000) })
  .chain(({ count, stepMs }) =>
    fc.record({
      seed: fc.integer(),
      stepMs: fc.constant(stepMs),
      days: fc.constant((STEPS * stepMs) / DAY_MS),
      latencyMs: fc.constantFrom(0, 10, 5_000),
      correlation: fc.oneof(
        fc.constant({ kind: 'independent' as const }),
        fc.record({
          kind: fc.constant('factor' as const),
          loadings: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), {
            minLength: count,
            maxLength: count,
          }),
        }),
      ),
      instruments: fc.tuple(...IDS.slice(0, count).map(instrumentOptions)),
      disturbances: fc.array(feedDisturbance(STEPS * stepMs), { maxLength: 4 }),
    }),
  );

const make = (options: SimulatedMarketsOptions): SimulatedMarkets =>
  new SimulatedMarkets(options, { instruments });

describe('several simulated markets', () => {
  test.prop([drawnMarkets], { numRuns: 30 })('are the same for the same seed and options', (options) => {
    const made = make(options);
    const events = [...made];
    expect([...made]).toEqual(events);
    expect([...make(options)]).toEqual(events);
  });

  test.prop([drawnMarkets], { numRuns: 60 })(
    'come in the order of receipt, at the same time in the order of the instruments',
    (options) => {
      for (const events of [make(options), make(options).undisturbed()]) {
        let previous: MarketEvent | undefined;
        for (const event of events) {
          if (previous !== undefined) {
            expect(event.receivedMs).toBeGreaterThanOrEqual(previous.receivedMs);
            if (event.receivedMs === previous.receivedMs)
              expect(IDS.indexOf(event.instrumentId)).toBeGreaterThanOrEqual(
                IDS.indexOf(previous.instrumentId),
              );
          }
          previous = event;
        }
      }
    },
  );

  test.prop([drawnMarkets], { numRuns: 60 })(
    'without disturbances have books that are whole, never crossed, and ids that follow',
    (options) => {
      const books = new Map(IDS.map((id) => [id, { book: new L2Book(), updateId: 0, tradeId: 0 }]));
      for (const event of make(options).undisturbed()) {
        const own = books.get(event.instrumentId);
        if (own === undefined) throw new Error(`unexpected ${event.instrumentId}`);
        if (event.type === 'trade') {
          expect(event.tradeId).toBe(own.tradeId + 1);
          own.tradeId = event.tradeId;
          continue;
        }
        if (event.type === 'snapshot') {
          expect(event.updateId).toBeGreaterThan(own.updateId);
          own.book.reset(event.bids, event.asks);
        }
        if (event.type === 'diff') {
          expect(event.firstUpdateId).toBe(own.updateId + 1);
          own.book.apply(event.bids, event.asks);
        }
        own.updateId = event.updateId;
        expect(own.book.crossed).toBe(false);
        expect(Math.min(own.book.bids.size, own.book.asks.size)).toBeGreaterThan(0);
      }
    },
  );

  test.prop([drawnMarkets], { numRuns: 60 })('are heard as their venue is, disturbed', (options) => {
    const made = make(options);
    const { seed, disturbances } = made.settings;
    const clean = make({ ...options, disturbances: [] });
    expect([...clean]).toEqual([...made.undisturbed()]);
    expect([...clean]).toEqual([...clean.undisturbed()]);
    expect(disturbances).toHaveLength(options.disturbances?.length ?? 0);
    expect(seed).toBe(options.seed);
  });

  test.prop([drawnMarkets], { numRuns: 60 })(
    'are heard in no more events than there were and one snapshot for each outage, at their times',
    (options) => {
      const made = make(options);
      const clean = [...made.undisturbed()];
      const heard = [...made];
      const times = new Set(clean.map(({ receivedMs }) => receivedMs));
      for (const { receivedMs } of heard) expect(times).toContain(receivedMs);
      const trades = (events: readonly MarketEvent[]): unknown[] =>
        events.flatMap((event) =>
          event.type === 'trade' ? [[event.instrumentId, event.tradeId, event.price, event.quantity]] : [],
        );
      if (!made.settings.disturbances.some(({ kind }) => kind === 'outage')) {
        expect(heard).toHaveLength(clean.length);
        expect(trades(heard)).toEqual(trades(clean));
      }
    },
  );

  test.prop([drawnMarkets], { numRuns: 60 })(
    'leave the true book behind when all is over and repaired',
    (options) => {
      // Some quiet steps after the last disturbance; the last snapshot or change has healed everything.
      const endMs = START_MS + STEPS * options.stepMs;
      const disturbances = options.disturbances.map((one) => ({
        ...one,
        when: {
          kind: 'scheduled' as const,
          fromMs: START_MS + 10 * options.stepMs,
          durationMs: (endMs - START_MS) / 2,
        },
        ...(one.kind === 'outage' ? { resyncMs: 0 } : {}),
      }));
      const made = make({
        ...options,
        latencyMs: 0,
        disturbances,
        instruments: options.instruments.map((one) => ({ ...one, tradesPerStep: 3, session: undefined })),
      });
      const books = (events: Iterable<MarketEvent>): unknown[] => {
        const all = new Map(IDS.map((id) => [id, new L2Book()]));
        for (const event of events) {
          const book = all.get(event.instrumentId);
          if (event.type === 'snapshot') book?.reset(event.bids, event.asks);
          if (event.type === 'diff') book?.apply(event.bids, event.asks);
        }
        return [...all.values()].map(({ bids, asks }) => [bids.top(bids.size), asks.top(asks.size)]);
      };
      expect(books(made)).toEqual(books(made.undisturbed()));
    },
  );

  test.prop([drawnMarkets], { numRuns: 20 })(
    'are disturbed alike from outside, at scheduled times',
    (options) => {
      const disturbances = options.disturbances.filter(({ when: { kind } }) => kind === 'scheduled');
      const made = make({ ...options, disturbances });
      const outside = new DisturbedMarket(
        { seed: options.seed, disturbances },
        { events: { [Symbol.iterator]: () => made.undisturbed() } },
      );
      expect([...outside]).toEqual([...made]);
    },
  );
});

describe('correlation', () => {
  const loadings = fc.array(
    fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 2 }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

  /** Gram matrices of vectors of length 1 are the correlation matrices, here of rank 2 at most. */
  const gram = (vectors: readonly (readonly number[])[]): number[][] => {
    const unit = vectors.map(([x = 0, y = 0]) => {
      const length = Math.hypot(x, y);
      return length > 0.01 ? [x / length, y / length] : [1, 0];
    });
    return unit.map((a, i) =>
      unit.map((b, j) =>
        i === j ? 1 : Math.max(-1, Math.min(1, (a[0] ?? 0) * (b[0] ?? 0) + (a[1] ?? 0) * (b[1] ?? 0))),
      ),
    );
  };

  test.prop([loadings], { numRuns: 200 })(
    'of every possible matrix is taken, and drawn as numbers',
    (vectors) => {
      const rows = gram(vectors);
      expect(correlationSchema.safeParse({ kind: 'matrix', rows }).success).toBe(true);
      const drawn = new CorrelatedNormals(rows, new SeededRandom(1)).draw();
      expect(drawn).toHaveLength(rows.length);
      for (const value of drawn) expect(Number.isFinite(value)).toBe(true);
    },
  );
});
