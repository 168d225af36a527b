import { describe, expect, test } from 'vitest';
import type { RollbackTriggerOptions, StatsSample } from '../../../src/service/index.ts';
import { triggerSchema } from '../../../src/service/rollback/criterion.ts';
import { judge } from '../../../src/service/rollback/verdict.ts';
import { trigger } from './support.ts';

const verdictOf = (options: Partial<RollbackTriggerOptions>, stats?: StatsSample, baseline?: StatsSample) =>
  judge(triggerSchema.parse(trigger(options)), stats, baseline);

const of = (requests: number, errors: number): StatsSample => ({ requests, errors });
const latency = (cumulativeCounts: number[], sumSeconds = 0): StatsSample => ({
  requests: 0,
  errors: 0,
  latency: { upperBounds: [0.1, 0.2, 0.4], cumulativeCounts, sumSeconds },
});
const metric = (sum: number, count: number): StatsSample => ({
  requests: 0,
  errors: 0,
  custom: { slippage: { sum, count } },
});

const TO_BASELINE = { to: 'baseline', ratio: 1.5, minDifference: 0.01 } as const;

describe('error ratio against a limit of 5 %', () => {
  test.each([
    ['no data', undefined, 'inconclusive'],
    ['nothing happened', of(0, 0), 'inconclusive'],
    ['one request short of enough', of(19, 19), 'inconclusive'],
    ['enough, all failed', of(20, 20), 'fail'],
    ['enough, none failed', of(20, 0), 'pass'],
    ['at the limit', of(100, 5), 'pass'],
    // P(X >= 10 | 100, 0.05) = 0.0282, P(X >= 11) = 0.0115, P(X >= 12) = 0.0043
    ['over it, by what chance does', of(100, 6), 'inconclusive'],
    ['over it, by what chance does once in 87', of(100, 11), 'inconclusive'],
    ['over it, by what chance does once in 230', of(100, 12), 'fail'],
    ['a little over it on very many', of(1_000_000, 51_000), 'fail'],
  ])('%s', (_, stats, verdict) => {
    expect(verdictOf({}, stats).verdict).toBe(verdict);
  });

  test('says what was measured, what is allowed, and how likely chance is', () => {
    expect(verdictOf({}, of(20, 20))).toEqual({
      verdict: 'fail',
      because: '1, allowed 0.05',
      measured: 1,
      allowed: 0.05,
      samples: 20,
      chance: expect.closeTo(0.05 ** 20, 30) as number,
    });
    expect(verdictOf({}, of(100, 5))).toEqual({
      verdict: 'pass',
      because: 'within what is allowed',
      measured: 0.05,
      allowed: 0.05,
      samples: 100,
    });
    expect(verdictOf({}, of(19, 0))).toEqual({
      verdict: 'inconclusive',
      because: '19 samples, expected 20 or more',
      samples: 19,
    });
  });

  test('a limit of 0 fails with the first error', () => {
    expect(verdictOf({ against: { to: 'limit', limit: 0 } }, of(20, 1)).verdict).toBe('fail');
  });
});

describe('error ratio against a baseline, by half and by 0.01', () => {
  test.each([
    ['no baseline', of(1000, 900), undefined, 'inconclusive'],
    ['too little of the baseline', of(1000, 900), of(19, 0), 'inconclusive'],
    ['enough of it', of(1000, 900), of(20, 0), 'fail'],
    ['0.1 % against 0.2 % on few requests', of(1000, 2), of(1000, 1), 'pass'],
    ['twice as much, but by less than the difference', of(100_000, 1800), of(100_000, 900), 'pass'],
    [
      'more than the difference, but by less than the ratio',
      of(100_000, 12_000),
      of(100_000, 10_000),
      'pass',
    ],
    ['at ratio and difference', of(1000, 30), of(1000, 20), 'pass'],
    ['more than both', of(10_000, 400), of(10_000, 200), 'fail'],
    ['more than both, by what chance does', of(25, 3), of(25, 1), 'inconclusive'],
    ['a baseline without errors', of(1000, 50), of(1000, 0), 'fail'],
    ['both without errors', of(1000, 0), of(1000, 0), 'pass'],
  ])('%s', (_, stats, baseline, verdict) => {
    expect(verdictOf({ against: TO_BASELINE }, stats, baseline).verdict).toBe(verdict);
  });

  test('tells both sides', () => {
    expect(verdictOf({ against: TO_BASELINE }, of(10_000, 400), of(5000, 100))).toMatchObject({
      verdict: 'fail',
      because: '0.04, allowed 0.03',
      measured: 0.04,
      allowed: 0.03,
      baseline: 0.02,
      samples: 10_000,
      baselineSamples: 5000,
    });
  });
});

describe('latency', () => {
  const p90 = { kind: 'latency-quantile', quantile: 0.9 } as const;
  const limit = (seconds: number) => ({ to: 'limit', limit: seconds }) as const;

  test.each([
    ['no histogram', of(1000, 0), 0.2, 'inconclusive'],
    ['too few', latency([0, 0, 19, 19]), 0.2, 'inconclusive'],
    ['at the limit', latency([0, 90, 100, 100]), 0.2, 'pass'],
    ['over it', latency([0, 89, 100, 100]), 0.2, 'fail'],
    ['beyond the highest bucket, over the limit', latency([0, 0, 0, 100]), 0.39, 'fail'],
    [
      'beyond the highest bucket, which is not known to be over it',
      latency([0, 0, 0, 100]),
      0.4,
      'inconclusive',
    ],
  ])('its quantile against a limit: %s', (_, stats, seconds, verdict) => {
    expect(verdictOf({ measure: p90, against: limit(seconds) }, stats).verdict).toBe(verdict);
  });

  test.each([
    ['as good', latency([0, 90, 100, 100]), latency([0, 90, 100, 100]), 'pass'],
    ['at one and a half times', latency([0, 0, 100, 100]), latency([0, 0, 100, 100]), 'pass'],
    ['twice as slow', latency([0, 0, 100, 100]), latency([90, 100, 100, 100]), 'fail'],
    [
      'a baseline beyond the highest bucket',
      latency([0, 0, 0, 100]),
      latency([0, 0, 0, 100]),
      'inconclusive',
    ],
    ['no baseline', latency([0, 0, 100, 100]), undefined, 'inconclusive'],
  ])('its quantile against a baseline: %s', (_, stats, baseline, verdict) => {
    expect(verdictOf({ measure: p90, against: TO_BASELINE }, stats, baseline).verdict).toBe(verdict);
  });

  test.each([
    ['no histogram', of(1000, 0), 'inconclusive'],
    ['none measured', latency([0, 0, 0, 0]), 'inconclusive'],
    ['at the limit', latency([0, 0, 0, 20], 4), 'pass'],
    ['over it', latency([0, 0, 0, 20], 4.01), 'fail'],
  ])('its mean against a limit: %s', (_, stats, verdict) => {
    expect(verdictOf({ measure: { kind: 'latency-mean' }, against: limit(0.2) }, stats).verdict).toBe(
      verdict,
    );
  });
});

describe('a metric of your own', () => {
  const slippage = { kind: 'custom', metric: 'slippage' } as const;
  const fillRatio = { kind: 'custom', metric: 'slippage', worse: 'lower' } as const;

  test.each([
    ['a name that no sample has', { ...slippage, metric: 'constructor' }, metric(100, 100), 'inconclusive'],
    ['at the limit', slippage, metric(50, 100), 'pass'],
    ['over it', slippage, metric(51, 100), 'fail'],
    ['lower is worse: at the limit', fillRatio, metric(50, 100), 'pass'],
    ['lower is worse: under it', fillRatio, metric(49, 100), 'fail'],
  ])('against a limit: %s', (_, measure, stats, verdict) => {
    expect(verdictOf({ measure, against: { to: 'limit', limit: 0.5 } }, stats).verdict).toBe(verdict);
  });

  test.each([
    ['a third less', metric(60, 100), metric(90, 100), 'pass'],
    ['more than a third less', metric(59, 100), metric(90, 100), 'fail'],
    ['more than a third less, by less than the difference', metric(0.5, 100), metric(0.9, 100), 'pass'],
  ])('lower is worse, against a baseline: %s', (_, stats, baseline, verdict) => {
    expect(verdictOf({ measure: fillRatio, against: TO_BASELINE }, stats, baseline).verdict).toBe(verdict);
  });
});
