import { describe, expect, test } from 'vitest';
import { ManualClock, lots, ticks } from '../../src/core/index.ts';
import { MarketTracker, type MarketTrackerOptions } from '../../src/market-data/index.ts';
import type { MarketEvent, MarketView } from '../../src/trading/index.ts';
import { isGood } from '../../src/trading/index.ts';
import { diff, level, levels, quote, snapshot, trade } from '../support/market-events.ts';

const START_MS = 1_000;

interface Setup {
  readonly clock: ManualClock;
  readonly tracker: MarketTracker;
  /** Applies the event at its receipt. */
  readonly apply: (event: MarketEvent) => MarketView;
}

function setup(options: MarketTrackerOptions = {}): Setup {
  const clock = new ManualClock(START_MS);
  const tracker = new MarketTracker(options, { instrumentId: 'BTC-USDT', clock });
  const apply = (event: MarketEvent): MarketView => {
    clock.advanceTo(event.receivedMs);
    return tracker.apply(event);
  };
  return { clock, tracker, apply };
}

/** With a book as of update 10: bids 100, 99, 98; asks 101, 102, 103. */
function withBook(options: MarketTrackerOptions = {}): Setup {
  const it = setup(options);
  it.apply(snapshot(10));
  return it;
}

const codes = (view: MarketView): readonly string[] => view.problems.map((problem) => problem.code);

describe('MarketTracker', () => {
  test('before anything has come: no book, nothing good, every age too high', () => {
    expect(setup().tracker.view).toEqual({
      instrumentId: 'BTC-USDT',
      bids: [],
      asks: [],
      mark: NaN,
      recentVolume: 0,
      volumeWindowMs: 60_000,
      receivedMonotonicMs: -Infinity,
      receivedMs: -Infinity,
      problems: [{ code: 'NO_BOOK', instrumentId: 'BTC-USDT', blocking: true }],
    });
  });

  test('shows the book of a snapshot, when it came, and its middle rounded down', () => {
    const view = setup().apply(snapshot(10, { receivedMs: 1_250 }));
    expect(view).toEqual({
      instrumentId: 'BTC-USDT',
      bids: levels([100, 1], [99, 2], [98, 3]),
      asks: levels([101, 1], [102, 2], [103, 3]),
      mark: 100,
      recentVolume: 0,
      volumeWindowMs: 60_000,
      receivedMonotonicMs: 250,
      receivedMs: 1_250,
      problems: [],
    });
    expect(isGood(view)).toBe(true);
  });

  test('shows so many levels a side', () => {
    const { apply } = setup({ depth: 2 });
    expect(apply(snapshot(10))).toMatchObject({
      bids: levels([100, 1], [99, 2]),
      asks: levels([101, 1], [102, 2]),
    });
    expect(apply(quote(11, level(99, 9), level(103, 9)))).toMatchObject({
      bids: levels([99, 9], [98, 3]),
      asks: levels([103, 9]),
    });
  });

  test('follows the changes, with the time of the exchange where it is known', () => {
    const { apply } = withBook();
    const change = { bids: levels([100, 0]), asks: levels([101, 7]), receivedMs: 1_100, exchangeMs: 1_090 };
    expect(apply(diff(11, 12, change))).toMatchObject({
      bids: levels([99, 2], [98, 3]),
      asks: levels([101, 7], [102, 2], [103, 3]),
      exchangeMs: 1_090,
      receivedMs: 1_100,
    });
    expect(apply(quote(13, level(99, 2), level(101, 6)))).not.toHaveProperty('exchangeMs');
  });

  test('refuses an event of another instrument', () => {
    expect(() => setup().apply(snapshot(10, { instrumentId: 'ETH-USDT' }))).toThrow(
      'MarketTracker: instrumentId: expected BTC-USDT, got ETH-USDT',
    );
  });

  test.each([
    ['depth', { depth: 0 }],
    ['depth', { depth: 1_001 }],
    ['volumeWindowMs', { volumeWindowMs: 0 }],
    ['maxWaitingDiffs', { maxWaitingDiffs: 0 }],
    ['quality.maxJumpBps', { quality: { maxJumpBps: 0 } }],
    ['levels', Object({ levels: 5 })],
  ])('refuses a bad or misspelt option by name: %s', (name, options: MarketTrackerOptions) => {
    expect(() => setup(options)).toThrow(name);
  });
});

describe('MarketTracker, its book as events', () => {
  test('the whole book as of its last update, and the quote after it', () => {
    const { apply, tracker } = withBook({ depth: 1 });
    apply(diff(11, 12, { bids: levels([97, 4], [99, 0]), receivedMs: 1_100, exchangeMs: 1_090 }));
    expect(tracker.snapshot()).toEqual(
      snapshot(12, {
        bids: levels([100, 1], [98, 3], [97, 4]),
        receivedMs: 1_100,
        exchangeMs: 1_090,
        receivedMonotonicMs: 100,
      }),
    );
    expect(tracker.quoteAfterSnapshot()).toBeUndefined();
    const best = quote(13, level(100, 7), level(101, 1), { receivedMs: 1_100 });
    apply(best);
    expect(tracker.quoteAfterSnapshot()).toBe(best);
    apply(diff(13, 13, { bids: levels([100, 7]), receivedMs: 1_100 }));
    expect(tracker.quoteAfterSnapshot()).toBeUndefined();
  });

  test('none before the first, and none after a gap', () => {
    const { apply, tracker } = setup();
    expect(tracker.snapshot()).toBeUndefined();
    apply(snapshot(10));
    expect(tracker.snapshot()).toEqual(snapshot(10, { receivedMonotonicMs: 0 }));
    apply(diff(11, 11));
    apply(diff(20, 21));
    expect(tracker.snapshot()).toBeUndefined();
  });
});

describe('MarketTracker, quotes', () => {
  test('a quote newer than the book gives the best levels; what is better in the book is gone', () => {
    expect(withBook().apply(quote(11, level(99, 8), level(103, 9)))).toMatchObject({
      bids: levels([99, 8], [98, 3]),
      asks: levels([103, 9]),
      mark: 101,
    });
  });

  test('a quote between or above the levels of the book stands on top of them', () => {
    const { apply } = withBook({ quality: { maxJumpBps: 10_000 } });
    apply(diff(11, 11, { asks: levels([101, 0], [102, 0]) }));
    expect(apply(quote(12, level(101, 5), level(102, 6)))).toMatchObject({
      bids: levels([101, 5], [100, 1], [99, 2], [98, 3]),
      asks: levels([102, 6], [103, 3]),
    });
  });

  test('levels come back when a later quote returns', () => {
    const { apply } = withBook();
    apply(quote(11, level(98, 3), level(101, 1)));
    expect(apply(quote(12, level(100, 4), level(101, 1))).bids).toEqual(levels([100, 4], [99, 2], [98, 3]));
  });

  test.each([9, 10])('a quote that is not newer than the book changes nothing: %d', (updateId) => {
    const { apply } = withBook();
    const view = apply(quote(updateId, level(90, 1), level(110, 1), { receivedMs: 1_500 }));
    expect(view).toMatchObject({
      bids: levels([100, 1], [99, 2], [98, 3]),
      receivedMs: START_MS,
      problems: [],
    });
  });

  test('a change that reaches the quote takes over from it', () => {
    const { apply } = withBook();
    apply(quote(12, level(100, 5), level(102, 6)));
    expect(apply(diff(11, 12, { asks: levels([101, 0]) }))).toMatchObject({
      bids: levels([100, 1], [99, 2], [98, 3]),
      asks: levels([102, 2], [103, 3]),
    });
  });

  test('a change that does not reach the quote goes below it', () => {
    const { apply } = withBook();
    apply(quote(15, level(99, 5), level(101, 6)));
    expect(apply(diff(11, 12, { bids: levels([97, 4]) })).bids).toEqual(levels([99, 5], [98, 3], [97, 4]));
  });

  test('a repeated quote keeps the arrays; a new quantity keeps the levels below', () => {
    const { apply } = withBook();
    const first = apply(quote(11, level(99, 8), level(101, 9)));
    const second = apply(quote(12, level(99, 8), level(101, 5)));
    expect(second.bids).toBe(first.bids);
    expect(second.asks).toEqual(levels([101, 5], [102, 2], [103, 3]));
    expect(second.asks[1]).toBe(first.asks[1]);
    expect(first.asks[0]).toEqual(level(101, 9));
  });

  test('an empty side is one, whatever the book says', () => {
    const view = withBook().apply(quote(11, level(0, 0), level(101, 1)));
    expect(view).toMatchObject({ bids: [], mark: NaN });
    expect(codes(view)).toEqual(['SIDE_EMPTY']);
  });

  test('a crossed quote blocks', () => {
    expect(codes(withBook().apply(quote(11, level(101, 1), level(101, 1))))).toEqual(['CROSSED']);
  });

  test('without a book the quote is all there is, and is not enough', () => {
    const { apply } = setup();
    apply(quote(11, level(100, 1), level(101, 1)));
    const view = apply(quote(12, level(100, 3), level(101, 1)));
    expect(view).toMatchObject({ bids: levels([100, 3]), asks: levels([101, 1]), mark: 100 });
    expect(isGood(view)).toBe(false);
  });

  test('a quote from before the snapshot counts when it is newer than the snapshot', () => {
    const { apply } = setup();
    apply(quote(11, level(99, 7), level(101, 1)));
    expect(apply(snapshot(10)).bids).toEqual(levels([99, 7], [98, 3]));
  });
});

describe('MarketTracker, sequence', () => {
  test('a missing change blocks and says which, until a snapshot comes', () => {
    const { apply, tracker } = withBook();
    apply(diff(11, 12));
    apply(quote(13, level(100, 1), level(102, 1)));
    const broken = apply(diff(14, 15));
    expect(broken.problems).toEqual([
      { code: 'SEQUENCE_GAP', instrumentId: 'BTC-USDT', blocking: true, measured: 14, limit: 13 },
    ]);
    expect(broken).toMatchObject({ bids: levels([100, 1]), asks: levels([102, 1]) });
    apply(diff(16, 16));
    expect(isGood(apply(snapshot(14)))).toBe(true);
    expect(tracker.problemCounts).toMatchObject({ SEQUENCE_GAP: 1, NO_BOOK: 1 });
  });

  test('after a gap nothing is left of the book, when no quote has come', () => {
    const { apply } = withBook();
    expect(apply(diff(12, 12))).toMatchObject({ bids: [], asks: [], mark: NaN });
  });

  test('a snapshot that does not reach the changes since leaves the gap', () => {
    const { apply } = withBook();
    apply(diff(20, 20));
    expect(codes(apply(snapshot(15)))).toEqual(['SEQUENCE_GAP']);
  });

  test.each<[string, string, readonly MarketEvent[], MarketEvent]>([
    ['DUPLICATE', 'update id of a change', [diff(11, 12)], diff(11, 12)],
    ['OUT_OF_ORDER', 'update id of a change', [diff(11, 12), diff(13, 14)], diff(11, 12)],
    [
      'DUPLICATE',
      'update id of a quote',
      [quote(12, level(99, 1), level(101, 1))],
      quote(12, level(97, 1), level(101, 1)),
    ],
    [
      'OUT_OF_ORDER',
      'update id of a quote',
      [quote(12, level(99, 1), level(101, 1))],
      quote(11, level(97, 1), level(101, 1)),
    ],
    ['DUPLICATE', 'trade id', [trade(5)], trade(5)],
    ['OUT_OF_ORDER', 'trade id', [trade(5)], trade(4)],
    ['OUT_OF_ORDER', 'update id of a snapshot', [diff(11, 12)], snapshot(11, { bids: levels([97, 1]) })],
  ])('%s: %s is noted, and the event ignored', (code, note, before, event) => {
    const { apply, tracker } = withBook();
    for (const each of before) apply(each);
    const { bids, asks, mark, recentVolume } = tracker.view;
    const view = apply(event);
    expect(view).toMatchObject({ bids, asks, mark, recentVolume });
    expect(view.problems).toMatchObject([{ code, note, blocking: false }]);
    expect(isGood(view)).toBe(true);
    expect(apply(trade(9)).problems).toEqual([]);
    expect(tracker.problemCounts).toMatchObject({ [code]: 1 });
  });

  test('a change that the snapshot covers is nothing special', () => {
    expect(withBook().apply(diff(8, 9)).problems).toEqual([]);
  });

  test('an ignored event makes no price fresher', () => {
    const { apply, clock } = withBook();
    apply(diff(11, 12));
    clock.advance(700);
    expect(apply(diff(11, 12, { receivedMs: 1_700 }))).toMatchObject({
      receivedMonotonicMs: 0,
      receivedMs: 1_000,
    });
  });
});

describe('MarketTracker, impossible events', () => {
  const good = level(100, 1);
  test.each<[string, MarketEvent]>([
    ['quote: id is not a whole number', quote(NaN, good, level(101, 1))],
    ['quote: price is not a positive whole number of ticks', quote(11, level(0, 1), level(101, 1))],
    ['quote: quantity is not a whole number of lots', quote(11, good, level(101, -1))],
    ['trade: id is not a whole number', trade(0.5)],
    ['trade: price is not a positive whole number of ticks', trade(5, { price: ticks(NaN) })],
    ['trade: quantity of 0', trade(5, { quantity: lots(0) })],
    ['snapshot: id is not a whole number', snapshot(NaN)],
    ['snapshot: quantity is not a whole number of lots', snapshot(11, { bids: levels([100, 0.5]) })],
    ['snapshot: price is not a positive whole number of ticks', snapshot(11, { asks: levels([-1, 1]) })],
  ])('are noted and ignored: %s', (note, event) => {
    const { apply, tracker } = withBook();
    const { bids, asks } = tracker.view;
    const view = apply(event);
    expect(view.problems).toEqual([{ code: 'MALFORMED', instrumentId: 'BTC-USDT', blocking: false, note }]);
    expect(view).toMatchObject({ bids, asks, recentVolume: 0 });
  });

  test.each<[string, MarketEvent]>([
    ['diff: price is not a positive whole number of ticks', diff(11, 12, { bids: levels([NaN, 1]) })],
    ['diff: quantity is not a whole number of lots', diff(11, 12, { asks: levels([100, 2 ** 53]) })],
    ['diff: first update id beyond the last', diff(13, 12)],
    ['diff: first update id beyond the last', diff(NaN, 12)],
    ['diff: id is not a whole number', diff(11, Infinity)],
  ])('make a gap when they change the book: %s', (note, event) => {
    const view = withBook().apply(event);
    expect(view.problems).toMatchObject([
      { code: 'SEQUENCE_GAP', blocking: true },
      { code: 'MALFORMED', note },
    ]);
  });
});

describe('MarketTracker, trades', () => {
  test('sums what was traded over the window', () => {
    const { apply, clock, tracker } = withBook({ volumeWindowMs: 100, quality: { staleAfterMs: 1_000 } });
    expect(apply(trade(1, { quantity: lots(5) })).recentVolume).toBe(5);
    expect(apply(trade(2, { quantity: lots(7), receivedMs: 1_050 })).recentVolume).toBe(12);
    clock.advance(49);
    expect(tracker.check().recentVolume).toBe(12);
    clock.advance(1);
    expect(tracker.check().recentVolume).toBe(7);
  });

  test('makes no price fresher', () => {
    const { apply } = withBook();
    expect(apply(trade(1, { receivedMs: 1_400, exchangeMs: 1_390 }))).toMatchObject({
      receivedMs: 1_000,
      receivedMonotonicMs: 0,
    });
  });

  test('far from the mark blocks until the next mark', () => {
    const { apply } = withBook();
    expect(codes(apply(trade(1, { price: ticks(50) })))).toEqual(['PRICE_JUMP']);
    expect(apply(diff(11, 11)).problems).toEqual([]);
  });
});

describe('MarketTracker, freshness', () => {
  test('becomes stale when nothing comes, one step beyond the limit', () => {
    const { clock, tracker } = withBook({ quality: { staleAfterMs: 500 } });
    clock.advance(500);
    expect(tracker.check().problems).toEqual([]);
    clock.advance(1);
    expect(tracker.check().problems).toEqual([
      { code: 'STALE', instrumentId: 'BTC-USDT', blocking: true, measured: 501, limit: 500 },
    ]);
    expect(tracker.view).toBe(tracker.check());
  });

  test('is not stale before there is a book: that is another problem', () => {
    const { clock, tracker } = setup();
    clock.advance(10_000);
    expect(codes(tracker.check())).toEqual(['NO_BOOK']);
  });

  test('is measured by the monotonic clock: a step of the wall clock changes nothing', () => {
    const { clock, tracker } = withBook({ quality: { staleAfterMs: 500 } });
    clock.jump(3_600_000);
    clock.advance(500);
    expect(tracker.check().problems).toEqual([]);
  });

  test('quotes do not keep the depth fresh; the next change of the book does', () => {
    const { apply } = withBook({ quality: { staleAfterMs: 500 } });
    const view = apply(quote(11, level(100, 2), level(101, 1), { receivedMs: 1_600 }));
    expect(codes(view)).toEqual(['STALE']);
    expect(apply(diff(11, 12, { receivedMs: 1_700 })).problems).toEqual([]);
  });

  test.each([
    ['a snapshot', snapshot(20)],
    ['a change', diff(11, 12)],
  ])('%s that has waited since its receipt is as old as that, and stale at once', (_what, event) => {
    const { clock, tracker } = withBook();
    clock.advance(10_000);
    expect(tracker.apply({ ...event, receivedMonotonicMs: 8_000 })).toMatchObject({
      receivedMonotonicMs: 8_000,
      problems: [],
    });
    const later = { ...event, updateId: 30, firstUpdateId: 13, receivedMonotonicMs: 7_999 };
    expect(tracker.apply(later)).toMatchObject({
      receivedMonotonicMs: 7_999,
      problems: [{ code: 'STALE', blocking: true, measured: 2_001, limit: 2_000 }],
    });
    expect(tracker.snapshot()?.receivedMonotonicMs).toBe(7_999);
  });

  test('a quote that has waited makes no price fresher than it is', () => {
    const { clock, tracker } = withBook();
    clock.advance(1_000);
    const best = quote(11, level(100, 2), level(101, 1), { receivedMonotonicMs: 400 });
    expect(tracker.apply(best)).toMatchObject({ receivedMonotonicMs: 400 });
  });

  test('an event is never received later than now; a time that is none is too old', () => {
    const { apply } = withBook();
    expect(apply(diff(11, 11, { receivedMs: 1_500, receivedMonotonicMs: 501 }))).toMatchObject({
      receivedMonotonicMs: 500,
      problems: [],
    });
    expect(codes(apply(diff(12, 12, { receivedMs: 1_500, receivedMonotonicMs: NaN })))).toEqual(['STALE']);
  });

  test('the book handed on is as old as its last change, whatever the quotes', () => {
    const { apply, tracker } = withBook();
    apply(quote(11, level(100, 2), level(101, 1), { receivedMs: 1_600 }));
    expect(tracker.snapshot()?.receivedMonotonicMs).toBe(0);
  });

  test('returns the same view while nothing has changed', () => {
    const { clock, tracker } = withBook();
    const before = tracker.view;
    clock.advance(10);
    expect(tracker.check()).toBe(before);
  });
});

describe('MarketTracker, what was before', () => {
  const recent = { sampleMs: 100, spreadWindowMs: 300, marksWindowMs: 200 };
  const NONE = { recentSpread: undefined, recentMarks: undefined };
  const past = ({ recentSpread, recentMarks }: MarketView) => ({ recentSpread, recentMarks });

  test('is told once the first sample is over, without an event as well', () => {
    const { clock, tracker } = withBook({ recent });
    expect(past(tracker.view)).toEqual(NONE);
    clock.advance(99);
    expect(past(tracker.check())).toEqual(NONE);
    clock.advance(1);
    expect(past(tracker.check())).toEqual({
      recentSpread: { medianBps: 20_000 / 201, samples: 1, windowMs: 300 },
      recentMarks: { low: 100, high: 100, windowMs: 200 },
    });
  });

  test('has only good markets in it', () => {
    const { apply, clock, tracker } = withBook({ recent });
    apply(quote(11, level(100, 1), level(103, 1), { receivedMs: 1_100 }));
    apply(quote(12, level(104, 1), level(103, 1), { receivedMs: 1_200 }));
    clock.advance(100);
    expect(past(tracker.check())).toEqual({
      recentSpread: { medianBps: (20_000 / 201 + 60_000 / 203) / 2, samples: 2, windowMs: 300 },
      recentMarks: { low: 101, high: 101, windowMs: 200 },
    });
  });

  test('a market that stands still goes on counting as long as it is looked at', () => {
    const { clock, tracker } = withBook({ recent });
    for (let i = 0; i < 6; i += 1) {
      clock.advance(100);
      tracker.check();
    }
    expect(tracker.view.recentSpread).toMatchObject({ samples: 3 });
  });

  test('stays where it was when the clock goes back a little', () => {
    const at = { ms: 1_000 };
    const clock = new ManualClock(START_MS);
    const tracker = new MarketTracker(
      { recent, quality: { staleAfterMs: 1e9 } },
      {
        instrumentId: 'BTC-USDT',
        clock: Object.assign(Object.create(clock) as ManualClock, { monotonicMs: () => at.ms }),
      },
    );
    tracker.apply(snapshot(10));
    at.ms = 1_100;
    const before = past(tracker.check());
    at.ms = 1_050;
    expect(past(tracker.check())).toEqual(before);
  });

  test('has five minutes in it unless told otherwise', () => {
    const { clock, tracker } = withBook();
    clock.advance(1_000);
    expect(past(tracker.check())).toMatchObject({
      recentSpread: { windowMs: 300_000 },
      recentMarks: { windowMs: 300_000 },
    });
  });

  test('refuses a bad option by name', () => {
    expect(() => setup({ recent: { marksWindowMs: 1_500 } })).toThrow('recent.marksWindowMs');
  });
});

test('MarketTracker measures the clock offset and says so without blocking', () => {
  const { apply, tracker } = withBook();
  expect(tracker.clockOffsetMs).toBeNaN();
  for (let id = 1; id <= 16; id += 1) apply(trade(id, { exchangeMs: 2_270 }));
  expect(tracker.clockOffsetMs).toBe(1_270);
  expect(isGood(tracker.view)).toBe(true);
  expect(tracker.view.problems).toMatchObject([{ code: 'CLOCK_OFFSET', measured: 1_270, blocking: false }]);
});
