import { describe, expect, test } from 'vitest';
import { BarBuilder, type BarBuilderOptions } from '../../src/market-data/index.ts';
import type { Bar, PublicTrade } from '../../src/trading/index.ts';
import { lots, ticks } from '../../src/core/index.ts';
import { BTC, trade } from '../support/market-events.ts';

const builder = (options: Partial<BarBuilderOptions> = {}): BarBuilder =>
  new BarBuilder({ intervalMs: 1_000, ...options }, { instrument: BTC });

let tradeId = 0;
const at = (receivedMs: number, price = 100, quantity = 1): PublicTrade => {
  tradeId += 1;
  return trade(tradeId, { receivedMs, price: ticks(price), quantity: lots(quantity) });
};

const bar = (openMs: number, with_: Partial<Bar> = {}): Bar => ({
  instrumentId: 'BTC-USDT',
  openMs,
  closeMs: openMs + 1_000,
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 0.00001,
  trades: 1,
  ...with_,
});

describe('BarBuilder', () => {
  test('gives a bar when the first trade past its end comes, and not before', () => {
    const it = builder();
    for (const each of [at(5_200, 100, 1), at(5_300, 105, 2), at(5_400, 95, 3)])
      expect(it.add(each)).toEqual([]);
    expect(it.add(at(5_999.999, 101, 4))).toEqual([]);
    expect(it.add(at(6_000, 200))).toEqual([
      bar(5_000, { open: 1, high: 1.05, low: 0.95, close: 1.01, volume: 0.0001, trades: 4 }),
    ]);
    expect(it.flush(7_000)).toEqual([bar(6_000, { open: 2, high: 2, low: 2, close: 2 })]);
  });

  test('counts trades of one millisecond in the order in which they come', () => {
    const it = builder();
    for (const price of [100, 300, 50, 200]) it.add(at(1_500, price));
    expect(it.flush(2_000)).toMatchObject([{ open: 1, high: 3, low: 0.5, close: 2, trades: 4 }]);
  });

  test('gives a bar on flush at its end, not just before, and only once', () => {
    const it = builder();
    it.add(at(1_500));
    expect(it.flush(1_999.9)).toEqual([]);
    expect(it.flush(2_000)).toEqual([bar(1_000)]);
    expect(it.flush(2_000)).toEqual([]);
    expect(it.flush(NaN)).toEqual([]);
  });

  test('gives nothing before the first trade', () => {
    expect(builder({ gaps: 'flat' }).flush(9_000)).toEqual([]);
  });

  test('is aligned to the epoch, also before it', () => {
    const it = builder();
    it.add(at(-1));
    expect(it.add(at(0))).toEqual([bar(-1_000)]);
  });

  test('leaves out intervals without trades', () => {
    const it = builder();
    it.add(at(1_500));
    expect(it.add(at(4_500))).toEqual([bar(1_000)]);
    expect(it.flush(9_000)).toEqual([bar(4_000)]);
  });

  test('or fills them with flat bars', () => {
    const it = builder({ gaps: 'flat' });
    const flat = { volume: 0, trades: 0 };
    it.add(at(1_500));
    expect(it.add(at(4_500, 200))).toEqual([bar(1_000), bar(2_000, flat), bar(3_000, flat)]);
    const two = { open: 2, high: 2, low: 2, close: 2 };
    expect(it.flush(6_999)).toEqual([bar(4_000, two), bar(5_000, { ...two, ...flat })]);
    expect(it.flush(7_000)).toEqual([bar(6_000, { ...two, ...flat })]);
  });

  test.each([
    ['10,000 flat bars fill a gap', 10_000, 10_001],
    ['a longer one stays', 10_001, 1],
  ])('%s', (_what, empty, bars) => {
    const it = builder({ gaps: 'flat' });
    it.add(at(0));
    expect(it.flush((empty + 1) * 1_000)).toHaveLength(bars);
  });

  test.each([
    ['price of 0', at(1_500, 0)],
    ['quantity of 0', at(1_500, 100, 0)],
    ['negative price', at(1_500, -1)],
    ['price that is none', at(1_500, NaN)],
    ['time that is none', at(NaN)],
  ])('refuses a trade with a %s', (_what, bad) => {
    const it = builder();
    it.add(at(1_400));
    expect(it.add(bad)).toEqual([]);
    expect(it.counts).toEqual({ counted: 1, late: 0, duplicate: 0, refused: 1 });
    expect(it.flush(2_000)).toEqual([bar(1_000)]);
  });

  test('counts a trade id once', () => {
    const it = builder();
    const once = at(1_500);
    it.add(once);
    it.add(once);
    expect(it.counts).toEqual({ counted: 1, late: 0, duplicate: 1, refused: 0 });
  });

  test('takes a trade of before in the same bar, and leaves a late one out of the bars', () => {
    const it = builder();
    it.add(at(5_500, 100));
    it.add(at(5_100, 102));
    it.add(at(4_999, 900));
    expect(it.flush(6_000)).toMatchObject([{ openMs: 5_000, high: 1.02, close: 1.02, trades: 2 }]);
    it.add(at(5_999, 900));
    expect(it.flush(7_000)).toEqual([]);
    expect(it.counts).toEqual({ counted: 2, late: 2, duplicate: 0, refused: 0 });
  });

  test.each([
    ['intervalMs', { intervalMs: 0 }],
    ['intervalMs', { intervalMs: 1.5 }],
    ['gaps', Object({ gaps: 'zero' })],
  ])('refuses a bad option by name: %s', (name, options: BarBuilderOptions) => {
    expect(() => builder(options)).toThrow(name);
  });
});
