import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { RiskGuard, type RiskLimitsInput, type RiskVerdict } from '../../src/risk/index.ts';
import { bookDigest } from '../support/guard.ts';
import { METALS, exposureLimits, marketAfter, orders, steps } from '../support/order-arbitraries.ts';
import { pricedOf } from '../support/orders.ts';
import { marketOf } from '../support/views.ts';
import { runs } from '../support/runs.ts';

const RUNS = runs(1_000);
type Scoped = NonNullable<RiskLimitsInput['scopes']>[number];

const money = fc.integer({ min: 0, max: 1_600 }).map((cents) => (cents / 100).toFixed(2));
const scopes = fc.constantFrom<Scoped['scope']>(
  { kind: 'firm' },
  { kind: 'venue', id: 'here' },
  { kind: 'account', id: 'acc' },
  { kind: 'strategy', id: 'strat' },
  { kind: 'instrument', id: 'GOLD' },
);
const scoped: fc.Arbitrary<Scoped> = fc
  .record({ scope: scopes, maxTotalExposure: money, maxPositionNotional: money })
  .map((limits) => limits);

const situations = fc
  .record({ history: fc.array(steps, { maxLength: 30, size: 'max' }), order: orders, limits: exposureLimits })
  .map(({ history, order, limits }) => {
    const { book, clock } = marketAfter(history);
    const view = marketOf({ instrumentId: order.instrument?.instrumentId ?? '' });
    const guardWith = (...extra: readonly Scoped[]) =>
      new RiskGuard(
        { ...limits, scopes: extra },
        { book, clock, clusters: METALS, killSwitch: { tradingState: () => 'active' }, venueName: 'here' },
      );
    return { book, priced: pricedOf({ ...order, view, intentId: 'asked' }), guardWith };
  });

const quantityOf = (verdict: RiskVerdict): number => (verdict.decision === 'reject' ? 0 : verdict.quantity);

describe('limits of any scopes', () => {
  test.prop([situations, scoped], RUNS)(
    'a scope never lets through what was denied without it, nor more of it',
    ({ priced, guardWith }, one) => {
      expect(quantityOf(guardWith(one).evaluate(priced))).toBeLessThanOrEqual(
        quantityOf(guardWith().evaluate(priced)),
      );
    },
  );

  test.prop([situations, scoped, scoped], RUNS)(
    'compose: together they allow what the stricter of them allows, or less',
    ({ priced, guardWith }, one, two) => {
      fc.pre(one.scope.kind !== two.scope.kind);
      const alone = [guardWith(one), guardWith(two)].map((guard) => quantityOf(guard.evaluate(priced)));
      expect(quantityOf(guardWith(one, two).evaluate(priced))).toBeLessThanOrEqual(Math.min(...alone));
    },
  );

  test.prop([situations, scoped], RUNS)('their order does not matter', ({ priced, guardWith }, one) => {
    const firm: Scoped = { scope: { kind: 'firm' }, maxTotalExposure: '5' };
    fc.pre(one.scope.kind !== 'firm');
    const [a, b] = [guardWith(one, firm).evaluate(priced), guardWith(firm, one).evaluate(priced)];
    expect([b.decision, quantityOf(b)]).toEqual([a.decision, quantityOf(a)]);
  });

  test.prop([situations, scoped], RUNS)(
    'evaluating and explaining leave no trace, and explain what is decided',
    ({ book, priced, guardWith }, one) => {
      const guard = guardWith(one);
      const before = bookDigest(book);
      const verdict = guard.evaluate(priced);
      const explained = guard.explain(priced);
      expect(bookDigest(book)).toEqual(before);
      expect(guard.status().every(({ checked }) => checked === 0)).toBe(true);
      const against = explained.filter(({ outcome }) => outcome === 'denied' || outcome === 'reduced');
      if (verdict.decision === 'approve') expect(against).toEqual([]);
      if (verdict.decision === 'resize')
        expect(against.every(({ outcome }) => outcome === 'reduced')).toBe(true);
    },
  );
});
