import { describe, expect, test } from 'vitest';
import { CallWindow, type Counted } from '../../../src/resilience/policies/call-window.ts';

const counted = (times: Readonly<Record<number, readonly Counted[]>>): CallWindow => {
  const window = new CallWindow(1_000);
  for (const [atMs, kinds] of Object.entries(times))
    for (const kind of kinds) window.count(kind, Number(atMs));
  return window;
};

describe('CallWindow', () => {
  test('holds nothing at first, at a rate of 0', () => {
    expect(new CallWindow(1_000).counts(0)).toEqual({ calls: 0, failed: 0, slow: 0, rate: 0 });
  });

  test('counts by kind, failed and slow ones together make the rate', () => {
    const window = counted({ 0: ['in-time', 'failed', 'slow', 'failed'] });
    expect(window.counts(0)).toEqual({ calls: 4, failed: 2, slow: 1, rate: 0.75 });
  });

  test.each([
    { atMs: 0, hasMs: 999, lostMs: 1_000 },
    { atMs: 99, hasMs: 999, lostMs: 1_000 },
    { atMs: 100, hasMs: 1_099, lostMs: 1_100 },
    { atMs: 123_456, hasMs: 124_399, lostMs: 124_400 },
  ])('what was counted at $atMs ms is there at $hasMs and gone at $lostMs', ({ atMs, hasMs, lostMs }) => {
    const window = counted({ [atMs]: ['failed'] });
    expect(window.counts(hasMs)).toEqual({ calls: 1, failed: 1, slow: 0, rate: 1 });
    expect(window.counts(lostMs)).toEqual({ calls: 0, failed: 0, slow: 0, rate: 0 });
  });

  test('forgets one bucket at a time, each kind with it', () => {
    const window = counted({ 0: ['slow'], 100: ['failed'], 200: ['in-time'] });
    expect(window.counts(1_000)).toEqual({ calls: 2, failed: 1, slow: 0, rate: 0.5 });
    expect(window.counts(1_100)).toEqual({ calls: 1, failed: 0, slow: 0, rate: 0 });
    expect(window.counts(1_200)).toEqual({ calls: 0, failed: 0, slow: 0, rate: 0 });
  });

  test('a gap of nine buckets keeps the oldest, one of ten clears all', () => {
    expect(counted({ 0: ['failed'] }).counts(900).calls).toBe(1);
    expect(counted({ 0: ['failed'] }).counts(1_000).calls).toBe(0);
  });

  test('a gap of exactly one turn of the ring does not bring old buckets back', () => {
    const window = counted({ 50: ['failed'], 2_050: ['in-time'] });
    expect(window.counts(2_050)).toEqual({ calls: 1, failed: 0, slow: 0, rate: 0 });
  });

  test('can be cleared, and counts on in the same bucket', () => {
    const window = counted({ 0: ['failed', 'slow'] });
    window.clear();
    window.count('in-time', 10);
    expect(window.counts(10)).toEqual({ calls: 1, failed: 0, slow: 0, rate: 0 });
    expect(window.counts(1_000).calls).toBe(0);
  });

  test.each([
    { rate: 0.5, minCalls: 4, reaches: true },
    { rate: 0.51, minCalls: 4, reaches: false },
    { rate: 0.5, minCalls: 5, reaches: false },
  ])('2 of 4 reach a rate of $rate among $minCalls: $reaches', ({ rate, minCalls, reaches }) => {
    const window = counted({ 0: ['in-time', 'failed', 'slow', 'in-time'] });
    expect(window.reaches(rate, minCalls, 0)).toBe(reaches);
  });

  test('what is too old does not reach anything', () => {
    expect(counted({ 0: ['failed'] }).reaches(0.1, 1, 1_000)).toBe(false);
  });
});
