import { describe, expect, test } from 'vitest';
import { bookDigest, guardOf, withoutReservation } from '../support/guard.ts';
import { heldOf, instrumentOf, pricedOf } from '../support/orders.ts';
import { exposureDenial, passed } from './support/verdicts.ts';

describe('RiskGuard, reserve', () => {
  test('holds what it approves, in the same step', () => {
    const { guard, book } = guardOf();
    const verdict = guard.reserve(pricedOf());
    expect([book.cell('acc', 'GOLD')?.buy, book.account('acc')?.gross, withoutReservation(verdict)]).toEqual([
      10,
      1_000_000_000,
      passed('approve', 10, false),
    ]);
  });

  test('holds the reduced quantity', () => {
    const { guard, book } = guardOf({ limits: { maxTotalExposure: '750' } });
    guard.reserve(pricedOf());
    expect(book.cell('acc', 'GOLD')?.buy).toBe(7);
  });

  test('what is held counts for the next, kept or not', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '1500' } });
    guard.reserve(pricedOf());
    expect(guard.evaluate(pricedOf({ intentId: 'intent-2' }))).toEqual(
      passed('resize', 5, false, { because: exposureDenial('2000', '1500') }),
    );
  });

  test('orders of both sides are not netted: the worst of what may fill counts', () => {
    const setup = guardOf({ limits: { maxTotalExposure: '1500' } });
    setup.trade({ qty: 10 });
    setup.work({ intentId: 'exit', side: 'sell', qty: 10 });
    expect(setup.guard.evaluate(pricedOf({ intentId: 'entry', qty: 10 }))).toEqual(
      passed('resize', 5, false, { because: exposureDenial('2000', '1500') }),
    );
  });

  test('a held order is the order that was asked for, with what was left open filled in', () => {
    const { guard, clock } = guardOf();
    clock.advance(7);
    const order = pricedOf({ reduceOnly: false });
    const verdict = guard.reserve(order);
    expect(verdict.decision === 'reject' ? undefined : verdict.reservation.order).toEqual({
      ...order,
      isExit: false,
      postOnly: true,
      timeInForce: 'GTC',
      decidedMonotonicMs: 7,
    });
  });

  test('a reservation that is disposed of leaves no trace', () => {
    const { guard, book } = guardOf();
    const before = bookDigest(book);
    const verdict = guard.reserve(pricedOf());
    if (verdict.decision !== 'reject') verdict.reservation[Symbol.dispose]();
    expect(bookDigest(book)).toEqual(before);
  });

  test('an order is known by its id once it is kept', () => {
    const { guard, book } = guardOf();
    const order = pricedOf();
    const verdict = guard.reserve(order);
    const before = book.order(order.clientOrderId);
    if (verdict.decision !== 'reject') verdict.reservation.keep();
    expect([before, book.order(order.clientOrderId)?.leaves]).toEqual([undefined, 10]);
  });

  test('a second order of a known id cannot be kept, and gives back what it holds', () => {
    const setup = guardOf();
    setup.work({});
    const verdict = setup.guard.reserve(pricedOf());
    expect(() => {
      if (verdict.decision === 'reject') return;
      using reservation = verdict.reservation;
      reservation.keep();
    }).toThrow(expect.objectContaining({ code: 'RESERVATION_SPENT' }));
    expect(setup.book.cell('acc', 'GOLD')?.buy).toBe(10);
  });

  test('holds nothing of what it rejects', () => {
    const { guard, book } = guardOf({ limits: { maxPositions: 0 } });
    const before = bookDigest(book);
    guard.reserve(pricedOf());
    expect(bookDigest(book)).toEqual(before);
  });

  const heldBy = (order: Parameters<typeof pricedOf>[0], position = 0) => {
    const setup = guardOf();
    if (position > 0) setup.trade({ intentId: 'before', qty: position });
    const verdict = setup.guard.reserve(pricedOf(order));
    return verdict.decision === 'reject' ? undefined : verdict.reservation.order;
  };

  test.each([
    ['an entry is post-only by default', {}, { isExit: false, postOnly: true, timeInForce: 'GTC' }],
    ['but not if it was asked otherwise', { postOnly: false }, { postOnly: false, timeInForce: 'GTC' }],
    ['and not if it is immediate', { timeInForce: 'IOC' }, { postOnly: false, timeInForce: 'IOC' }],
    ['or fill or kill', { timeInForce: 'FOK' }, { postOnly: false, timeInForce: 'FOK' }],
  ] as const)('%s', (_name, order, expected) => {
    expect(heldBy(order)).toMatchObject(expected);
  });

  test.each([
    ['an exit is a plain limit by default', undefined, false],
    ['unless it was asked otherwise', true, true],
  ])('%s', (_name, postOnly, expected) => {
    expect(heldBy({ side: 'sell', qty: 5, postOnly }, 5)).toMatchObject({
      isExit: true,
      postOnly: expected,
      timeInForce: 'GTC',
    });
  });

  test('a held order cannot be changed any more', () => {
    const held = heldBy({}) as { qty: number };
    expect(() => {
      held.qty = 1_000;
    }).toThrow(TypeError);
  });
});

describe('RiskGuard, confirm', () => {
  const entry = heldOf({ decidedMonotonicMs: 0 });
  const exit = heldOf({ decidedMonotonicMs: 0, side: 'sell', isExit: true });

  test.each([
    ['active', entry, undefined],
    ['active', exit, undefined],
    ['reducing', entry, { gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING' }],
    ['reducing', exit, undefined],
    ['halted', entry, { gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' }],
    ['halted', exit, { gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' }],
  ] as const)('looks at the kill switch once more: %s', (state, order, expected) => {
    const world = guardOf();
    world.trade({ intentId: 'held', qty: 10 });
    world.book.hold(order);
    world.trading.state = state;
    expect(world.guard.confirm(order)).toEqual(expected);
  });

  test.each([
    [10, undefined],
    [9, { gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING' }],
  ])('an exit of 10 of a position that has become %s while it was written down', (left, expected) => {
    const world = guardOf();
    world.trade({ intentId: 'held', qty: left });
    world.book.hold(exit);
    world.trading.state = 'reducing';
    expect(world.guard.confirm(exit)).toEqual(expected);
  });

  test.each([
    [-10, undefined],
    [-9, { gate: 'kill-switch', code: 'KILL_SWITCH_REDUCING' }],
  ])('the same of a purchase that takes a position of %s back', (pos, expected) => {
    const instrument = instrumentOf({ kind: 'linear', initialMarginFraction: '1' });
    const back = heldOf({ decidedMonotonicMs: 0, instrument, isExit: true });
    const world = guardOf();
    world.trade({ intentId: 'held', instrument, side: 'sell', qty: -pos });
    world.book.hold(back);
    world.trading.state = 'reducing';
    expect(world.guard.confirm(back)).toEqual(expected);
  });

  test('takes a state that is none for halted', () => {
    const { guard, trading } = guardOf();
    trading.state = 'unheard of' as 'halted';
    expect(guard.confirm(exit)).toEqual({ gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' });
  });

  test('lets a decision of exactly the age limit go', () => {
    const { guard, clock } = guardOf({ limits: { maxDecisionAgeMs: 250 } });
    clock.advance(250);
    expect(guard.confirm(entry)).toBeUndefined();
  });

  test('denies one millisecond later', () => {
    const { guard, clock } = guardOf({ limits: { maxDecisionAgeMs: 250 } });
    clock.advance(251);
    expect(guard.confirm(entry)).toEqual({
      gate: 'confirm',
      code: 'DECISION_EXPIRED',
      measured: 251,
      limit: 250,
    });
  });

  test.each([1, NaN])('denies a decision made at %s, which is not in the past', (decidedMonotonicMs) => {
    expect(guardOf().guard.confirm(heldOf({ decidedMonotonicMs }))).toEqual({
      gate: 'confirm',
      code: 'DECISION_EXPIRED',
      measured: 0 - decidedMonotonicMs,
      limit: 1_000,
    });
  });

  test('goes by the monotonic clock: a jump of the wall clock changes nothing', () => {
    const { guard, clock } = guardOf();
    const verdict = guard.reserve(pricedOf());
    clock.jump(-86_400_000);
    if (verdict.decision === 'reject') throw new Error('expected an approval');
    expect(guard.confirm(verdict.reservation.order)).toBeUndefined();
  });
});
