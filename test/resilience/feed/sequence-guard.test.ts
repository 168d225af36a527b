import { describe, expect, test } from 'vitest';
import { SequenceGuard, isRange } from '../../../src/resilience/feed/sequence-guard.ts';

const guardAt = (last: number, restartAfterDuplicates = 3): SequenceGuard => {
  const guard = new SequenceGuard({ restartAfterDuplicates });
  guard.check({ channel: 'a', first: last, last });
  return guard;
};

describe('SequenceGuard', () => {
  test('takes what a channel begins with', () => {
    const guard = new SequenceGuard({ restartAfterDuplicates: 3 });
    expect(guard.check({ channel: 'a', first: 7, last: 9 })).toEqual({ kind: 'first' });
    expect(guard.has('a')).toBe(true);
    expect(guard.has('b')).toBe(false);
  });

  test.each([
    { name: 'the next number', first: 11, last: 11, verdict: { kind: 'next' } },
    { name: 'a range from the next number', first: 11, last: 15, verdict: { kind: 'next' } },
    { name: 'a range that reaches over the next number', first: 8, last: 11, verdict: { kind: 'next' } },
    { name: 'the number before', first: 10, last: 10, verdict: { kind: 'duplicate' } },
    { name: 'a range that ends with the number before', first: 5, last: 10, verdict: { kind: 'duplicate' } },
    { name: 'one number missing', first: 12, last: 12, verdict: { kind: 'gap', expected: 11, got: 12 } },
    { name: 'many missing', first: 100, last: 120, verdict: { kind: 'gap', expected: 11, got: 100 } },
  ])('$name', ({ first, last, verdict }) => {
    expect(guardAt(10).check({ channel: 'a', first, last })).toEqual(verdict);
  });

  test('goes on after a gap, and after what was old', () => {
    const guard = guardAt(10);
    guard.check({ channel: 'a', first: 20, last: 25 });
    guard.check({ channel: 'a', first: 3, last: 3 });
    expect(guard.check({ channel: 'a', first: 26, last: 26 })).toEqual({ kind: 'next' });
  });

  test('each channel has numbers of its own', () => {
    const guard = guardAt(10);
    expect(guard.check({ channel: 'b', first: 1, last: 1 })).toEqual({ kind: 'first' });
    expect(guard.check({ channel: 'a', first: 11, last: 11 })).toEqual({ kind: 'next' });
  });

  test('old numbers that follow on from each other mean that the venue counts anew', () => {
    const guard = guardAt(100);
    const verdicts = [1, 2, 3, 4].map((n) => guard.check({ channel: 'a', first: n, last: n }).kind);
    expect(verdicts).toEqual(['duplicate', 'duplicate', 'restarted', 'next']);
  });

  test('says where the new count is', () => {
    const guard = guardAt(100, 2);
    guard.check({ channel: 'a', first: 1, last: 1 });
    expect(guard.check({ channel: 'a', first: 2, last: 2 })).toEqual({
      kind: 'restarted',
      expected: 101,
      got: 2,
    });
  });

  test('the same old number again and again means nothing, nor do those that a new one interrupts', () => {
    const guard = guardAt(100);
    for (let times = 0; times < 10; times += 1) {
      expect(guard.check({ channel: 'a', first: 50, last: 50 })).toEqual({ kind: 'duplicate' });
    }
    guard.check({ channel: 'a', first: 51, last: 51 });
    guard.check({ channel: 'a', first: 101, last: 101 });
    expect(guard.check({ channel: 'a', first: 52, last: 52 })).toEqual({ kind: 'duplicate' });
  });

  test('a channel that was forgotten begins again', () => {
    const guard = guardAt(10);
    guard.forget('a');
    expect(guard.check({ channel: 'a', first: 1, last: 1 })).toEqual({ kind: 'first' });
    guard.forgetAll();
    expect(guard.has('a')).toBe(false);
  });

  test.each([
    [1, 1, true],
    [1, 2, true],
    [0, 0, true],
    [2, 1, false],
    [NaN, 1, false],
    [1, NaN, false],
    [1.5, 2, false],
    [1, Infinity, false],
    [1, 2 ** 53, false],
  ])('numbers from %d to %d are a range: %s', (first, last, expected) => {
    expect(isRange({ channel: 'a', first, last })).toBe(expected);
  });
});
