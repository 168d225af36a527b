import { describe, expect, test } from 'vitest';
import {
  type BookCondition,
  DataQualityMonitor,
  type DataQualityOptions,
} from '../../src/market-data/index.ts';
import type { DataProblem } from '../../src/trading/index.ts';
import { levels, quote, level, trade } from '../support/market-events.ts';

const monitor = (options: DataQualityOptions = {}): DataQualityMonitor =>
  new DataQualityMonitor(options, { instrumentId: 'BTC-USDT' });

const GOOD: BookCondition = { state: 'valid', bids: levels([100, 1]), asks: levels([102, 1]), mark: 101 };
const NO_PROBLEM = {
  NO_BOOK: 0,
  SIDE_EMPTY: 0,
  CROSSED: 0,
  SEQUENCE_GAP: 0,
  PRICE_JUMP: 0,
  STALE: 0,
  CLOCK_OFFSET: 0,
  DUPLICATE: 0,
  OUT_OF_ORDER: 0,
  MALFORMED: 0,
  SOURCE_DEVIATION: 0,
};

const problem = (code: DataProblem['code'], facts: Partial<DataProblem> = {}): DataProblem => ({
  code,
  instrumentId: 'BTC-USDT',
  blocking: true,
  ...facts,
});

describe('DataQualityMonitor', () => {
  test('finds nothing wrong with a good book', () => {
    const it = monitor();
    it.book(GOOD, 0);
    expect(it.problems).toEqual([]);
    expect(it.counts).toEqual(NO_PROBLEM);
  });

  test.each<[string, Partial<BookCondition>, DataProblem]>([
    ['no snapshot yet', { state: 'none', bids: [], asks: [], mark: NaN }, problem('NO_BOOK')],
    ['a missed change', { state: 'gap' }, problem('SEQUENCE_GAP')],
    ['nobody bids', { bids: [], mark: NaN }, problem('SIDE_EMPTY')],
    ['nobody asks', { asks: [], mark: NaN }, problem('SIDE_EMPTY')],
    ['a locked book', { bids: levels([102, 1]) }, problem('CROSSED', { measured: 102, limit: 102 })],
    ['a crossed book', { bids: levels([103, 1]) }, problem('CROSSED', { measured: 103, limit: 102 })],
  ])('blocks on %s, once, until it is over', (_what, condition, expected) => {
    const it = monitor();
    it.book({ ...GOOD, ...condition }, 0);
    it.book({ ...GOOD, ...condition }, 1);
    expect(it.problems).toEqual([expected]);
    expect(it.counts).toEqual({ ...NO_PROBLEM, [expected.code]: 1 });
    it.book(GOOD, 2);
    expect(it.problems).toEqual([]);
  });

  test('says which change is missing', () => {
    const it = monitor();
    it.gap(15, 12);
    it.book({ ...GOOD, state: 'gap' }, 0);
    expect(it.problems).toEqual([problem('SEQUENCE_GAP', { measured: 15, limit: 12 })]);
    expect(it.counts.SEQUENCE_GAP).toBe(1);
  });

  test('keeps the same array while nothing changes', () => {
    const it = monitor();
    it.book({ ...GOOD, state: 'gap' }, 0);
    const before = it.problems;
    it.book({ ...GOOD, state: 'gap' }, 1);
    expect(it.problems).toBe(before);
  });

  test('is stale beyond the limit, not at it; and for an age that is none', () => {
    const it = monitor({ staleAfterMs: 500 });
    it.age(500);
    expect(it.problems).toEqual([]);
    it.age(500.5);
    expect(it.problems).toEqual([problem('STALE', { measured: 500.5, limit: 500 })]);
    it.age(0);
    expect(it.problems).toEqual([]);
    it.age(NaN);
    it.age(0);
    it.age(-1);
    expect(it.problems).toEqual([problem('STALE', { measured: -1, limit: 500 })]);
    expect(it.counts.STALE).toBe(3);
  });

  test('blocks on a jump of the mark until it is confirmed', () => {
    const it = monitor({ maxJumpBps: 100, jumpConfirmations: 1 });
    const far = { ...GOOD, bids: levels([110, 1]), asks: levels([112, 1]), mark: 111 };
    it.book(GOOD, 0);
    it.book(far, 1);
    expect(it.problems).toEqual([problem('PRICE_JUMP', { measured: (10 / 101) * 1e4, limit: 100 })]);
    it.book(far, 2);
    expect(it.problems).toEqual([]);
  });

  test('blocks on a trade far from the mark until a mark shows that it stayed', () => {
    const it = monitor();
    it.book(GOOD, 0);
    it.trade(50, 1);
    expect(it.problems).toMatchObject([{ code: 'PRICE_JUMP', blocking: true }]);
    it.book(GOOD, 2);
    expect(it.problems).toEqual([]);
  });

  test('takes no price from a book that is wrong in another way', () => {
    const it = monitor();
    it.book(GOOD, 0);
    it.book({ ...GOOD, state: 'gap', mark: 500 }, 1);
    it.trade(900, 2);
    it.book(GOOD, 3);
    expect(it.counts.PRICE_JUMP).toBe(0);
  });

  test('reports a clock offset once, without blocking', () => {
    const it = monitor();
    for (let id = 0; id < 40; id += 1)
      it.received(trade(id, { receivedMs: 1_000, exchangeMs: 2_270 - (id % 3) }));
    expect(it.problems).toEqual([problem('CLOCK_OFFSET', { blocking: false, measured: 1_270, limit: 500 })]);
    expect(it.counts.CLOCK_OFFSET).toBe(1);
    expect(it.clockOffsetMs).toBe(1_270);
  });

  test.each([
    ['up to the reported size', 500, []],
    ['beyond it', 501, [problem('CLOCK_OFFSET', { blocking: false, measured: 501, limit: 500 })]],
    ['behind', -501, [problem('CLOCK_OFFSET', { blocking: false, measured: -501, limit: 500 })]],
    ['up to the limit', 800, [problem('CLOCK_OFFSET', { blocking: false, measured: 800, limit: 500 })]],
    ['beyond the limit', 801, [problem('CLOCK_OFFSET', { measured: 801, limit: 800 })]],
  ])('a clock offset %s', (_what, ahead, expected) => {
    const it = monitor({ reportOffsetMs: 500, maxOffsetMs: 800 });
    for (let id = 0; id < 16; id += 1) it.received(trade(id, { receivedMs: 0, exchangeMs: ahead }));
    expect(it.problems).toEqual(expected);
  });

  test('a limit below the reported size counts as well', () => {
    const it = monitor({ reportOffsetMs: 500, maxOffsetMs: 100 });
    for (let id = 0; id < 16; id += 1) it.received(trade(id, { receivedMs: 0, exchangeMs: 101 }));
    expect(it.problems).toEqual([problem('CLOCK_OFFSET', { measured: 101, limit: 100 })]);
  });

  test('ends a clock offset when the clocks agree again', () => {
    const it = monitor();
    for (let id = 0; id < 256; id += 1) it.received(trade(id, { receivedMs: 0, exchangeMs: 900 }));
    for (let id = 0; id < 257; id += 1) it.received(trade(id, { receivedMs: 0, exchangeMs: 0 }));
    expect(it.problems).toEqual([]);
  });

  test('notes a receive time that goes back, for this event alone', () => {
    const it = monitor();
    const at = (receivedMs: number): void => it.received(quote(1, level(1, 1), level(2, 1), { receivedMs }));
    at(1_000);
    at(1_000);
    expect(it.problems).toEqual([]);
    at(999.5);
    expect(it.problems).toEqual([
      problem('OUT_OF_ORDER', { blocking: false, measured: 999.5, limit: 1_000, note: 'receive time' }),
    ]);
    at(1_000);
    expect(it.problems).toEqual([]);
    expect(it.counts.OUT_OF_ORDER).toBe(1);
  });

  test.each([
    ['staleAfterMs', { staleAfterMs: 0 }],
    ['maxJumpBps', { maxJumpBps: -1 }],
    ['jumpConfirmations', { jumpConfirmations: 0 }],
    ['jumpConfirmMs', { jumpConfirmMs: NaN }],
    ['reportOffsetMs', { reportOffsetMs: Infinity }],
    ['maxOffsetMs', { maxOffsetMs: 0 }],
    ['staleMs', Object({ staleMs: 5 })],
  ])('refuses a bad or misspelt option by name: %s', (name, options: DataQualityOptions) => {
    expect(() => monitor(options)).toThrow(name);
  });
});
