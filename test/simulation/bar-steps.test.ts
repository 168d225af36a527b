import { describe, expect, test } from 'vitest';
import { barSteps } from '../../src/simulation/bar-steps.ts';
import { bar } from './bars.ts';

const prices = (...args: Parameters<typeof barSteps>): number[] =>
  barSteps(...args).map(({ price }) => price);
const quantities = (...args: Parameters<typeof barSteps>): number[] =>
  barSteps(...args).map(({ quantity }) => quantity);

describe('barSteps', () => {
  test('go in straight lines from turn to turn', () => {
    expect(prices(bar(100, 106, 91, 97), 10)).toEqual([100, 102, 104, 106, 101, 96, 91, 93, 95, 97]);
  });

  test('meet every turn also when the steps do not divide', () => {
    const path = prices(bar(100, 106, 91, 97), 12);
    expect(path).toHaveLength(12);
    expect([path[0], path[4], path[7], path[11]]).toEqual([100, 106, 91, 97]);
  });

  test('of the fewest allowed are the turns alone', () => {
    expect(prices(bar(100, 106, 91, 97), 4)).toEqual([100, 106, 91, 97]);
  });

  test('of a flat bar stay where they are', () => {
    expect(prices(bar(100, 100, 100, 100), 4)).toEqual([100, 100, 100, 100]);
  });

  test('round to the tick, inside of the bar', () => {
    expect(prices(bar(100, 101, 100, 101), 4)).toEqual([100, 100, 101, 101]);
  });

  test('share the volume evenly', () => {
    expect(quantities(bar(100, 106, 91, 97, 40), 4)).toEqual([10, 10, 10, 10]);
    expect(quantities(bar(100, 100, 100, 100, 13), 4)).toEqual([4, 3, 3, 3]);
  });

  test('trade at least a lot at each turn', () => {
    expect(quantities(bar(100, 106, 91, 97, 4), 10)).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect(quantities(bar(100, 106, 100, 106, 2), 5)).toEqual([1, 0, 0, 0, 1]);
  });

  test('trade nothing where nothing was traded', () => {
    expect(quantities(bar(100, 106, 91, 97, 0), 4)).toEqual([0, 0, 0, 0]);
  });

  test('share a volume whose products are beyond exact numbers', () => {
    const volume = Number.MAX_SAFE_INTEGER - 1;
    const all = quantities(bar(100, 100, 100, 100, volume), 7);
    expect(all.reduce((sum, quantity) => sum + BigInt(quantity), 0n)).toBe(BigInt(volume));
    expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(2);
  });
});
