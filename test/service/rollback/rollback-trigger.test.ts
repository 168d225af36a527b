import { describe, expect, test } from 'vitest';
import {
  RollbackTrigger,
  type RollbackTriggerOptions,
  type TriggerCheck,
} from '../../../src/service/index.ts';
import { trigger } from './support.ts';

/** Each check adds 100 requests, of which `g`ood none fail, `b`ad half; `q`uiet adds nothing; `-` has no data. */
function drive(made: RollbackTrigger, script: string): readonly TriggerCheck[] {
  let [requests, errors, atMs] = [0, 0, 0];
  made.check({ atMs, sample: { requests, errors } });
  return Array.from(script, (step) => {
    atMs += 60_000;
    if (step === 'g' || step === 'b') requests += 100;
    if (step === 'b') errors += 50;
    return made.check({ atMs, sample: step === '-' ? undefined : { requests, errors } });
  });
}

const made = (overrides: Partial<RollbackTriggerOptions> = {}): RollbackTrigger =>
  new RollbackTrigger(trigger(overrides));

describe('RollbackTrigger', () => {
  test.each([
    ['bb', 2],
    ['bgb', 3],
    ['gbgb', 4],
    ['bggb', undefined],
    ['bggbgb', 6],
    ['b', undefined],
    ['bqqqb', 5],
    ['b---b', 5],
    ['------', undefined],
    ['qqqq', undefined],
    ['gggggg', undefined],
  ])('two of three: %s fires at check %s', (script, firesAt) => {
    const checks = drive(made(), script);
    const at = checks.findIndex(({ isFiring }) => isFiring);
    expect(at < 0 ? undefined : at + 1).toBe(firesAt);
  });

  test('fires once, and stays fired', () => {
    const checks = drive(made(), 'bbbbgb');
    expect(checks.map(({ isFiring }) => isFiring)).toEqual([false, true, false, false, false, false]);
    expect(checks.map(({ isFired }) => isFired)).toEqual([false, true, true, true, true, true]);
  });

  test('fires again after it was armed, from nothing', () => {
    const one = made();
    drive(one, 'bb');
    one.rearm();
    expect(one.isFired).toBe(false);
    expect(drive(one, 'bb').map(({ isFiring }) => isFiring)).toEqual([false, true]);
  });

  test('gathers samples over checks until there are enough', () => {
    const one = made({ minSamples: 30 });
    one.check({ atMs: 0, sample: { requests: 0, errors: 0 } });
    const verdicts = [10, 20, 30].map((requests) => {
      const { verdict, samples } = one.check({ atMs: requests, sample: { requests, errors: 0 } });
      return [verdict, samples];
    });
    expect(verdicts).toEqual([
      ['inconclusive', 10],
      ['inconclusive', 20],
      ['pass', 30],
    ]);
    expect(one.check({ atMs: 40, sample: { requests: 35, errors: 0 } })).toMatchObject({ samples: 5 });
  });

  test.each([
    ['at three windows', 900_000, true],
    ['later', 900_001, false],
  ])('forgets a verdict that is old: %s', (_, gapMs, isFiring) => {
    const one = made();
    one.check({ atMs: 0, sample: { requests: 0, errors: 0 } });
    one.check({ atMs: 1, sample: { requests: 100, errors: 50 } });
    expect(one.check({ atMs: 1 + gapMs, sample: { requests: 200, errors: 100 } })).toMatchObject({
      isFiring,
    });
  });

  test('judges nothing of the warm-up', () => {
    const one = made({ failures: 1, of: 1 });
    one.check({ atMs: 0, sample: { requests: 0, errors: 0 }, isWarmingUp: true });
    expect(one.check({ atMs: 1, sample: { requests: 100, errors: 100 }, isWarmingUp: true })).toMatchObject({
      verdict: 'inconclusive',
      because: 'warming up',
    });
    expect(one.check({ atMs: 2, sample: { requests: 200, errors: 100 } })).toMatchObject({
      verdict: 'pass',
      samples: 100,
    });
  });

  test('follows a live baseline over the same time', () => {
    const one = made({ against: { to: 'baseline', ratio: 2, minDifference: 0.01 } });
    const live = (requests: number, errors: number) =>
      ({ kind: 'live', sample: { requests, errors } }) as const;
    one.check({ atMs: 0, sample: { requests: 0, errors: 0 }, baseline: live(5000, 5000) });
    expect(
      one.check({ atMs: 1, sample: { requests: 100, errors: 30 }, baseline: live(5100, 5001) }),
    ).toMatchObject({
      verdict: 'fail',
      measured: 0.3,
      baseline: 0.01,
    });
  });

  test('is inconclusive while a live baseline gives nothing', () => {
    const one = made({ against: { to: 'baseline', minDifference: 0.01 } });
    one.check({ atMs: 0, sample: { requests: 0, errors: 0 }, baseline: { kind: 'live', sample: undefined } });
    expect(
      one.check({
        atMs: 1,
        sample: { requests: 100, errors: 100 },
        baseline: { kind: 'live', sample: undefined },
      }),
    ).toMatchObject({ verdict: 'inconclusive', because: '0 samples of the baseline, expected 20 or more' });
  });

  test.each([
    ['more failures than checks', { failures: 4, of: 3 }, 'failures: expected no more than `of`'],
    ['no samples', { minSamples: 0 }, 'minSamples'],
    [
      'an impossible ratio',
      { against: { to: 'limit', limit: 1 } },
      'against.limit: expected 0 or more, and below 1',
    ],
    [
      'a negative limit',
      { measure: { kind: 'latency-mean' }, against: { to: 'limit', limit: -1 } },
      'against.limit',
    ],
    ['the quantile 1', { measure: { kind: 'latency-quantile', quantile: 1 } }, 'measure.quantile'],
    ['a misspelt field', { windowsMs: 1 }, 'windowsMs'],
    ['a ratio below 1', { against: { to: 'baseline', ratio: 0.5, minDifference: 0 } }, 'against.ratio'],
    ['no difference', { against: { to: 'baseline' } }, 'against.minDifference'],
  ])('refuses %s by name', (_, overrides, message) => {
    expect(() => made(overrides as Partial<RollbackTriggerOptions>)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});
