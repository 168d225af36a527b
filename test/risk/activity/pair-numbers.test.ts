import { describe, expect, test } from 'vitest';
import { PairNumbers } from '../../../src/risk/activity/pair-numbers.ts';

describe('PairNumbers', () => {
  test('numbers pairs as they come, and each once', () => {
    const numbers = new PairNumbers<string, string>();
    const pairs = [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
      ['a', 'z'],
      ['a', 'x'],
      ['a', 'y'],
    ] as const;
    expect(pairs.map(([a, b]) => numbers.of(a, b))).toEqual([0, 1, 2, 3, 0, 1]);
    expect(pairs.map(([a, b]) => numbers.find(a, b))).toEqual([0, 1, 2, 3, 0, 1]);
  });

  test('finds none of a pair that has no number, and gives it none', () => {
    const numbers = new PairNumbers<string, string>();
    numbers.of('a', 'x');
    expect([numbers.find('a', 'y'), numbers.find('b', 'x'), numbers.of('b', 'x')]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });
});
