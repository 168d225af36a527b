import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { distributionOf, distributionsOf } from './measure/distribution.ts';
import { Histogram } from './measure/histogram.ts';
import { summarise } from './measure/profile.ts';
import { highest, ramp } from './measure/ramp.ts';
import { apiHolds, isSustained, missed } from './measure/targets.ts';
import { arrivals, usageOf } from './measure/usage.ts';

const histogramOf = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};

const nearestRank = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1] ?? NaN;

const times = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });

describe('Histogram', () => {
  propertyTest.prop([times, fc.constantFrom(0, 0.5, 0.9, 0.99, 0.999, 1)])(
    'is never below the nearest rank, and above it by less than 1 % and a microsecond',
    (values, q) => {
      const expected = nearestRank(values, q);
      const found = histogramOf(values).quantile(q);
      expect(found).toBeGreaterThanOrEqual(expected - 0.000_51);
      expect(found).toBeLessThanOrEqual(expected * 1.01 + 0.000_51);
    },
  );

  propertyTest.prop([times, times])('is the same for all values as for those of two put together', (a, b) => {
    const merged = histogramOf(a);
    merged.merge(histogramOf(b).pack());
    expect(merged.quantiles()).toEqual(histogramOf([...a, ...b]).quantiles());
  });

  test('counts whole microseconds exactly while they are few', () => {
    const histogram = histogramOf([0, 0.001, 0.002, 0.127]);
    expect([0.25, 0.5, 0.75, 1].map((q) => histogram.quantile(q))).toEqual([0, 0.001, 0.002, 0.127]);
  });

  test('takes what is below 0 for 0', () => {
    expect(histogramOf([-3]).quantiles()).toEqual({
      count: 1,
      p50Ms: 0,
      p90Ms: 0,
      p99Ms: 0,
      p999Ms: 0,
      maxMs: 0,
    });
  });

  test('knows nothing of nothing', () => {
    expect(new Histogram().quantiles()).toEqual({
      ...{ count: 0, p50Ms: NaN, p90Ms: NaN, p99Ms: NaN, p999Ms: NaN, maxMs: NaN },
    });
  });
});

describe('distribution of rounds', () => {
  test('has values that were measured, by nearest rank', () => {
    const values = Array.from({ length: 50 }, (_, at) => 50 - at);
    expect(distributionOf(values)).toEqual({
      ...{ rounds: 50, minMs: 1, p50Ms: 25, p90Ms: 45, p99Ms: 50, maxMs: 50 },
    });
  });

  test('of one round is that round, and of none nothing', () => {
    expect(distributionOf([-4])).toEqual({
      rounds: 1,
      minMs: -4,
      p50Ms: -4,
      p90Ms: -4,
      p99Ms: -4,
      maxMs: -4,
    });
    expect(distributionOf([])).toMatchObject({ rounds: 0, minMs: NaN, maxMs: NaN });
  });

  test('is made of each part by itself', () => {
    const rounds = [
      { lease: 1, replay: 20 },
      { lease: 3, replay: 10 },
    ];
    const { lease, replay } = distributionsOf(rounds, ['lease', 'replay']);
    expect([lease.minMs, lease.maxMs, replay.minMs, replay.maxMs]).toEqual([1, 3, 10, 20]);
  });
});

describe('targets', () => {
  const good = {
    ...{ rate: 1_000, acceptedPerSec: 1_000, errorFraction: 0 },
    ...{ api: { p99Ms: 5 }, event: { p99Ms: 9.9 } },
  };

  test('are met at their limits', () => {
    expect(missed(good)).toEqual([]);
    expect(missed({ ...good, acceptedPerSec: 995, errorFraction: 0.000_99 })).toEqual([]);
  });

  test.each([
    [{ acceptedPerSec: 994 }, '994/s accepted of 1000/s', false],
    [{ errorFraction: 0.001 }, '0.100 % not accepted', false],
    [{ api: { p99Ms: 5.1 } }, 'API p99 5.1 ms', false],
    [{ api: { p99Ms: NaN } }, 'API p99 NaN ms', false],
    [{ event: { p99Ms: 10 } }, 'event p99 10.0 ms', true],
    [{ event: { p99Ms: NaN } }, 'event p99 NaN ms', true],
  ])('are missed with %j', (change, text, holds) => {
    expect(missed({ ...good, ...change })).toEqual([text]);
    expect(apiHolds({ ...good, ...change })).toBe(holds);
  });

  test.each([
    [{ api: { p99Ms: 999 }, event: { p99Ms: NaN } }, true],
    [{ api: { p99Ms: 1_000 } }, false],
    [{ api: { p99Ms: NaN } }, false],
    [{ acceptedPerSec: good.rate * 0.99 }, false],
    [{ errorFraction: 0.001 }, false],
  ])('orders get through with %j: %s', (change, isThrough) => {
    expect(isSustained({ ...good, ...change })).toBe(isThrough);
  });
});

describe('ramp', () => {
  const upTo = async (limit: number) => {
    const tried = await ramp(1_000, (rate) => Promise.resolve({ holds: rate <= limit, result: rate }));
    return { rates: tried.map(({ rate }) => rate), highest: highest(tried) };
  };

  test('goes up to the full rate where that holds', async () => {
    expect(await upTo(1_000)).toEqual({
      ...{ rates: [50, 100, 150, 200, 300, 400, 500, 600, 700, 800, 900, 1_000], highest: 1_000 },
    });
  });

  test('tries what failed once more, and then looks between', async () => {
    expect(await upTo(140)).toEqual({ rates: [50, 100, 150, 150, 125, 138], highest: 138 });
  });

  test('finds a rate below its first step', async () => {
    expect(await upTo(20)).toEqual({ rates: [50, 50, 25, 25, 13], highest: 13 });
  });

  test('says 0 where nothing holds', async () => {
    expect((await upTo(0)).highest).toBe(0);
  });

  test('lets one that fails once pass', async () => {
    let isFirst = true;
    const tried = await ramp(1, () => {
      const holds = !isFirst;
      isFirst = false;
      return Promise.resolve({ holds, result: undefined });
    });
    expect(tried.map(({ rate, holds }) => [rate, holds])).toEqual([
      [1, false],
      [1, true],
    ]);
  });
});

describe('profile', () => {
  const frame = (id: number, functionName: string, url = '', lineNumber = 0) => ({
    ...{ id, callFrame: { functionName, url, lineNumber } },
  });

  test('has the functions with the most time of their own, of the time that was not idle', () => {
    const nodes = [
      frame(1, '(idle)'),
      frame(2, 'decide', 'file:///x/dist/risk/index.js', 9),
      frame(3, '', 'file:///x/dist/risk/index.js', 19),
      frame(4, 'decide', 'file:///x/dist/risk/index.js', 9),
      frame(5, 'post', 'node:inspector', 114),
    ];
    const profile = { nodes, samples: [1, 2, 3, 4, 5], timeDeltas: [600, 100, 100, 200, 900] };
    expect(summarise(profile)).toEqual({
      busyFraction: 0.4,
      top: [
        { name: 'decide', where: 'risk/index.js:10', fraction: 0.75 },
        { name: '(anonymous)', where: 'risk/index.js:20', fraction: 0.25 },
      ],
    });
    expect(summarise(profile, 1).top).toHaveLength(1);
  });

  test('of nothing says nothing', () => {
    expect(summarise({ nodes: [] })).toEqual({ busyFraction: NaN, top: [] });
  });
});

describe('what processes say of themselves', () => {
  const line = (
    atMs: number,
    cpuMs: number,
    rssMb: number,
    p99Ms: number,
    maxMs: number,
    ages: number[] = [],
  ) => ({
    ...{ atMs, cpuMs, rssMb, loop: { p50Ms: 0, p99Ms, maxMs } },
    groups: { portfolio: histogramOf(ages).pack() },
  });

  test('is CPU by the time between its lines, memory and lateness at their worst', () => {
    const lines = [line(0, 500, 80, 1, 9), line(1_000, 700, 90, 3, 4), line(2_000, 1_500, 85, 2, 5)];
    expect(usageOf('risk', lines)).toEqual({
      ...{ name: 'risk', cpuFraction: 0.5, rssMb: 90, loopP99Ms: 2, loopMaxMs: 9 },
    });
  });

  test('is not known of a process that wrote nothing', () => {
    expect(usageOf('risk', [])).toEqual({
      ...{ name: 'risk', cpuFraction: NaN, rssMb: NaN, loopP99Ms: NaN, loopMaxMs: NaN },
    });
  });

  test('has the arrivals of a group from all lines', () => {
    const lines = [line(0, 0, 0, 0, 0, [1, 2]), line(1, 0, 0, 0, 0, [8])];
    expect(arrivals(lines, 'portfolio').quantiles()).toEqual(histogramOf([1, 2, 8]).quantiles());
    expect(arrivals(lines, 'trading').count).toBe(0);
  });
});
