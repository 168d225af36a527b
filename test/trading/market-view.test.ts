import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/index.ts';
import { type DataProblem, isGood, midMark } from '../../src/trading/index.ts';
import { viewOf } from './builders.ts';

const problem = (blocking: boolean): DataProblem => ({ code: 'STALE', instrumentId: 'GOLD', blocking });
const level = (price: number) => ({ price: ticks(price), quantity: lots(1) });

describe('isGood', () => {
  test('takes a view without problems, or with problems that do not block', () => {
    expect([isGood(viewOf()), isGood(viewOf({ problems: [problem(false)] }))]).toEqual([true, true]);
  });

  test('refuses a view with one problem that blocks', () => {
    expect(isGood(viewOf({ problems: [problem(false), problem(true)] }))).toBe(false);
  });

  test.each([NaN, 0, -1, Infinity, 100.5])('refuses a mark of %d', (mark) => {
    expect(isGood(viewOf({ mark: ticks(mark) }))).toBe(false);
  });
});

describe('midMark', () => {
  test('is the middle, rounded down to the tick', () => {
    expect([midMark(level(99), level(101)), midMark(level(99), level(102))]).toEqual([100, 100]);
  });

  test('is NaN when a side is empty', () => {
    expect([midMark(undefined, level(101)), midMark(level(99), undefined)]).toEqual([NaN, NaN]);
  });
});
