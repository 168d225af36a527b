import { describe, expect, test } from 'vitest';
import { binomialTail, fisherTail } from '../../../src/service/index.ts';

describe('binomialTail', () => {
  test.each([
    // Sums of C(10, k) 0.1^k 0.9^(10 - k), worked out by hand.
    [3, 10, 0.1, 0.0701908264],
    [1, 10, 0.1, 0.6513215599],
    [10, 10, 0.1, 1e-10],
    [0, 10, 0.1, 1],
    [11, 10, 0.1, 0],
    [1, 10, 0, 0],
    [0, 10, 0, 1],
    [5, 10, 1, 1],
    [1, 1, 0.5, 0.5],
  ])('%i of %i at %d', (errors, trials, p, expected) => {
    expect(binomialTail(errors, trials, p)).toBeCloseTo(expected, 10);
  });

  test('holds for a million requests', () => {
    // 20 standard deviations above the mean: nothing but 0, and not NaN.
    expect(binomialTail(12_000, 1_000_000, 0.01)).toBeLessThan(1e-80);
    // At the mean of a large sample it is about a half.
    expect(Math.abs(binomialTail(10_000, 1_000_000, 0.01) - 0.5)).toBeLessThan(0.005);
  });
});

describe('fisherTail', () => {
  test.each([
    // Fisher's lady and her tea: 4 of 4 cups right, and 3 or more.
    [4, 4, 0, 4, 1 / 70],
    [3, 4, 1, 4, 17 / 70],
    [0, 4, 4, 4, 1],
    // C(5,2) C(15,0) / C(20,2)
    [2, 5, 0, 15, 10 / 190],
    [1, 1, 0, 1, 0.5],
  ])('%i of %i against %i of %i', (errors, trials, baseErrors, baseTrials, expected) => {
    expect(fisherTail(errors, trials, baseErrors, baseTrials)).toBeCloseTo(expected, 12);
  });

  test('holds for a million requests', () => {
    expect(fisherTail(2000, 1_000_000, 1000, 1_000_000)).toBeLessThan(1e-70);
    expect(Math.abs(fisherTail(1000, 1_000_000, 1000, 1_000_000) - 0.5)).toBeLessThan(0.02);
  });
});
