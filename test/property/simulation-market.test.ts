import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots } from '../../src/core/units.ts';
import { SimulatedMarket, type SimulatedMarketOptions } from '../../src/simulation/index.ts';
import {
  type BookDiff,
  L2Book,
  type Level,
  type MarketEvent,
  type PublicTrade,
  defineInstrument,
} from '../../src/trading/index.ts';
import { runs } from '../support/runs.ts';

const fraction = (max: number): fc.Arbitrary<number> => fc.double({ min: 0, max, noNaN: true });

/** Everything that the options allow, sane and insane, over some 200 steps. */
const wild: fc.Arbitrary<{ options: SimulatedMarketOptions; tick: string; step: string }> = fc
  .record({
    seed: fc.integer(),
    stepMs: fc.constantFrom(1, 100, 2_500, 3_600_000),
    startPrice: fc.constantFrom('1', '3', '25000', '5000000000'),
    dailyDriftFraction: fc.double({ min: -10, max: 10, noNaN: true }),
    dailyVolatilityFraction: fraction(10),
    spreadBps: fc.constantFrom(0.01, 1, 100, 5_000),
    levels: fc.integer({ min: 2, max: 12 }),
    levelQuantity: fc.constantFrom('1', '5', '100000'),
    tradeQuantity: fc.constantFrom('1', '7', '1000000'),
    tradesPerStep: fraction(20),
    latencyMs: fraction(5_000),
    crash: fc.oneof(
      fc.constant('none' as const),
      fc.record({
        atFraction: fraction(1),
        depthFraction: fraction(0.95),
        fallMinutes: fc.constantFrom(0.01, 1, 600),
        recoveryFraction: fraction(1),
      }),
    ),
    tick: fc.constantFrom('1', '0.5', '0.01'),
    step: fc.constantFrom('1', '0.001'),
  })
  .map(({ tick, step, ...options }) => ({
    options: { ...options, days: (200 * options.stepMs) / 86_400_000 },
    tick,
    step,
  }));

const make = (options: SimulatedMarketOptions, tick = '0.01', step = '0.001'): SimulatedMarket =>
  new SimulatedMarket(options, {
    instrument: defineInstrument({ instrumentId: 'ABC-USD', base: 'ABC', quote: 'USD', tick, step }),
  });

/** Reads a market as its receiver would, and checks each event against those before it. */
class Reader {
  readonly #book = new L2Book();
  #previous: MarketEvent | undefined;
  #updateId = 0;
  #tradeId = 0;
  /** The best levels as they were last told. */
  #told: readonly unknown[] = [];
  /** What trades have left of levels since the last diff, by price. */
  readonly #left = { bids: new Map<number, number>(), asks: new Map<number, number>() };

  read(event: MarketEvent): void {
    const previous = this.#previous;
    expect(event.receivedMs).toBeGreaterThanOrEqual(previous?.receivedMs ?? 0);
    expect(event.receivedMs).toBeGreaterThanOrEqual(event.exchangeMs ?? NaN);
    expect(event.exchangeMs).toBeGreaterThanOrEqual(previous?.exchangeMs ?? 0);
    expect(event.type === 'snapshot').toBe(previous === undefined);
    // A diff that no quote follows has left the best levels as they were told.
    if (previous?.type === 'diff' && event.type !== 'quote') expect(this.#best()).toEqual(this.#told);
    this.#take(event);
    this.#previous = event;
    if (event.type !== 'trade') this.#checkBook();
  }

  #take(event: MarketEvent): void {
    switch (event.type) {
      case 'snapshot':
        this.#book.reset(event.bids, event.asks);
        this.#updateId = event.updateId;
        this.#told = this.#best();
        break;
      case 'trade':
        this.#trade(event);
        break;
      case 'diff':
        this.#diff(event);
        break;
      case 'quote':
        expect(this.#previous?.type).toBe('diff');
        expect(event.updateId).toBe(this.#updateId);
        expect([event.bid, event.ask]).toEqual(this.#best());
        expect(this.#best()).not.toEqual(this.#told);
        this.#told = this.#best();
    }
  }

  /** At the touch that the trades before it have left. */
  #trade({ tradeId, aggressor, price, quantity }: PublicTrade): void {
    expect(tradeId).toBe(this.#tradeId + 1);
    this.#tradeId = tradeId;
    const side = aggressor === 'buy' ? 'asks' : 'bids';
    const touch = this.#book[side].best;
    expect(price).toBe(touch?.price);
    expect(quantity).toBeGreaterThan(0);
    expect(quantity).toBeLessThanOrEqual(touch?.quantity ?? 0);
    const left = lots((touch?.quantity ?? 0) - quantity);
    this.#left[side].set(price, left);
    this.#book[side].set({ price, quantity: left });
  }

  /** Names every level that traded, with what was left of it, or as gone. */
  #diff(event: BookDiff): void {
    expect(event.firstUpdateId).toBe(this.#updateId + 1);
    expect(event.updateId).toBeGreaterThanOrEqual(event.firstUpdateId);
    this.#updateId = event.updateId;
    for (const { quantity } of [...event.bids, ...event.asks]) expect(quantity).toBeGreaterThanOrEqual(0);
    for (const side of ['bids', 'asks'] as const) {
      for (const [price, left] of this.#left[side]) {
        const now = event[side].find((level) => level.price === price);
        expect([left, 0]).toContain(now?.quantity);
      }
      this.#left[side].clear();
    }
    this.#book.apply(event.bids, event.asks);
  }

  #checkBook(): void {
    const [bid, ask] = this.#best();
    expect(bid?.price).toBeGreaterThan(0);
    expect(ask?.price).toBeGreaterThan(bid?.price ?? NaN);
    expect(Number.isSafeInteger(ask?.price)).toBe(true);
  }

  #best(): [Level | undefined, Level | undefined] {
    return [this.#book.bids.best, this.#book.asks.best];
  }
}

describe('the simulated market', () => {
  test.prop([wild], { numRuns: 40 })(
    'is the same for the same seed and options, again and again',
    (drawn) => {
      const market = make(drawn.options, drawn.tick, drawn.step);
      const events = [...market];
      expect([...market]).toEqual(events);
      expect([...make(drawn.options, drawn.tick, drawn.step)]).toEqual(events);
    },
  );

  test.prop([wild], { numRuns: 40 })(
    'begins with the same events however long it runs, without a crash',
    (drawn) => {
      const options = { ...drawn.options, crash: 'none' as const };
      const events = [...make(options)];
      const longer = make({ ...options, days: (options.days ?? 1) * 2 })[Symbol.iterator]();
      for (const event of events) expect(longer.next().value).toEqual(event);
    },
  );

  test.prop([wild], runs(100))('keeps its promises, whatever the options', (drawn) => {
    const reader = new Reader();
    for (const event of make(drawn.options, drawn.tick, drawn.step)) reader.read(event);
  });
});
