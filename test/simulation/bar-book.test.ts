import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import { type DeclaredBook, RecentMean, declaredBook } from '../../src/simulation/bar-book.ts';
import { bar } from './bars.ts';

const model = {
  halfSpreadBps: 5,
  rangeSpreadFraction: 0,
  levels: 3,
  levelGapBps: 2,
  levelVolumeFraction: 0.1,
  minLevelLots: lots(7),
};

const declare = (
  price: number,
  side: 'buy' | 'sell',
  { range = 0, volume = 500, ...rest }: Partial<typeof model> & { range?: number; volume?: number } = {},
): DeclaredBook => declaredBook(ticks(price), side, { range, volume }, { ...model, ...rest });

const prices = ({ bids, asks }: DeclaredBook): number[][] =>
  [bids, asks].map((side) => side.map(({ price }) => price));

describe('declaredBook', () => {
  test('has the price as its ask when it is bought, and as its bid when it is sold', () => {
    expect(prices(declare(10_000, 'buy'))).toEqual([
      [9_990, 9_988, 9_986],
      [10_000, 10_002, 10_004],
    ]);
    expect(prices(declare(10_000, 'sell'))).toEqual([
      [10_000, 9_998, 9_996],
      [10_010, 10_012, 10_014],
    ]);
  });

  test('widens with the recent range', () => {
    const [bids, asks] = prices(declare(10_000, 'sell', { rangeSpreadFraction: 0.25, range: 40 }));
    expect([bids?.[0], asks?.[0]]).toEqual([10_000, 10_020]);
  });

  test('has spread and gaps of at least a tick', () => {
    expect(prices(declare(100, 'sell', { halfSpreadBps: 0, levelGapBps: 0 }))).toEqual([
      [100, 99, 98],
      [101, 102, 103],
    ]);
  });

  test('ends at the lowest price there is', () => {
    expect(prices(declare(2, 'sell'))).toEqual([
      [2, 1],
      [3, 4, 5],
    ]);
  });

  test('takes the price as the bid where none would fit below it', () => {
    expect(prices(declare(2, 'buy'))).toEqual([[1], [2, 3, 4]]);
    expect(prices(declare(1, 'buy'))).toEqual([[1], [2, 3, 4]]);
  });

  test('shows a part of the recent volume at each level, or the least', () => {
    const shown = (volume: number): number[] => {
      const { bids, asks } = declare(10_000, 'buy', { volume });
      return [...new Set([...bids, ...asks].map(({ quantity }) => quantity))];
    };
    expect([shown(500), shown(74), shown(0)]).toEqual([[50], [7], [7]]);
    expect(shown(Number.MAX_SAFE_INTEGER)).toEqual([2 ** 40]);
  });
});

describe('RecentMean', () => {
  const bars = [bar(100, 110, 100, 100, 10), bar(100, 120, 100, 100, 20), bar(100, 100, 100, 100, 60)];

  test('is the mean over the last bars, as many as there are', () => {
    const mean = new RecentMean(2);
    const seen = bars.map((each) => {
      mean.add(each);
      return mean.over(bar(1, 1, 1, 1));
    });
    expect(seen).toEqual([
      { range: 10, volume: 10 },
      { range: 15, volume: 15 },
      { range: 10, volume: 40 },
    ]);
  });

  test('is the bar at hand before there is any', () => {
    expect(new RecentMean(2).over(bar(100, 104, 99, 100, 33))).toEqual({ range: 5, volume: 33 });
  });
});
