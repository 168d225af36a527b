import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import { BarBuilder } from '../../src/market-data/index.ts';
import { BarMarket, type BarMarketOptions, type GridBar } from '../../src/simulation/index.ts';
import { type Bar, L2Book, type MarketEvent, defineInstrument } from '../../src/trading/index.ts';

const MINUTE_MS = 60_000;
const instrument = defineInstrument({
  instrumentId: 'ABC-USD',
  base: 'ABC',
  quote: 'USD',
  tick: '1',
  step: '1',
});

const bars: fc.Arbitrary<readonly GridBar[]> = fc
  .array(
    fc.record({
      prices: fc.oneof(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 4, maxLength: 4 }),
        fc.array(fc.integer({ min: 90_000, max: 110_000 }), { minLength: 4, maxLength: 4 }),
      ),
      volume: fc.oneof(fc.constant(0), fc.integer({ min: 4, max: 30 }), fc.integer({ min: 4, max: 2 ** 50 })),
      missing: fc.integer({ min: 0, max: 2 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drawn) => {
    let openMs = -MINUTE_MS;
    return drawn.map(({ prices, volume, missing }) => {
      openMs += MINUTE_MS * (1 + missing);
      const [open = 1, close = 1] = prices;
      return {
        openMs,
        open: ticks(open),
        close: ticks(close),
        high: ticks(Math.max(...prices)),
        low: ticks(Math.min(...prices)),
        volume: lots(volume),
      };
    });
  });

const model: fc.Arbitrary<BarMarketOptions> = fc.record({
  halfSpreadBps: fc.constantFrom(0, 2, 500),
  rangeSpreadFraction: fc.constantFrom(0, 0.1, 2),
  levels: fc.integer({ min: 1, max: 6 }),
  levelGapBps: fc.constantFrom(0, 1, 100),
  levelVolumeFraction: fc.constantFrom(0.001, 0.05, 2),
  recentBars: fc.integer({ min: 1, max: 5 }),
  stepsPerBar: fc.integer({ min: 4, max: 40 }),
});

const play = (all: readonly GridBar[], options: BarMarketOptions): MarketEvent[] => [
  ...new BarMarket(options, { instrument, bars: all }),
];

describe('a market of bars', () => {
  test.prop([bars, model])('is traded into the same bars again', (all, options) => {
    const builder = new BarBuilder({ intervalMs: MINUTE_MS }, { instrument });
    const rebuilt: Bar[] = [];
    for (const event of play(all, options)) if (event.type === 'trade') rebuilt.push(...builder.add(event));
    rebuilt.push(...builder.flush(1e12));
    expect(
      rebuilt.map(({ openMs, open, high, low, close, volume }) => ({
        openMs,
        open,
        high,
        low,
        close,
        volume,
      })),
    ).toEqual(all.filter(({ volume }) => volume > 0));
  });

  test.prop([bars, bars, model])('tells nothing of the bars to come', (all, others, options) => {
    const endMs = (all.at(-1)?.openMs ?? 0) + MINUTE_MS;
    const later = (from: readonly GridBar[]): GridBar[] =>
      from.map((bar) => ({ ...bar, openMs: bar.openMs + endMs }));
    const alone = play(all, options);
    expect(play([...all, ...later(others)], options).slice(0, alone.length)).toEqual(alone);
  });

  test.prop([bars, model])('has spread and depth that do not tell how a bar will end', (all, options) => {
    const last = all.at(-1);
    fc.pre(last !== undefined && all.length > 1);
    if (last === undefined) return;
    // The same open, and everything else different: the first book is the same, but for who pays.
    const changed = {
      ...last,
      high: ticks(200_000),
      low: last.open,
      close: last.open,
      volume: lots(2 ** 45),
    };
    const first = (bar: GridBar): unknown => {
      const events = play([...all.slice(0, -1), bar], options).filter(
        ({ receivedMs }) => receivedMs === bar.openMs,
      );
      return events.filter(({ type }) => type !== 'trade');
    };
    expect(first(changed)).toEqual(first(last));
  });

  test.prop([bars, model])(
    'has books that are whole, never crossed, and trades at the touch',
    (all, options) => {
      const book = new L2Book();
      let updateId = 0;
      let receivedMs = 0;
      for (const event of play(all, options)) {
        expect(event.receivedMs).toBeGreaterThanOrEqual(receivedMs);
        receivedMs = event.receivedMs;
        if (event.type === 'trade') {
          expect(event.price).toBe((event.aggressor === 'buy' ? book.asks : book.bids).best?.price);
          continue;
        }
        if (event.type === 'snapshot') book.reset(event.bids, event.asks);
        if (event.type === 'diff') {
          expect(event.firstUpdateId).toBe(updateId + 1);
          expect(event.updateId).toBeGreaterThanOrEqual(event.firstUpdateId);
          book.apply(event.bids, event.asks);
        }
        if (event.type === 'quote') expect([event.bid, event.ask]).toEqual([book.bids.best, book.asks.best]);
        updateId = event.updateId;
        expect(book.crossed).toBe(false);
        expect(Math.min(book.bids.size, book.asks.size)).toBeGreaterThan(0);
        expect(Math.max(book.bids.size, book.asks.size)).toBeLessThanOrEqual(options.levels ?? NaN);
      }
    },
  );
});
