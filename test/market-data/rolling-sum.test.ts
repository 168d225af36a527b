import { describe, expect, test } from 'vitest';
import { RollingSum } from '../../src/market-data/rolling-sum.ts';

describe('RollingSum', () => {
  test('counts an amount for less than the window', () => {
    const sum = new RollingSum(100);
    sum.add(5, 1_000);
    sum.add(7, 1_050);
    expect(sum.at(1_099)).toBe(12);
    expect(sum.at(1_100)).toBe(7);
    expect(sum.at(1_150)).toBe(0);
  });

  test('is 0 before anything', () => {
    expect(new RollingSum(100).at(0)).toBe(0);
  });

  test('goes on after everything has left', () => {
    const sum = new RollingSum(100);
    sum.add(5, 0);
    sum.at(500);
    sum.add(3, 500);
    expect(sum.at(500)).toBe(3);
  });
});
