import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import { REGIMES, type Regime, nextRegime } from '../../src/simulation/regime.ts';

const HOUR_MS = 3_600_000;

describe('regimes', () => {
  test('lead somewhere with probabilities that add up to 1, never to themselves', () => {
    for (const { name, next } of Object.values(REGIMES)) {
      expect(next.reduce((sum, [, probability]) => sum + probability, 0)).toBeCloseTo(1, 12);
      expect(next.map(([to]) => to)).not.toContain(name);
    }
  });

  test('last as long as they should on average, and all occur', () => {
    const random = new SeededRandom(1);
    const stayed = { calm: 0, normal: 0, wild: 0 };
    const entered = { calm: 0, normal: 0, wild: 0 };
    let regime: Regime = REGIMES.normal;
    for (let minute = 0; minute < 2_000_000; minute += 1) {
      const next = nextRegime(regime, 60_000, random);
      if (next !== regime) entered[next.name] += 1;
      regime = next;
      stayed[regime.name] += 1;
    }
    const hours = (name: Regime['name']): number => stayed[name] / entered[name] / 60;
    expect(hours('calm')).toBeCloseTo(REGIMES.calm.meanMs / HOUR_MS, 0);
    expect(hours('normal')).toBeCloseTo(REGIMES.normal.meanMs / HOUR_MS, 0);
    expect(hours('wild')).toBeCloseTo(REGIMES.wild.meanMs / HOUR_MS, 0);
  });

  test('always change when a step is as long as their mean duration', () => {
    const random = new SeededRandom(2);
    expect(nextRegime(REGIMES.wild, REGIMES.wild.meanMs, random)).not.toBe(REGIMES.wild);
  });
});
