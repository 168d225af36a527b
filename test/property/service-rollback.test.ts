import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import {
  binomialTail,
  bucketQuantile,
  fisherTail,
  RollbackTrigger,
  type StatsSample,
} from '../../src/service/index.ts';
import { runs } from '../support/runs.ts';

const EVERY_MS = 60_000;

/** What one minute adds, or that it gave no data. */
interface Minute {
  readonly requests: number;
  readonly errors: number;
  readonly hasData: boolean;
}

const minute = (most: number): fc.Arbitrary<Minute> =>
  fc
    .record({
      requests: fc.nat(most),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      hasData: fc.boolean(),
    })
    .map(({ requests, share, hasData }) => ({ requests, errors: Math.floor(requests * share), hasData }));

const errorRatio = (overrides: object = {}): RollbackTrigger =>
  new RollbackTrigger({
    name: 'errors',
    measure: { kind: 'error-ratio' },
    against: { to: 'limit', limit: 0.05 },
    ...overrides,
  });

/** Checks after each minute; the first check is before them, at counters that start from `from`. */
function drive(trigger: RollbackTrigger, minutes: readonly Minute[], startMs = 0, from = 0) {
  let [requests, errors, atMs] = [from, 0, startMs];
  trigger.check({ atMs, sample: { requests, errors } });
  return minutes.map((one) => {
    requests += one.requests;
    errors += one.errors;
    atMs += EVERY_MS;
    return trigger.check({ atMs, sample: one.hasData ? { requests, errors } : undefined });
  });
}

const nOfM = fc
  .record({ of: fc.integer({ min: 1, max: 8 }), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ of, share }) => ({ of, failures: 1 + Math.floor(share * (of - 1)) }));

describe('RollbackTrigger', () => {
  test('never fires on fewer requests than it needs, however bad', () => {
    fc.assert(
      fc.property(
        fc.array(minute(500), { maxLength: 40 }),
        fc.integer({ min: 1, max: 2000 }),
        nOfM,
        (minutes, min, rule) => {
          for (const check of drive(errorRatio({ minSamples: min, ...rule }), minutes)) {
            if (check.verdict !== 'inconclusive') expect(check.samples).toBeGreaterThanOrEqual(min);
            if (check.isFiring) expect(check.failed).toBeGreaterThanOrEqual(rule.failures);
          }
          const all = minutes.reduce((sum, { requests }) => sum + requests, 0);
          const hasFired = drive(errorRatio({ minSamples: min, ...rule }), minutes).some(
            ({ isFiring }) => isFiring,
          );
          if (all < min * rule.failures) expect(hasFired).toBe(false);
        },
      ),
      runs(300),
    );
  });

  test('never fires twice without being armed again', () => {
    fc.assert(
      fc.property(fc.array(minute(2000), { maxLength: 60 }), nOfM, fc.nat(60), (minutes, rule, armAt) => {
        const trigger = errorRatio(rule);
        const before = drive(trigger, minutes.slice(0, armAt));
        trigger.rearm();
        const after = drive(trigger, minutes.slice(armAt), armAt * EVERY_MS);
        for (const checks of [before, after]) {
          expect(checks.filter(({ isFiring }) => isFiring).length).toBeLessThanOrEqual(1);
        }
      }),
      runs(300),
    );
  });

  test('fires within N checks of a real degradation, and one more for the mixed one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 5000 }), { maxLength: 15 }),
        fc.integer({ min: 100, max: 5000 }),
        fc.double({ min: 0.3, max: 1, noNaN: true }),
        nOfM,
        (good, requests, ratio, rule) => {
          const well = good.map((one) => ({ requests: one, errors: 0, hasData: true }));
          const bad = { requests, errors: Math.ceil(requests * ratio), hasData: true };
          const checks = drive(errorRatio(rule), [...well, ...Array<Minute>(rule.failures).fill(bad)]);
          expect(checks.findIndex(({ isFiring }) => isFiring)).toBe(good.length + rule.failures - 1);
        },
      ),
      runs(300),
    );
  });

  test('does not fire on a version that keeps its limit', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { maxLength: 40 }), nOfM, (minutes, rule) => {
        const well = minutes.map((requests) => ({
          requests,
          errors: Math.floor(requests * 0.05),
          hasData: true,
        }));
        expect(drive(errorRatio(rule), well).some(({ verdict }) => verdict === 'fail')).toBe(false);
      }),
      runs(300),
    );
  });

  test('no data never fails, whatever it has seen', () => {
    fc.assert(
      fc.property(fc.array(minute(2000), { maxLength: 40 }), nOfM, (minutes, rule) => {
        const checks = drive(errorRatio(rule), minutes);
        for (const [at, { hasData }] of minutes.entries()) {
          if (!hasData) expect(checks[at]).toMatchObject({ verdict: 'inconclusive', isFiring: false });
        }
      }),
      runs(300),
    );
  });

  test('judges each request once: where counters begin, and a restart on the way, change nothing', () => {
    fc.assert(
      fc.property(
        fc.array(minute(2000), { minLength: 1, maxLength: 30 }),
        fc.nat(1e9),
        fc.nat(29),
        (minutes, from, at) => {
          const steady = minutes.map((one) => ({ ...one, hasData: true, requests: one.requests + 1 }));
          const verdicts = drive(errorRatio(), steady).map(({ verdict }) => verdict);
          expect(drive(errorRatio(), steady, 0, from).map(({ verdict }) => verdict)).toEqual(verdicts);

          const trigger = errorRatio();
          trigger.check({ atMs: 0, sample: { requests: 1e9, errors: 1e8 } });
          let counters: StatsSample = { requests: 1e9, errors: 1e8 };
          const restarted = steady.map(({ requests, errors }, index) => {
            // A restart right after a sample: nothing is lost, and the counters fall.
            if (index === at % steady.length) counters = { requests: 0, errors: 0 };
            counters = { requests: counters.requests + requests, errors: counters.errors + errors };
            return trigger.check({ atMs: (index + 1) * EVERY_MS, sample: counters }).verdict;
          });
          expect(restarted).toEqual(verdicts);
        },
      ),
      runs(300),
    );
  });
});

const choose = (n: number, k: number): bigint => {
  if (k < 0 || k > n) return 0n;
  let result = 1n;
  for (let at = 1; at <= k; at += 1) result = (result * BigInt(n - at + 1)) / BigInt(at);
  return result;
};

const SCALE = 10n ** 18n;
const ratio = (over: bigint, under: bigint): number => Number((over * SCALE) / under) / Number(SCALE);

describe('significance', () => {
  const trials = fc.integer({ min: 1, max: 60 });

  test('fisherTail is the sum of exact counts', () => {
    fc.assert(
      fc.property(trials, trials, fc.nat(60), fc.nat(60), (n, n0, a, b) => {
        const [errors, baseErrors] = [Math.min(a, n), Math.min(b, n0)];
        const all = errors + baseErrors;
        let over = 0n;
        for (let k = errors; k <= Math.min(n, all); k += 1) over += choose(n, k) * choose(n0, all - k);
        expect(fisherTail(errors, n, baseErrors, n0)).toBeCloseTo(ratio(over, choose(n + n0, all)), 10);
      }),
      runs(500),
    );
  });

  test('binomialTail is the sum of exact counts', () => {
    fc.assert(
      fc.property(trials, fc.nat(60), fc.integer({ min: 1, max: 99 }), (n, a, percent) => {
        const errors = Math.min(a, n);
        let over = 0n;
        for (let k = errors; k <= n; k += 1) {
          over += choose(n, k) * BigInt(percent) ** BigInt(k) * BigInt(100 - percent) ** BigInt(n - k);
        }
        expect(binomialTail(errors, n, percent / 100)).toBeCloseTo(ratio(over, 100n ** BigInt(n)), 10);
      }),
      runs(500),
    );
  });
});

describe('bucketQuantile', () => {
  const histogram = fc.array(fc.nat(100), { minLength: 2, maxLength: 12 }).map((counts) => {
    let total = 0;
    const cumulativeCounts = counts.map((count) => (total += count));
    return { upperBounds: counts.slice(1).map((_, at) => (at + 1) / 10), cumulativeCounts, sumSeconds: 0 };
  });
  const quantile = fc.double({ min: 0.001, max: 0.999, noNaN: true });

  test('never falls as the quantile rises, and stays within the bounds', () => {
    fc.assert(
      fc.property(histogram, quantile, quantile, (latency, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)].map(
          (q) => bucketQuantile(q, latency)?.seconds,
        );
        if (low === undefined || high === undefined) {
          expect(latency.cumulativeCounts.at(-1)).toBe(0);
          return;
        }
        expect(low).toBeLessThanOrEqual(high + 1e-12);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(latency.upperBounds.at(-1) ?? 0);
      }),
      runs(500),
    );
  });
});
