import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/core/index.ts';

const take = <T>(count: number, draw: () => T): T[] => Array.from({ length: count }, draw);

describe('SeededRandom', () => {
  // Computed apart from this code: the same seed gives the same run on every machine and in every version.
  test.each([
    [0, [1789933344, 44971166, 2521387044, 3848737593]],
    [1, [393288148, 2174103013, 3814759091, 2092745082]],
    [42, [660444221, 3652823732, 77672526, 910233633]],
    [-1, [4104197751, 1825856343, 1152209388, 2427537429]],
    [2 ** 32 + 42, [660444221, 3652823732, 77672526, 910233633]],
    [42.9, [660444221, 3652823732, 77672526, 910233633]],
  ])('gives for seed %d always %j', (seed, expected) => {
    const random = new SeededRandom(seed);
    expect(take(4, () => random.uint32())).toEqual(expected);
  });

  test('gives 53 bits in [0, 1)', () => {
    const random = new SeededRandom(42);
    expect(take(3, () => random.next())).toEqual([
      0.15377165265745885, 0.018084542542176507, 0.5348906284683476,
    ]);
  });

  test('is uniform', () => {
    const random = new SeededRandom(7);
    const bins = Array<number>(10).fill(0);
    for (const x of take(100_000, () => random.next()))
      bins[Math.floor(x * 10)] = (bins[Math.floor(x * 10)] ?? 0) + 1;
    const chiSquare = bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(27.9); // 9 degrees of freedom, 1 in 1,000
  });

  test('gives whole numbers in a range, both ends included', () => {
    const random = new SeededRandom(7);
    expect([...new Set(take(1_000, () => random.integer(-1, 2)))].sort((a, b) => a - b)).toEqual([
      -1, 0, 1, 2,
    ]);
  });

  test('is normal: mean 0, variance 1, 4.55 % beyond two deviations', () => {
    const random = new SeededRandom(7);
    const draws = take(100_000, () => random.normal());
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    const tails = draws.filter((x) => Math.abs(x) > 2).length / draws.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(tails - 0.0455)).toBeLessThan(0.003);
  });

  test('forks a source that goes its own way', () => {
    const [parent, twin] = [new SeededRandom(3), new SeededRandom(3)];
    const [child, childOfTwin] = [parent.fork(), twin.fork()];
    child.next();
    child.next();
    childOfTwin.next();
    expect(parent.next()).toBe(twin.next());
    expect(child.next()).not.toBe(childOfTwin.next());
  });
});
