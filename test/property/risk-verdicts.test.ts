import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { type RiskGate, RiskGuard, type RiskVerdict, type TradingState } from '../../src/risk/index.ts';
import { deny } from '../../src/trading/index.ts';
import { bookDigest, withoutReservation } from '../support/guard.ts';
import { METALS, exposureLimits, marketAfter, orders, steps } from '../support/order-arbitraries.ts';
import { pricedOf } from '../support/orders.ts';
import { marketOf } from '../support/views.ts';
import { runs } from '../support/runs.ts';

const RUNS = runs(1_000);
const histories = fc.array(steps, { maxLength: 30, size: 'max' });

/** Monotone, as a gate must be: it minds an order above some quantity, in one way or another. */
const gates: fc.Arbitrary<RiskGate> = fc
  .record({
    above: fc.integer({ min: 0, max: 3_000 }),
    how: fc.constantFrom('deny', 'reduce', 'throw'),
    appliesTo: fc.constantFrom<RiskGate['appliesTo']>('all', 'entries'),
  })
  .map(({ above, how, appliesTo }) => ({
    name: `${how} above ${above}`,
    appliesTo,
    check(_order, { qty }) {
      if (qty <= above) return undefined;
      if (how === 'throw') throw new Error('broken');
      const denial = deny('further', 'ABOVE_MAXIMUM', { measured: qty, limit: above });
      return how === 'deny' ? denial : { reduceTo: lots(above), because: denial };
    },
  }));

const situations = fc
  .record({
    history: histories,
    order: orders,
    limits: exposureLimits,
    trading: fc.constantFrom<TradingState>('active', 'active', 'active', 'reducing', 'halted'),
    ageMs: fc.constantFrom(0, 0, 0, 1_000, 1_001),
    isBad: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    gate: fc.option(gates, { nil: undefined }),
  })
  .map(({ history, order, limits, trading, ageMs, isBad, gate }) => ({
    limits,
    /** Anew each time, so that nothing is left over from an earlier look. */
    make() {
      const { book, clock } = marketAfter(history);
      clock.advance(ageMs);
      const instrumentId = order.instrument?.instrumentId ?? '';
      const view = marketOf({
        instrumentId,
        problems: isBad ? [{ code: 'CROSSED', instrumentId, blocking: true }] : [],
      });
      const priced = pricedOf({ ...order, view, intentId: 'asked' });
      const killSwitch = { tradingState: () => trading };
      const guardWith = (...extra: readonly RiskGate[]) =>
        new RiskGuard(limits, {
          book,
          clock,
          clusters: METALS,
          killSwitch,
          gates: [...(gate === undefined ? [] : [gate]), ...extra],
        });
      return { book, priced, guard: guardWith(), guardWith };
    },
  }));

const quantityOf = (verdict: RiskVerdict): number => (verdict.decision === 'reject' ? 0 : verdict.quantity);

describe('any order in any Book', () => {
  test.prop([situations], RUNS)('evaluating changes nothing, and says the same twice', ({ make }) => {
    const { book, priced, guard } = make();
    const before = bookDigest(book);
    const verdicts = [guard.evaluate(priced), guard.evaluate(priced)];
    expect(verdicts[1]).toEqual(verdicts[0]);
    expect(bookDigest(book)).toEqual(before);
  });

  test.prop([situations], RUNS)(
    'reserving says what evaluating says, and a dropped one leaves no trace',
    ({ make }) => {
      const { book, priced, guard } = make();
      const before = bookDigest(book);
      const evaluated = guard.evaluate(priced);
      const reserved = withoutReservation(guard.reserve(priced)); // and drops it
      expect(reserved).toEqual(evaluated);
      expect(bookDigest(book)).toEqual(before);
    },
  );

  test.prop([situations], RUNS)(
    'a resize is smaller, whole and above 0; an approval is what was asked for',
    ({ make }) => {
      const { priced, guard } = make();
      const verdict = guard.evaluate(priced);
      if (verdict.decision === 'reject') return;
      expect(Number.isSafeInteger(verdict.quantity) && verdict.quantity > 0).toBe(true);
      if (verdict.decision === 'resize') expect(verdict.quantity).toBeLessThan(priced.qty);
      else if (!priced.reduceOnly) expect(verdict.quantity).toBe(priced.qty);
    },
  );

  test.prop([situations], RUNS)(
    'a reduced quantity, evaluated afresh, is approved as it stands',
    ({ make }) => {
      const { priced, guard } = make();
      const verdict = guard.evaluate(priced);
      if (verdict.decision !== 'resize') return;
      expect(guard.evaluate({ ...priced, qty: verdict.quantity })).toEqual({
        decision: 'approve',
        quantity: verdict.quantity,
        isExit: verdict.isExit,
        markAgeMs: verdict.markAgeMs,
      });
    },
  );

  test.prop([situations], RUNS)('no larger quantity than the reduced one would be approved', ({ make }) => {
    const { priced, guard } = make();
    const verdict = guard.evaluate(priced);
    if (verdict.decision !== 'resize') return;
    expect(guard.evaluate({ ...priced, qty: lots(verdict.quantity + 1) }).decision).not.toBe('approve');
  });

  test.prop([situations, gates], RUNS)(
    'a further gate never lets through what was denied, nor more of it',
    ({ make }, gate) => {
      const { priced, guard, guardWith } = make();
      const further = { ...gate, name: 'further' };
      expect(quantityOf(guardWith(further).evaluate(priced))).toBeLessThanOrEqual(
        quantityOf(guard.evaluate(priced)),
      );
    },
  );

  test.prop([situations], RUNS)('a denial wins over any reduction', ({ make }) => {
    const { priced, guardWith } = make();
    const denial = deny('no', 'ABOVE_MAXIMUM');
    const no: RiskGate = { name: 'no', appliesTo: 'all', check: () => denial };
    expect(guardWith(no).evaluate(priced).decision).toBe('reject');
  });

  test.prop([situations], RUNS)('no gate for entries stops an exit', ({ make }) => {
    const { priced, guard, guardWith } = make();
    const verdict = guard.evaluate(priced);
    if (verdict.decision === 'reject' || !verdict.isExit) return;
    const entries = (name: string, check: RiskGate['check']): RiskGate => ({
      name,
      appliesTo: 'entries',
      check,
    });
    const strict = guardWith(
      entries('denies', () => deny('denies', 'ABOVE_MAXIMUM')),
      entries('throws', () => {
        throw new Error('broken');
      }),
    );
    expect(strict.evaluate(priced)).toEqual(verdict);
  });

  test.prop([situations], RUNS)(
    'an exit fits into the position, with all that works on its side',
    ({ make }) => {
      const { book, priced, guard } = make();
      const verdict = guard.evaluate(priced);
      if (verdict.decision === 'reject' || !verdict.isExit) return;
      const { pos = 0, sell = 0 } = book.cell(priced.accountId, priced.instrument.instrumentId) ?? {};
      expect([priced.side, sell + verdict.quantity <= pos]).toEqual(['sell', true]);
    },
  );

  test.prop(
    [
      situations,
      fc.constantFrom('maxTotalExposure', 'maxPositionNotional', 'maxClusterExposure', 'maxPositions'),
    ],
    RUNS,
  )('a limit of 0, whichever, takes exits only', ({ make, limits }, which) => {
    const { book, priced } = make();
    const guard = new RiskGuard(
      { ...limits, [which]: which === 'maxPositions' ? 0 : '0' },
      { book, clock: { nowMs: () => 0, monotonicMs: () => 0 }, killSwitch: { tradingState: () => 'active' } },
    );
    const verdict = guard.evaluate(priced);
    expect(verdict.decision === 'reject' || verdict.isExit).toBe(true);
  });
});
