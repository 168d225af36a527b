import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import {
  RecentMarket,
  type RecentMarketOptions,
  RecentMarketOptionsSchema,
} from '../../src/market-data/recent-market.ts';

/** Windows of 5 samples of 100 ms. */
const OPTIONS: RecentMarketOptions = { sampleMs: 100, spreadWindowMs: 500, marksWindowMs: 500 };
/** A market at a time: bid 10,000 less half the spread, so that 2 ticks are 2 bps, and a mark of 10,000. */
type Seen = readonly [atMs: number, spreadTicks: number, mark?: number];

function recentAfter(seen: readonly Seen[], options: RecentMarketOptions = OPTIONS): RecentMarket {
  const recent = new RecentMarket(RecentMarketOptionsSchema.parse(options));
  for (const [atMs, spread, mark = 10_000] of seen) {
    recent.advance(atMs);
    recent.see(ticks(10_000 - spread / 2), ticks(10_000 + spread / 2), ticks(mark));
  }
  return recent;
}
const spreadAt = (nowMs: number, seen: readonly Seen[], options?: RecentMarketOptions) => {
  const recent = recentAfter(seen, options);
  recent.advance(nowMs);
  return recent.spread;
};
const marksAt = (nowMs: number, seen: readonly Seen[], options?: RecentMarketOptions) => {
  const recent = recentAfter(seen, options);
  recent.advance(nowMs);
  return recent.marks;
};
const spread = (medianBps: number, samples: number) => ({ medianBps, samples, windowMs: 500 });
const marks = (low: number, high: number) => ({ low, high, windowMs: 500 });

describe('RecentMarket, spread', () => {
  test('a sample counts once it is over, not a millisecond earlier', () => {
    expect([spreadAt(99, [[0, 2]]), spreadAt(100, [[0, 2]])]).toEqual([undefined, spread(2, 1)]);
  });

  test('of an odd number the middle one, of an even number the mean of two', () => {
    const three: readonly Seen[] = [
      [0, 8],
      [100, 2],
      [200, 4],
    ];
    expect([spreadAt(300, three), spreadAt(400, [...three, [300, 10]])]).toEqual([
      spread(4, 3),
      spread(6, 4),
    ]);
  });

  test('a thousand events in one sample count as one: the last', () => {
    const burst = Array.from({ length: 1_000 }, (): Seen => [250, 90]);
    expect(spreadAt(400, [[0, 2], [100, 2], ...burst, [299, 6], [300, 2]])).toEqual(spread(2, 4));
    expect(spreadAt(300, [...burst, [299, 6]])).toEqual(spread(6, 1));
  });

  test('a sample counts for exactly the window', () => {
    const seen: readonly Seen[] = [
      [0, 2],
      [100, 4],
    ];
    expect([spreadAt(599, seen), spreadAt(600, seen), spreadAt(700, seen)]).toEqual([
      spread(3, 2),
      spread(4, 1),
      undefined,
    ]);
  });

  test('samples without a good market are none', () => {
    expect(
      spreadAt(400, [
        [0, 2],
        [300, 4],
      ]),
    ).toEqual(spread(3, 2));
  });

  test('is the same object while nothing in it changes', () => {
    const recent = recentAfter([0, 100, 200, 300, 400, 500].map((atMs): Seen => [atMs, 2]));
    const before = recent.spread;
    recent.advance(550);
    const within = recent.spread;
    recent.advance(600);
    expect([within === before, recent.spread === before, before]).toEqual([true, true, spread(2, 5)]);
  });
});

describe('RecentMarket, marks', () => {
  test('the lowest and the highest of all marks, of samples that are over', () => {
    const seen: readonly Seen[] = [
      [0, 2, 10_000],
      [10, 2, 9_000],
      [20, 2, 11_000],
      [30, 2, 10_000],
      [100, 2, 20_000],
    ];
    expect([marksAt(100, seen), marksAt(200, seen)]).toEqual([marks(9_000, 11_000), marks(9_000, 20_000)]);
  });

  test('a sample counts for exactly the window', () => {
    const seen: readonly Seen[] = [
      [0, 2, 8_000],
      [100, 2, 12_000],
      [200, 2, 10_000],
    ];
    expect([599, 600, 700, 800].map((nowMs) => marksAt(nowMs, seen))).toEqual([
      marks(8_000, 12_000),
      marks(10_000, 12_000),
      marks(10_000, 10_000),
      undefined,
    ]);
  });

  test('are the same object while nothing in them changes', () => {
    const recent = recentAfter([
      [0, 2],
      [100, 4],
    ]);
    const before = recent.marks;
    recent.advance(200);
    expect([recent.marks === before, before]).toEqual([true, marks(10_000, 10_000)]);
  });

  test('have a window of their own', () => {
    const seen: readonly Seen[] = [
      [0, 2, 8_000],
      [100, 4, 12_000],
    ];
    const short = { ...OPTIONS, marksWindowMs: 100 };
    expect([spreadAt(200, seen, short), marksAt(200, seen, short)]).toEqual([
      spread(3, 2),
      { low: 12_000, high: 12_000, windowMs: 100 },
    ]);
  });
});

describe('RecentMarket, a clock', () => {
  const SEEN: readonly Seen[] = [
    [1_000, 2, 9_000],
    [1_100, 4, 11_000],
    [1_250, 6, 10_000],
  ];

  test('that steps back prolongs the sample of now', () => {
    const back: readonly Seen[] = [...SEEN, [850, 90, 10_500], [1_260, 8, 10_000]];
    expect([spreadAt(1_299, back), spreadAt(1_300, back), marksAt(1_300, back)]).toEqual([
      spread(3, 2),
      spread(4, 3),
      marks(9_000, 11_000),
    ]);
  });

  test.each([
    ['less than a window goes on', 800, spread(3, 2)],
    ['a window begins again from nothing', 799, undefined],
  ])('that goes back by %s', (_what, backMs, expected) => {
    expect(spreadAt(backMs, SEEN)).toEqual(expected);
  });

  test('that has begun again counts as if it were new', () => {
    const again: readonly Seen[] = [...SEEN, [100, 20, 5_000]];
    expect([spreadAt(199, again), marksAt(199, again), spreadAt(200, again), marksAt(200, again)]).toEqual([
      undefined,
      undefined,
      spread(20, 1),
      marks(5_000, 5_000),
    ]);
  });

  test('that leaps ahead leaves nothing behind', () => {
    expect([spreadAt(1e12, SEEN), marksAt(1e12, SEEN)]).toEqual([undefined, undefined]);
  });
});

describe('RecentMarket, options', () => {
  test('have defaults: a second, and five minutes', () => {
    expect(RecentMarketOptionsSchema.parse({})).toEqual({
      sampleMs: 1_000,
      spreadWindowMs: 300_000,
      marksWindowMs: 300_000,
    });
  });

  test.each<[string, RecentMarketOptions]>([
    ['spreadWindowMs', { sampleMs: 100, spreadWindowMs: 360_100 }],
    ['marksWindowMs', { sampleMs: 100, marksWindowMs: 450 }],
    ['spreadWindowMs', { spreadWindowMs: 0 }],
    ['sampleMs', { sampleMs: 0 }],
    ['samplesMs', Object({ samplesMs: 5 })],
  ])('refuse a %s that cannot be', (name, options) => {
    expect(RecentMarketOptionsSchema.safeParse(options).error?.message).toContain(name);
  });

  test('take as many samples as may be', () => {
    const options = { sampleMs: 100, spreadWindowMs: 360_000, marksWindowMs: 360_000 };
    expect(RecentMarketOptionsSchema.safeParse(options).success).toBe(true);
  });
});
