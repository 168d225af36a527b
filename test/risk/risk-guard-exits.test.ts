import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { type RiskGate, RiskGuard, type RiskLimitsInput } from '../../src/risk/index.ts';
import { deny } from '../../src/trading/index.ts';
import { WIDE, filledEvent, guardOf } from '../support/guard.ts';
import { heldOf, pricedOf } from '../support/orders.ts';
import { quotedAt } from '../support/views.ts';
import { NO, atMost, gateOf, passed, rejected } from './support/verdicts.ts';

describe('RiskGuard, entries and exits', () => {
  const entriesOnly = (check: RiskGate['check']) => gateOf(check, { appliesTo: 'entries' });

  test('skips gates for entries before they run when the order is an exit', () => {
    const broken = entriesOnly(() => {
      throw new Error('broken');
    });
    const { guard, book } = guardOf({ deps: { gates: [broken] } });
    const order = heldOf({ qty: 10 });
    book.hold(order);
    book.keep(order);
    book.apply(filledEvent(order.clientOrderId, 10));
    expect(guard.evaluate(pricedOf({ side: 'sell', qty: 10 }))).toEqual(passed('approve', 10, true));
  });

  test('a gate that throws denies an entry, in its own name', () => {
    const broken = entriesOnly(() => {
      throw new Error('broken');
    });
    const { guard } = guardOf({ deps: { gates: [broken] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected({ gate: 'own', code: 'GATE_FAILED', note: 'broken' }),
    );
  });

  test('a gate for all that throws denies an exit as well', () => {
    const broken = gateOf((_order, { isExit }) => {
      if (!isExit) return undefined;
      throw 'not even an error';
    });
    const setup = guardOf({ deps: { gates: [broken] } });
    setup.trade({ qty: 10 });
    expect(setup.guard.evaluate(pricedOf({ intentId: 'exit', side: 'sell', qty: 10 }))).toEqual(
      rejected({ gate: 'own', code: 'GATE_FAILED', note: 'not even an error' }),
    );
  });

  test.each([null, true, 0, Promise.resolve(), {}])(
    'a gate that answers %o has failed, and denies in its own name',
    (answer) => {
      const { guard } = guardOf({ deps: { gates: [gateOf(() => answer as unknown as undefined)] } });
      expect(guard.evaluate(pricedOf())).toMatchObject({
        decision: 'reject',
        denials: [{ gate: 'own', code: 'GATE_FAILED' }],
      });
    },
  );

  test.each([Promise.resolve(), {}])('and says what was expected instead of %o', (answer) => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => answer as unknown as undefined)] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected({
        gate: 'own',
        code: 'GATE_FAILED',
        note: 'expected a denial, a reduction or undefined',
      }),
    );
  });

  test('a gate that is async and rejects denies, and its rejection ends nothing', async () => {
    const async = gateOf(() => Promise.reject(new Error('late')) as unknown as undefined);
    const { guard } = guardOf({ deps: { gates: [async] } });
    expect(guard.evaluate(pricedOf())).toMatchObject({ denials: [{ gate: 'own', code: 'GATE_FAILED' }] });
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail the run here
  });

  test('an account beyond every limit can still exit', () => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    const { book, clock } = setup;
    book.mark(quotedAt(1));
    const strict: RiskLimitsInput = {
      maxDailyLoss: '0',
      maxDrawdownFraction: 0,
      maxPositions: 0,
      maxPositionNotional: '0',
      maxTotalExposure: '0',
      maxClusterExposure: '0',
    };
    const guard = new RiskGuard(strict, { book, clock, killSwitch: { tradingState: () => 'reducing' } });
    expect(guard.evaluate(pricedOf({ intentId: 'exit', side: 'sell', qty: 10, worst: 1 }))).toEqual(
      passed('approve', 10, true),
    );
  });

  test.each<[string, Partial<RiskLimitsInput>, string]>([
    ['maxDailyLoss', { maxDailyLoss: '0' }, 'daily-loss'],
    ['maxDrawdownFraction', { maxDrawdownFraction: 0 }, 'drawdown'],
    ['maxPositions', { maxPositions: 0 }, 'position-count'],
    ['maxPositionNotional', { maxPositionNotional: '0' }, 'position-size'],
    ['maxTotalExposure', { maxTotalExposure: '0' }, 'total-exposure'],
    ['maxClusterExposure', { maxClusterExposure: '0' }, 'correlation'],
  ])('a %s of 0 takes exits only', (_name, limits, gate) => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    const { book, clock } = setup;
    book.mark(quotedAt(101)); // the day is in profit
    const guard = new RiskGuard(
      { ...WIDE, ...limits },
      { book, clock, killSwitch: { tradingState: () => 'active' } },
    );
    const entry = guard.evaluate(pricedOf({ intentId: 'entry', qty: 1 }));
    const exit = guard.evaluate(pricedOf({ intentId: 'exit', side: 'sell', qty: 10 }));
    expect([entry, exit]).toEqual([
      { decision: 'reject', denials: [expect.objectContaining({ gate })] },
      passed('approve', 10, true),
    ]);
  });

  test('an unknown exit blocks a second exit of the same lots', () => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    const clientOrderId = setup.work({ intentId: 'exit', side: 'sell', qty: 10 });
    setup.guard.apply({ type: 'timedOut', clientOrderId, atMs: 0, reason: 'no answer' });
    expect(setup.guard.evaluate(pricedOf({ intentId: 'again', side: 'sell', qty: 1 }))).toEqual(
      rejected({ gate: 'order', code: 'EXIT_ALREADY_WORKING', measured: 1, limit: 0 }),
    );
  });

  test('reduce-only is trimmed to the exit part', () => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    expect(
      setup.guard.evaluate(pricedOf({ intentId: 'exit', side: 'sell', qty: 15, reduceOnly: true })),
    ).toEqual(passed('approve', 10, true));
  });

  test('what was reduced to an exit is judged as an exit', () => {
    const { guard, book } = guardOf({ deps: { gates: [atMost(4)] }, limits: { maxPositions: 0 } });
    // Short by a fill too many at the venue.
    const order = heldOf({ side: 'sell', qty: 4 });
    book.hold(order);
    book.keep(order);
    book.apply(filledEvent(order.clientOrderId, 4));
    const wide = new RiskGuard(WIDE, {
      book,
      clock: new ManualClock(),
      killSwitch: { tradingState: () => 'active' },
      gates: [
        atMost(4),
        gateOf((_order, { isExit, qty }) => (isExit || qty > 4 ? undefined : NO), { name: 'exits of 4' }),
      ],
    });
    expect([guard.evaluate(pricedOf({ qty: 6 })).decision, wide.evaluate(pricedOf({ qty: 6 }))]).toEqual([
      'reject', // a denial of the entry wins over the reduction that would have made it an exit
      passed('resize', 4, true, { because: deny('own', 'ABOVE_MAXIMUM') }),
    ]);
  });
});
