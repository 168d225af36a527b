import { describe, expect, test } from 'vitest';
import { PriceJump } from '../../src/market-data/index.ts';

const OPTIONS = { maxJumpBps: 100, jumpConfirmations: 3, jumpConfirmMs: 1_000 };
const after = (...marks: readonly number[]): PriceJump => {
  const jump = new PriceJump(OPTIONS);
  for (const mark of marks) jump.mark(mark, 0);
  return jump;
};

describe('PriceJump', () => {
  test('believes the first mark', () => {
    expect(after(50_000).suspected).toBe(false);
  });

  test('believes a step of exactly the limit, and suspects one tick more', () => {
    expect(after(10_000, 10_100).suspected).toBe(false);
    expect(after(10_000, 9_900).suspected).toBe(false);
    const jump = after(10_000, 10_101);
    expect(jump.suspected).toBe(true);
    expect(jump.jumpBps).toBeCloseTo(101, 9);
  });

  test('measures from the last good mark, so that a trend is no jump', () => {
    expect(after(10_000, 10_100, 10_200, 10_300).suspected).toBe(false);
  });

  test('believes a jump after so many further marks near it, and no sooner', () => {
    expect(after(10_000, 12_000, 12_010, 11_990).suspected).toBe(true);
    const jump = after(10_000, 12_000, 12_010, 11_990, 12_000);
    expect(jump.suspected).toBe(false);
    expect(jump.jumpBps).toBe(0);
    jump.mark(10_000, 0);
    expect(jump.suspected).toBe(true);
  });

  test('believes a jump at the first further mark after the time', () => {
    const jump = after(10_000, 12_000);
    jump.mark(12_000, 999);
    expect(jump.suspected).toBe(true);
    jump.mark(12_000, 1_000);
    expect(jump.suspected).toBe(false);
  });

  test('ends with a mark near the good one', () => {
    expect(after(10_000, 12_000, 12_000, 10_010).suspected).toBe(false);
  });

  test('starts again with a mark near neither', () => {
    expect(after(10_000, 12_000, 12_000, 12_000, 14_000, 12_000, 14_000).suspected).toBe(true);
    expect(after(10_000, 12_000, 12_000, 14_000, 14_000, 14_000, 14_000).suspected).toBe(false);
  });

  test('a far trade is suspected; only marks end that', () => {
    const jump = after(10_000);
    jump.trade(12_000, 0);
    jump.trade(10_000, 5_000);
    expect(jump.suspected).toBe(true);
    jump.mark(10_000, 5_001);
    expect(jump.suspected).toBe(false);
  });

  test('a trade confirms nothing, and does not replace the mark that is suspected', () => {
    const jump = after(10_000, 12_000);
    for (let i = 0; i < 9; i += 1) jump.trade(12_000, i);
    jump.trade(20_000, 9);
    expect(jump.jumpBps).toBeCloseTo(2_000, 9);
  });

  test('a near trade is no suspicion, nor is any before the first mark', () => {
    const jump = new PriceJump(OPTIONS);
    jump.trade(1, 0);
    jump.mark(10_000, 0);
    jump.trade(10_100, 0);
    expect(jump.suspected).toBe(false);
  });
});
