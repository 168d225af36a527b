import { describe, expect, test } from 'vitest';
import { ManualClock, lots } from '../../src/core/index.ts';
import {
  type Reduction,
  type RiskGate,
  RiskGuard,
  type RiskGuardDeps,
  type RiskLimitsInput,
  type RiskView,
  parseRiskLimits,
} from '../../src/risk/index.ts';
import { Book, type Denial, deny } from '../../src/trading/index.ts';
import { WIDE, bookDigest, filledEvent, guardOf, withoutReservation } from '../support/guard.ts';
import { heldOf, instrumentOf, pricedOf } from '../support/orders.ts';
import { marketOf, quotedAt } from '../support/views.ts';

const passed = (decision: 'approve' | 'resize', quantity: number, isExit: boolean, rest = {}) => ({
  decision,
  quantity,
  isExit,
  markAgeMs: 0,
  ...rest,
});
const rejected = (...denials: readonly Denial[]) => ({ decision: 'reject', denials });
const gateOf = (
  check: RiskGate['check'],
  { name = 'own', appliesTo = 'all' }: Partial<RiskGate> = {},
): RiskGate => ({
  name,
  appliesTo,
  check,
});
const NO = deny('own', 'ABOVE_MAXIMUM', { note: 'no' });
const atMost = (reduceTo: number, name = 'own'): RiskGate =>
  gateOf(
    (_order, { qty }): Reduction | undefined =>
      qty <= reduceTo ? undefined : { reduceTo: lots(reduceTo), because: deny(name, 'ABOVE_MAXIMUM') },
    { name },
  );
const exposureDenial = (measured: string, limit: string): Denial => ({
  gate: 'total-exposure',
  code: 'TOTAL_EXPOSURE_LIMIT',
  measured,
  limit,
});

describe('RiskGuard, verdicts', () => {
  test('approves what every gate lets through', () => {
    expect(guardOf().guard.evaluate(pricedOf())).toEqual(passed('approve', 10, false));
  });

  test('denies an account that is not there, before any gate', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO)] } });
    expect(guard.evaluate(pricedOf({ accountId: 'other' }))).toEqual(
      rejected({ gate: 'order', code: 'ACCOUNT_UNKNOWN', measured: 'other' }),
    );
  });

  test('denies what the account cannot do at all, before any gate', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => NO)] } });
    expect(guard.evaluate(pricedOf({ side: 'sell', qty: 1 }))).toEqual(
      rejected({ gate: 'order', code: 'SHORT_NOT_ALLOWED', measured: 1, limit: 0 }),
    );
  });

  test('gives every reason, not the first', () => {
    const { guard, trading } = guardOf({ limits: { maxPositions: 0, maxPositionNotional: '999' } });
    trading.state = 'halted';
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected(
        { gate: 'kill-switch', code: 'KILL_SWITCH_HALTED' },
        { gate: 'position-count', code: 'POSITION_COUNT_LIMIT', measured: 1, limit: 0 },
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '999' },
      ),
    );
  });

  test('says twice only what is not the same: of which gate, and with which code', () => {
    const denials = [
      deny('a', 'ABOVE_MAXIMUM'),
      deny('b', 'ABOVE_MAXIMUM'),
      deny('a', 'BELOW_MINIMUM'),
      deny('a', 'ABOVE_MAXIMUM', { note: 'again' }),
    ];
    const gates = denials.map((denial, place) => gateOf(() => denial, { name: `own-${place}` }));
    expect(guardOf({ deps: { gates } }).guard.evaluate(pricedOf())).toEqual(rejected(...denials.slice(0, 3)));
  });

  test('explains a gate that cannot say what it measures', () => {
    const { guard } = guardOf({ deps: { gates: [gateOf(() => undefined)] } });
    expect(guard.explain(pricedOf()).at(-1)).toEqual({ gate: 'own', outcome: 'passed' });
  });

  test('tells the age of the mark that the order was judged at', () => {
    const { guard, clock } = guardOf();
    clock.advance(700);
    expect(guard.evaluate(pricedOf())).toEqual(passed('approve', 10, false, { markAgeMs: 700 }));
  });

  test('judges exposure at the mark of the Book, not at the price of the order', () => {
    const { guard, book } = guardOf({ limits: { maxPositionNotional: '1000' } });
    book.mark(quotedAt(200));
    expect(guard.evaluate(pricedOf({ worst: 1 }))).toEqual(
      rejected({ gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '2000', limit: '1000' }),
    );
  });

  test('without a mark denies every entry, and says what is missing', () => {
    const { guard } = guardOf();
    const verdict = guard.evaluate(pricedOf({ instrument: instrumentOf({ instrumentId: 'SILVER' }) }));
    expect(verdict).toEqual(
      rejected(
        { gate: 'data-quality', code: 'MARK_MISSING' },
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: 'NaN', limit: '1000000' },
        {
          gate: 'correlation',
          code: 'CLUSTER_EXPOSURE_LIMIT',
          measured: 'NaN',
          limit: '1000000',
          note: 'moves with nothing else held',
        },
        exposureDenial('NaN', '1000000'),
      ),
    );
  });

  test('lets an exit through whose view is good though the Book was never marked', () => {
    const { guard, book } = guardOf();
    const silver = instrumentOf({ instrumentId: 'SILVER' });
    const order = heldOf({ instrument: silver, qty: 5 });
    book.hold(order);
    book.keep(order);
    book.apply(filledEvent(order.clientOrderId, 5));
    expect(guard.evaluate(pricedOf({ instrument: silver, side: 'sell', qty: 5 }))).toEqual(
      passed('approve', 5, true, { markAgeMs: Infinity }),
    );
  });
});

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

describe('RiskGuard, reducing', () => {
  test('reduces to what fits, and says because of what', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750' } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 7, false, { because: exposureDenial('1000', '750') }),
    );
  });

  test('takes the smallest of several reductions', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(8, 'a'), atMost(3, 'b'), atMost(5, 'c')] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('b', 'ABOVE_MAXIMUM') }),
    );
  });

  test('finds the smallest at once: each gate is asked twice, not once per reduction', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(8, 'a'), atMost(3, 'b')] } });
    guard.reserve(pricedOf());
    expect(new Set(guard.status().map(({ checked }) => checked))).toEqual(new Set([2]));
  });

  test('of two that reduce to the same the first says why', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3, 'a'), atMost(3, 'b')] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('a', 'ABOVE_MAXIMUM') }),
    );
  });

  test('the smallest is taken at once wherever it stands: the others have no second say', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3, 'a'), atMost(8, 'b')] } });
    guard.reserve(pricedOf());
    expect(guard.status().map(({ reduced }) => reduced)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  test('reduces again what was reduced and still does not pass', () => {
    const second = gateOf((_order, { qty }) =>
      qty > 4 && qty < 8 ? { reduceTo: lots(2), because: deny('own', 'BELOW_MINIMUM') } : undefined,
    );
    const { guard } = guardOf({ deps: { gates: [atMost(7, 'first'), second] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 2, false, { because: deny('own', 'BELOW_MINIMUM') }),
    );
  });

  test('a denial wins over a reduction, and both are told', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750', maxPositionNotional: '999' } });
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected(
        { gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '999' },
        exposureDenial('1000', '750'),
      ),
    );
  });

  test('a denial of the reduced quantity tells why it was reduced', () => {
    const { guard } = guardOf({
      limits: { maxTotalExposure: '750' },
      deps: { gates: [gateOf((_order, { qty }) => (qty === 10 ? undefined : NO))] },
    });
    expect(guard.evaluate(pricedOf())).toEqual(rejected(NO, exposureDenial('1000', '750')));
  });

  test('what is reduced below the minimum is rejected with both, never rounded up', () => {
    const { guard } = guardOf({ limits: { maxTotalExposure: '750' } });
    const instrument = instrumentOf({ minQuantity: '8' });
    expect(guard.evaluate(pricedOf({ instrument }))).toEqual(
      rejected(
        { gate: 'order', code: 'BELOW_MINIMUM', measured: 7, limit: 8 },
        exposureDenial('1000', '750'),
      ),
    );
  });

  test.each([0, -1, NaN, 10, 11, 0.5])('a reduction of 10 to %s is none, and denies', (reduceTo) => {
    const { guard, book } = guardOf({
      deps: { gates: [gateOf(() => ({ reduceTo: lots(reduceTo), because: NO }))] },
    });
    const flat = heldOf({ intentId: 'earlier' });
    book.hold(flat); // the cell is there, and empty
    book.drop(flat);
    expect(guard.evaluate(pricedOf())).toEqual(rejected(NO));
  });

  test('rounds a reduction down to whole lots', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(3.9)] } });
    expect(guard.evaluate(pricedOf())).toEqual(
      passed('resize', 3, false, { because: deny('own', 'ABOVE_MAXIMUM') }),
    );
  });

  test('denies where a gate would leave nothing', () => {
    const { guard } = guardOf({ deps: { gates: [atMost(0)] } });
    expect(guard.evaluate(pricedOf())).toEqual(rejected(deny('own', 'ABOVE_MAXIMUM')));
  });

  test('reduces as often as there are gates, and no more', () => {
    const gates = [
      gateOf((_order, { qty }) => (qty > 11 ? { reduceTo: lots(qty - 1), because: NO } : undefined)),
    ];
    const { guard } = guardOf({ deps: { gates } });
    const count = guard.status().length;
    expect([
      guard.evaluate(pricedOf({ qty: 11 + count })),
      guard.evaluate(pricedOf({ qty: 12 + count })),
    ]).toEqual([
      passed('resize', 11, false, { because: NO }),
      rejected({ gate: 'risk-guard', code: 'GATE_FAILED', note: 'the gates kept reducing' }, NO),
    ]);
  });

  test('ends when a gate reduces for ever', () => {
    const endless = gateOf((_order, { qty }) => ({ reduceTo: lots(qty - 1), because: NO }));
    const { guard } = guardOf({ deps: { gates: [endless] } });
    expect(guard.evaluate(pricedOf({ qty: 1_000 }))).toEqual(
      rejected({ gate: 'risk-guard', code: 'GATE_FAILED', note: 'the gates kept reducing' }, NO),
    );
  });
});

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

describe('RiskGuard, what it tells', () => {
  test('counts what each gate decided, dry runs left out', () => {
    const setup = guardOf({ limits: { maxTotalExposure: '750', maxPositionNotional: '1000' } });
    setup.guard.evaluate(pricedOf());
    setup.guard.reserve(pricedOf()); // to 7
    setup.guard.reserve(pricedOf({ intentId: 'intent-2', qty: 11 }));
    const count = (gate: string, denied = 0, reduced = 0, reasons: readonly object[] = []) => ({
      gate,
      checked: 3, // what was reduced was asked again
      denied,
      reduced,
      reasons,
    });
    expect(setup.guard.status()).toEqual([
      count('kill-switch'),
      count('data-quality'),
      count('daily-loss'),
      count('drawdown'),
      count('position-count'),
      count('position-size', 1, 0, [{ code: 'POSITION_SIZE_LIMIT', count: 1 }]),
      count('correlation'),
      count('total-exposure', 1, 1, [{ code: 'TOTAL_EXPOSURE_LIMIT', count: 1 }]),
    ]);
  });

  test('does not count gates that an exit skips', () => {
    const setup = guardOf();
    setup.trade({ qty: 10 });
    setup.guard.reserve(pricedOf({ intentId: 'exit', side: 'sell', qty: 10 }));
    expect(setup.guard.status().map(({ gate, checked }) => [gate, checked])).toEqual([
      ['kill-switch', 2],
      ['data-quality', 2],
      ['daily-loss', 1],
      ['drawdown', 1],
      ['position-count', 1],
      ['position-size', 1],
      ['correlation', 1],
      ['total-exposure', 1],
    ]);
  });

  test('shows gates the facts of this pass', () => {
    const seen: RiskView[] = [];
    const curious = gateOf((_order, view) => {
      seen.push(view);
      return undefined;
    });
    const { guard, clock, book } = guardOf({
      deps: { gates: [curious] },
      limits: { maxTotalExposure: '750' },
    });
    clock.advance(5);
    const order = pricedOf();
    guard.evaluate(order);
    const common = {
      nowMs: 5,
      monotonicMs: 5,
      market: order.view,
      mark: { price: 100, monotonicMs: 0 },
      account: book.account('acc'),
      row: book.account('acc'),
      cell: undefined,
      trading: 'active',
      isExit: false,
      worstBefore: 0,
    };
    expect(seen).toEqual([
      { ...common, qty: 10, worstAfter: 1_000_000_000 },
      { ...common, qty: 7, worstAfter: 700_000_000 },
    ]);
  });

  test('applies events to its Book', () => {
    const setup = guardOf();
    const clientOrderId = setup.work({});
    const applied = setup.guard.apply({ type: 'rejected', clientOrderId, atMs: 0, reason: 'no' });
    expect([applied, setup.guard.book.cell('acc', 'GOLD')?.buy]).toEqual(['applied', 0]);
  });

  test('the hash of the limits changes with a limit, and with the gates', () => {
    const hashes = [
      guardOf(),
      guardOf({ balance: '1' }),
      guardOf({ limits: { maxPositions: 99 } }),
      guardOf({ deps: { gates: [gateOf(() => undefined)] } }),
    ].map(({ guard }) => guard.limitsHash);
    expect([hashes[0] === hashes[1], new Set(hashes).size]).toEqual([true, 3]);
  });
});

describe('RiskGuard, options', () => {
  const make = (limits: object) => () => guardOf({ limits: limits });

  test.each([
    [{ maxPosition: 5 }, 'maxPosition'],
    [{ maxDailyLoss: '-1' }, 'maxDailyLoss: expected a plain decimal of 0 or more'],
    [{ maxTotalExposure: 1_000 }, 'maxTotalExposure: expected a plain decimal of 0 or more'],
    [{ maxPositionNotional: '9007199255' }, 'maxPositionNotional: expected at most 9007199254'],
    [{ maxDrawdownFraction: 20 }, 'maxDrawdownFraction'],
    [{ maxPositions: 1.5 }, 'maxPositions'],
    [{ maxDataAgeMs: NaN }, 'maxDataAgeMs'],
    [{ maxClusterExposure: undefined }, 'maxClusterExposure'],
  ])('refuses %o by name', (limits, message) => {
    expect(make(limits)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  test('fills in the ages and the collar, and minds buying power', () => {
    const { buyingPower: _off, ...limits } = WIDE;
    expect(parseRiskLimits(limits)).toEqual({
      maxDailyLoss: 1e12,
      maxDrawdownFraction: 1,
      maxPositions: 100,
      maxPositionNotional: 1e12,
      maxTotalExposure: 1e12,
      maxClusterExposure: 1e12,
      buyingPower: { feeBps: 0 },
      maxDataAgeMs: 1_000,
      maxMarkAgeMs: 60_000,
      exitCollarBps: 500,
      maxDecisionAgeMs: 1_000,
      scopes: [],
    });
  });

  test('limits cannot be changed behind its back', () => {
    const limits = guardOf().guard.limits as { maxDataAgeMs: number };
    expect(() => {
      limits.maxDataAgeMs = Infinity;
    }).toThrow(TypeError);
  });

  test('refuses two gates of one name', () => {
    expect(() => guardOf({ deps: { gates: [gateOf(() => undefined, { name: 'drawdown' })] } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('RiskGuard.is', () => {
  const { guard } = guardOf();
  const deps: RiskGuardDeps = {
    book: new Book(),
    clock: new ManualClock(),
    killSwitch: { tradingState: () => 'active' },
  };

  test('knows its own', () => {
    expect(RiskGuard.is(guard)).toBe(true);
  });

  class Lenient extends RiskGuard {
    override confirm(): undefined {
      return undefined;
    }
  }

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => undefined],
    ['a twin', { reserve: () => undefined, confirm: () => undefined }],
    ['a copy', Object.assign({}, guard)],
    ['an object that inherits from one', Object.create(guard)],
    ['an object with its prototype', Object.create(RiskGuard.prototype)],
    ['a proxy', new Proxy(guard, {})],
    ['a subclass', new Lenient(WIDE, deps)],
  ])('is not taken in by %s', (_name, value) => {
    expect(RiskGuard.is(value)).toBe(false);
  });

  test.each<[string, object, string]>([
    ['method of the class', RiskGuard.prototype, 'confirm'],
    ['static method', RiskGuard, 'is'],
    ['own property', guard, 'confirm'],
  ])('a %s cannot be put in place of ours', (_name, target, key) => {
    expect(Reflect.set(target, key, () => undefined)).toBe(false);
    expect(Reflect.defineProperty(target, key, { value: () => undefined })).toBe(false);
  });

  test('a prototype cannot be put in place of ours', () => {
    expect(Reflect.setPrototypeOf(guard, { confirm: () => undefined })).toBe(false);
  });

  test('a class that adds a field to it cannot be made', () => {
    class Extended extends RiskGuard {
      readonly extra = 1;
    }
    expect(() => new Extended(WIDE, deps)).toThrow(TypeError);
  });
});

test('a view that the Book does not know is not enough for an entry', () => {
  const { guard, clock } = guardOf();
  clock.advance(2_000);
  const view = marketOf({ receivedMonotonicMs: 2_000 });
  expect(guard.evaluate(pricedOf({ view }))).toEqual(
    rejected({ gate: 'data-quality', code: 'MARK_STALE', measured: 2_000, limit: 1_000 }),
  );
});
