import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../../src/core/options.ts';
import { SeededRandom } from '../../../src/core/random.ts';
import {
  type Latency,
  type LatencyLeg,
  PaperLatency,
  latencyByLegSchema,
  latencySchema,
} from '../../../src/desk/paper/paper-latency.ts';

const LEGS: readonly LatencyLeg[] = ['entry', 'cancel', 'amend', 'query', 'report'];

const latency = (usual: Latency, byLeg: Partial<Record<LatencyLeg, Latency>> = {}, seed = 1): PaperLatency =>
  new PaperLatency(
    parseOptions('test', latencySchema, usual),
    parseOptions('test', latencyByLegSchema, byLeg),
    new SeededRandom(seed),
  );

const draws = (from: PaperLatency, count: number, leg: LatencyLeg = 'entry'): number[] =>
  Array.from({ length: count }, () => from.next(leg));

const quantile = (values: readonly number[], fraction: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * fraction)] ?? NaN;

test('a number is the latency of every leg, each time', () => {
  const constant = latency(7);
  expect(LEGS.map((leg) => draws(constant, 3, leg))).toEqual(LEGS.map(() => [7, 7, 7]));
});

test('a leg may have its own', () => {
  const mixed = latency(7, { cancel: 3, report: { kind: 'empirical', samplesMs: [11] } });
  expect(LEGS.map((leg) => mixed.next(leg))).toEqual([7, 3, 7, 7, 11]);
});

describe.each(['log-normal', 'shifted-exponential'] as const)('%s', (kind) => {
  const drawn = draws(latency({ kind, medianMs: 20, p99Ms: 90 }), 40_000);

  test('has the median and the 99 % quantile it was given', () => {
    expect(quantile(drawn, 0.5)).toBeGreaterThan(19.5);
    expect(quantile(drawn, 0.5)).toBeLessThan(20.5);
    expect(quantile(drawn, 0.99)).toBeGreaterThan(84);
    expect(quantile(drawn, 0.99)).toBeLessThan(96);
  });

  test('is constant when both are the same', () => {
    const same = draws(latency({ kind, medianMs: 20, p99Ms: 20 }), 100);
    expect(Math.max(...same) - Math.min(...same)).toBeLessThan(1e-9);
    expect(same[0]).toBeCloseTo(20, 9);
  });

  test('refuses a 99 % quantile below the median, by name', () => {
    expect(() => latency({ kind, medianMs: 20, p99Ms: 19 })).toThrow(/p99Ms: expected at least medianMs/);
  });
});

test('shifted-exponential has a shortest time: the median less what the exponential part adds to it', () => {
  const shortest = 20 - ((90 - 20) / Math.log(50)) * Math.log(2);
  const drawn = draws(latency({ kind: 'shifted-exponential', medianMs: 20, p99Ms: 90 }), 40_000);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(shortest);
  expect(Math.min(...drawn)).toBeLessThan(shortest + 0.05);
});

test('log-normal can be quicker than any shift', () => {
  const drawn = draws(latency({ kind: 'log-normal', medianMs: 20, p99Ms: 90 }), 40_000);
  expect(Math.min(...drawn)).toBeLessThan(4);
  expect(Math.min(...drawn)).toBeGreaterThan(0);
});

test('empirical draws each of its samples, about equally often', () => {
  const drawn = draws(latency({ kind: 'empirical', samplesMs: [1, 5, 200] }), 3_000);
  for (const sample of [1, 5, 200]) {
    const count = drawn.filter((ms) => ms === sample).length;
    expect(count).toBeGreaterThan(900);
    expect(count).toBeLessThan(1_100);
  }
});

test('no draw is longer than a minute', () => {
  const drawn = draws(latency({ kind: 'log-normal', medianMs: 1_000, p99Ms: 60_000 }), 2_000);
  expect(Math.max(...drawn)).toBe(60_000);
});

describe('the seed', () => {
  const skewed: Latency = { kind: 'log-normal', medianMs: 20, p99Ms: 90 };

  test('gives the same latencies again, another one others', () => {
    expect(draws(latency(skewed, {}, 5), 20)).toEqual(draws(latency(skewed, {}, 5), 20));
    expect(draws(latency(skewed, {}, 6), 20)).not.toEqual(draws(latency(skewed, {}, 5), 20));
  });

  test('one more message on one leg moves nothing on another', () => {
    const [one, other] = [latency(skewed), latency(skewed)];
    draws(other, 7, 'cancel');
    expect(draws(other, 20)).toEqual(draws(one, 20));
  });
});

test.for<[unknown, RegExp]>([
  [-1, /\(whole\)/],
  [60_001, /\(whole\)/],
  [NaN, /\(whole\)/],
  [{ kind: 'gamma', medianMs: 1, p99Ms: 2 }, /kind|\(whole\)/],
  [{ kind: 'log-normal', medianMs: 0, p99Ms: 2 }, /p99Ms: .*medianMs above 0/],
  [{ kind: 'log-normal', medianMs: 1, p99Ms: 60_001 }, /p99Ms/],
  [{ kind: 'shifted-exponential', medianMs: 10, p99Ms: 66.5 }, /p99Ms: .*at most 6.64 times/],
  [{ kind: 'empirical', samplesMs: [] }, /samplesMs/],
  [{ kind: 'empirical', samplesMs: [1, -1] }, /samplesMs.1/],
])('refuses %o', ([wrong, message]) => {
  expect(() => latency(wrong as Latency)).toThrow(message);
});

test('takes a 99 % quantile of 6.64 times the median, where the shift is all but gone', () => {
  const drawn = draws(latency({ kind: 'shifted-exponential', medianMs: 10, p99Ms: 66.4 }), 2_000);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
});
