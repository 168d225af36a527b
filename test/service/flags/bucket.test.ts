import { describe, expect, test } from 'vitest';
import { placeOf, weighted } from '../../../src/service/flags/bucket.ts';

describe('placeOf', () => {
  test('is the first 48 bits of SHA-256 over name, newline and key', () => {
    // printf 'new-router\\nacc-1' | sha256sum | cut -c1-12
    expect(placeOf('new-router', 'acc-1')).toBe(0xe89f1be75dd0 / 2 ** 48);
  });
});

describe('weighted', () => {
  const weights = { a: 1, b: 3 };

  test.each([
    [0, 'a'],
    [0.2499, 'a'],
    [0.25, 'b'],
    [0.9999, 'b'],
    [1, 'b'],
  ])('the place %d falls to %s', (place, variant) => {
    expect(weighted(weights, place)).toBe(variant);
  });
});
