import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import { BarBuilder } from '../../src/market-data/index.ts';
import { RollingSum } from '../../src/market-data/rolling-sum.ts';
import type { Bar, PublicTrade } from '../../src/trading/index.ts';
import { BTC, trade } from '../support/market-events.ts';

const trades: fc.Arbitrary<readonly PublicTrade[]> = fc
  .array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 700 }),
      price: fc.integer({ min: 1, max: 10_000 }),
      quantity: fc.integer({ min: 1, max: 1_000 }),
    }),
    { maxLength: 120 },
  )
  .map((steps) => {
    let receivedMs = 0;
    return steps.map(({ afterMs, price, quantity }, i) => {
      receivedMs += afterMs;
      return trade(i, { receivedMs, price: ticks(price), quantity: lots(quantity) });
    });
  });

const build = (all: readonly PublicTrade[], gaps: 'none' | 'flat', flushes: boolean): readonly Bar[] => {
  const builder = new BarBuilder({ intervalMs: 500, gaps }, { instrument: BTC });
  const bars = all.flatMap((each) => [
    ...(flushes ? builder.flush(each.receivedMs) : []),
    ...builder.add(each),
  ]);
  return [...bars, ...builder.flush(1e6)];
};

describe('bars', () => {
  test.prop([trades, fc.boolean()])(
    'are the trades of each interval, neither more nor less',
    (all, flushes) => {
      const groups = Map.groupBy(all, ({ receivedMs }) => Math.floor(receivedMs / 500) * 500);
      const naive = [...groups].map(([openMs, group]): Bar => {
        const prices = group.map(({ price }) => price / 100);
        return {
          instrumentId: 'BTC-USDT',
          openMs,
          closeMs: openMs + 500,
          open: prices[0] ?? NaN,
          high: Math.max(...prices),
          low: Math.min(...prices),
          close: prices.at(-1) ?? NaN,
          volume: group.reduce((sum, { quantity }) => sum + quantity, 0) / 100_000,
          trades: group.length,
        };
      });
      expect(build(all, 'none', flushes)).toEqual(naive);
    },
  );

  test.prop([trades])('with flat bars, follow each other without a hole', (all) => {
    const bars = build(all, 'flat', true);
    const [first] = bars;
    bars.forEach(({ openMs }, i) => expect(openMs).toBe((first?.openMs ?? 0) + i * 500));
    expect(bars.filter((bar) => bar.trades > 0)).toEqual(build(all, 'none', false));
  });
});

test.prop([trades, fc.integer({ min: 1, max: 2_000 })])(
  'a rolling sum is the sum over the window',
  (all, windowMs) => {
    const sum = new RollingSum(windowMs);
    all.forEach(({ quantity, receivedMs: now }, i) => {
      sum.add(quantity, now);
      const naive = all.slice(0, i + 1).filter(({ receivedMs }) => now - receivedMs < windowMs);
      expect(sum.at(now)).toBe(naive.reduce((total, each) => total + each.quantity, 0));
    });
  },
);
