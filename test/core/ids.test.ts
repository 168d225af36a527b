import { describe, expect, test } from 'vitest';
import { clientOrderId, idSchema, isId } from '../../src/core/index.ts';

describe('clientOrderId', () => {
  // Pinned: another value would send an order again that a venue knows under the old one.
  test.each([
    ['acc', 'strat', 'intent-1', '374b64d585ca9198e8f1ed73bdd5006e'],
    ['a', 'b', 'c', '2f9c4df6fc15d4bad5ed0be1876331ae'],
    ['a', 'b-c', 'd', 'c937cbb302022cfe93c3d0bbfba7387d'],
    ['main', 'ema-cross', '2024-08-08T00:00:00Z/1', 'e7c6ab16348e4e569c40175b70f1075f'],
  ])('of %s, %s, %s is %4$s', (account, strategy, intent, id) => {
    expect(clientOrderId(account, strategy, intent)).toBe(id);
  });

  test('differs wherever the boundary between two ids moves', () => {
    const ids = ['', '-', '/', ':', '|', ','].flatMap((separator) => [
      clientOrderId(`a${separator}b`, 'c', 'd'),
      clientOrderId('a', `b${separator}c`, 'd'),
      clientOrderId('a', 'b', `c${separator}d`),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('isId', () => {
  test.each(['a', 'A-1_2.3/4:5', '!', '~', 'x'.repeat(64)])('takes %s', (id) => {
    expect([isId(id), idSchema.safeParse(id).success]).toEqual([true, true]);
  });

  test.each(['', ' ', 'a b', 'a\n', '\t', 'x'.repeat(65), 'é', '\u007f', '１', 7, null, undefined, ['a']])(
    'refuses %j',
    (id) => {
      expect([isId(id), idSchema.safeParse(id).success]).toEqual([false, false]);
    },
  );
});
