import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { Flag } from '../../src/service/index.ts';
import { runs } from '../support/runs.ts';

const variants = { a: 'A', b: 'B', c: 'C', none: '' };

const split = (percent: number, weights: Readonly<Record<string, number>>): Flag =>
  Flag.parse('algo', { type: 'string', variants, default: 'none', rules: [{ serve: weights, percent }] });

const percent = fc.double({ min: 0, max: 100, noNaN: true });
const weight = fc.integer({ min: 1, max: 1000 });
const weights = fc.record({ a: weight, b: weight, c: weight });
const key = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });

describe('roll-out by percentage', () => {
  test('a higher percentage takes a variant away from nobody, and moves nobody to another', () => {
    fc.assert(
      fc.property(percent, percent, weights, key, (one, other, shares, targetingKey) => {
        const before = split(Math.min(one, other), shares).decide({ targetingKey });
        const after = split(Math.max(one, other), shares).decide({ targetingKey });
        if (before.kind === 'value' && before.variant !== 'none') expect(after).toEqual(before);
      }),
      runs(1000),
    );
  });

  test('the same key gets the same answer, from any flag of the same name', () => {
    fc.assert(
      fc.property(percent, weights, key, (share, shares, targetingKey) => {
        expect(split(share, shares).decide({ targetingKey })).toEqual(
          split(share, shares).decide({ targetingKey }),
        );
      }),
      runs(300),
    );
  });

  test('never throws and always gives one of its variants or says what it lacks, whatever the context', () => {
    const context = fc.dictionary(
      fc.constantFrom('targetingKey', 'accountId', 'desk', 'constructor'),
      fc.anything(),
    );
    fc.assert(
      fc.property(percent, weights, context, (share, shares, given) => {
        const decision = split(share, shares).decide(given as Record<string, string>);
        if (decision.kind === 'value') expect(Object.keys(variants)).toContain(decision.variant);
        else expect(decision.kind).toBe('no-key');
      }),
      runs(500),
    );
  });
});
