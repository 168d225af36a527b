import { describe, expect, test } from 'vitest';
import { RiskGuard, type RiskLimitsInput, parseRiskLimits } from '../../src/risk/index.ts';
import type { Denial } from '../../src/trading/index.ts';
import { WIDE, filledEvent, guardOf } from '../support/guard.ts';
import { type PricedOverrides, instrumentOf, pricedOf } from '../support/orders.ts';
import { quotedAt } from '../support/views.ts';

type Scoped = NonNullable<RiskLimitsInput['scopes']>[number];

const SILVER = instrumentOf({ instrumentId: 'SILVER', base: 'XAG' });

/** Two accounts, two instruments at 100, and the limits of one scope. */
function scopedTo(...scopes: readonly Scoped[]) {
  const world = guardOf({ limits: { scopes }, deps: { venueName: 'here' } });
  world.book.openAccount('other', 'USDT', '10000');
  world.book.mark(quotedAt(100, { instrumentId: 'SILVER' }));
  return world;
}

const rejected = (...denials: readonly Denial[]) => ({ decision: 'reject', denials });
const approved = (quantity: number, isExit = false) => ({
  decision: 'approve',
  quantity,
  isExit,
  markAgeMs: 0,
});

describe('limits of the firm', () => {
  const firm = (limits: Omit<Scoped, 'scope'>) => scopedTo({ scope: { kind: 'firm' }, ...limits });

  test('count the exposure of all accounts, and resize to what is left', () => {
    const { guard, trade } = bound(firm({ maxTotalExposure: '1500' }));
    trade({ accountId: 'other', qty: 9 });
    expect(guard.evaluate(pricedOf({ qty: 6 }))).toEqual(approved(6));
    expect(guard.evaluate(pricedOf({ qty: 7 }))).toEqual({
      decision: 'resize',
      quantity: 6,
      isExit: false,
      markAgeMs: 0,
      because: {
        gate: 'total-exposure@firm',
        code: 'TOTAL_EXPOSURE_LIMIT',
        measured: '1600',
        limit: '1500',
      },
    });
  });

  test('net nothing: what one account has sold frees nothing for another', () => {
    const { guard, trade, work } = bound(firm({ maxTotalExposure: '1000' }));
    trade({ accountId: 'other', qty: 10 });
    work({ accountId: 'other', side: 'sell', qty: 10 });
    expect(guard.evaluate(pricedOf({ qty: 1 })).decision).toBe('reject');
  });

  test('count the position in one instrument over all accounts', () => {
    const { guard, trade } = bound(firm({ maxPositionNotional: '1000' }));
    trade({ accountId: 'other', qty: 8 });
    trade({ accountId: 'other', qty: 9, instrument: SILVER });
    expect(guard.evaluate(pricedOf({ qty: 2 }))).toEqual(approved(2));
    expect(guard.evaluate(pricedOf({ qty: 3 }))).toEqual(
      rejected({
        gate: 'position-size@firm',
        code: 'POSITION_SIZE_LIMIT',
        measured: '1100',
        limit: '1000',
      }),
    );
  });

  test('count the loss of the day over all accounts', () => {
    const { guard, trade, book } = bound(firm({ maxDailyLoss: '100' }));
    trade({ qty: 10 });
    trade({ accountId: 'other', qty: 10 });
    book.mark(quotedAt(96));
    expect(guard.evaluate(pricedOf({ qty: 1, worst: 96 }))).toEqual(approved(1));
    book.mark(quotedAt(95));
    expect(guard.evaluate(pricedOf({ qty: 1, worst: 95 }))).toEqual(
      rejected({ gate: 'daily-loss@firm', code: 'DAILY_LOSS_LIMIT', measured: '-100', limit: '-100' }),
    );
  });

  test('count the positions of all accounts', () => {
    const { guard, trade } = bound(firm({ maxPositions: 1 }));
    trade({ accountId: 'other', qty: 1 });
    expect(guard.evaluate(pricedOf({ qty: 1 }))).toEqual(
      rejected({ gate: 'position-count@firm', code: 'POSITION_COUNT_LIMIT', measured: 2, limit: 1 }),
    );
  });

  test('deny entries while accounts have different currencies: nobody knows the sum', () => {
    const { guard, book } = firm({ maxTotalExposure: '1000000' });
    book.openAccount('euro', 'EUR', '1');
    expect(guard.evaluate(pricedOf())).toEqual(
      rejected({
        gate: 'total-exposure@firm',
        code: 'TOTAL_EXPOSURE_LIMIT',
        measured: 'NaN',
        limit: '1000000',
      }),
    );
  });

  test('what moves together is unknown as well then', () => {
    const { book, clock, trade } = bound(scopedTo());
    trade({ qty: 1 });
    book.openAccount('euro', 'EUR', '1');
    const guard = new RiskGuard(
      { ...WIDE, scopes: [{ scope: { kind: 'firm' }, maxClusterExposure: '1000000' }] },
      {
        book,
        clock,
        killSwitch: { tradingState: () => 'active' },
        clusters: { correlated: () => true },
      },
    );
    expect(guard.evaluate(pricedOf({ intentId: 'more' }))).toMatchObject({
      denials: [{ gate: 'correlation@firm', measured: 'NaN' }],
    });
  });

  test('let exits through', () => {
    const { guard, trade } = bound(scopedTo());
    trade({ qty: 10 });
    const nothing = { maxDailyLoss: '0', maxTotalExposure: '0', maxPositions: 0, maxPositionNotional: '0' };
    guard.adopt(parseRiskLimits({ ...WIDE, scopes: [{ scope: { kind: 'firm' }, ...nothing }] }));
    expect(guard.evaluate(pricedOf({ qty: 1 })).decision).toBe('reject');
    expect(guard.evaluate(pricedOf({ side: 'sell', qty: 10 }))).toEqual(approved(10, true));
  });
});

describe('limits of a venue', () => {
  test('bind the guard of that venue, and no other', () => {
    const limits: Partial<RiskLimitsInput> = {
      scopes: [{ scope: { kind: 'venue', id: 'here' }, maxTotalExposure: '0' }],
    };
    const decisionAt = (venueName?: string) =>
      guardOf({ limits, deps: venueName === undefined ? {} : { venueName } }).guard.evaluate(pricedOf())
        .decision;
    expect([decisionAt('here'), decisionAt('there'), decisionAt()]).toEqual(['reject', 'approve', 'reject']);
  });
});

describe('limits of an account', () => {
  const ofOther: Scoped = { scope: { kind: 'account', id: 'other' }, maxPositionNotional: '500' };

  test('bind that account only', () => {
    const { guard } = scopedTo(ofOther);
    expect(guard.evaluate(pricedOf({ qty: 6 }))).toEqual(approved(6));
    expect(guard.evaluate(pricedOf({ accountId: 'other', qty: 5 }))).toEqual(approved(5));
    expect(guard.evaluate(pricedOf({ accountId: 'other', qty: 6 }))).toEqual(
      rejected({
        gate: 'position-size@account:other',
        code: 'POSITION_SIZE_LIMIT',
        measured: '600',
        limit: '500',
      }),
    );
  });

  test('count what that account has, and nothing of another', () => {
    const { guard, trade } = bound(
      scopedTo({ scope: { kind: 'account', id: 'other' }, maxTotalExposure: '1000' }),
    );
    trade({ qty: 50 });
    expect(guard.evaluate(pricedOf({ accountId: 'other', qty: 10 }))).toEqual(approved(10));
  });

  test('never loosen what holds for every account', () => {
    const { guard } = guardOf({
      limits: {
        maxPositionNotional: '100',
        scopes: [{ scope: { kind: 'account', id: 'acc' }, maxPositionNotional: '1000000' }],
      },
    });
    expect(guard.evaluate(pricedOf({ qty: 2 }))).toEqual(
      rejected({ gate: 'position-size', code: 'POSITION_SIZE_LIMIT', measured: '200', limit: '100' }),
    );
  });
});

describe('limits of a strategy', () => {
  const ofTrend = (limits: Omit<Scoped, 'scope'>) =>
    scopedTo({ scope: { kind: 'strategy', id: 'trend' }, ...limits });
  const trend = (order: PricedOverrides = {}): PricedOverrides => ({ strategyId: 'trend', ...order });

  test('bind that strategy only, by what its own orders have made in all accounts', () => {
    const { guard, trade } = bound(ofTrend({ maxTotalExposure: '1000' }));
    trade({ strategyId: 'other', qty: 20 });
    trade(trend({ accountId: 'other', qty: 4, instrument: SILVER }));
    expect(guard.evaluate(pricedOf(trend({ qty: 6 })))).toEqual(approved(6));
    expect(guard.evaluate(pricedOf(trend({ qty: 7 })))).toMatchObject({ decision: 'resize', quantity: 6 });
    expect(guard.evaluate(pricedOf({ strategyId: 'other', qty: 7 }))).toEqual(approved(7));
  });

  test('count what works', () => {
    const { guard, work } = bound(ofTrend({ maxPositionNotional: '1000' }));
    work(trend({ qty: 6 }));
    expect(guard.evaluate(pricedOf(trend({ qty: 5, intentId: 'next' })))).toEqual(
      rejected({
        gate: 'position-size@strategy:trend',
        code: 'POSITION_SIZE_LIMIT',
        measured: '1100',
        limit: '1000',
      }),
    );
  });

  test('no exit of the account is held by them, whoever bought what it sells', () => {
    const { guard, trade } = bound(ofTrend({ maxTotalExposure: '0', restricted: ['GOLD'] }));
    trade({ strategyId: 'other', qty: 10 });
    expect(guard.evaluate(pricedOf(trend({ side: 'sell', qty: 10 })))).toEqual(approved(10, true));
    expect(guard.evaluate(pricedOf(trend({ qty: 1 }))).decision).toBe('reject');
  });

  test('its own exit passes its limits', () => {
    const { guard, trade, book } = bound(ofTrend({ maxDailyLoss: '50' }));
    trade(trend({ qty: 10 }));
    book.mark(quotedAt(90));
    expect(guard.evaluate(pricedOf(trend({ side: 'sell', qty: 10, worst: 90 })))).toEqual(approved(10, true));
    expect(guard.evaluate(pricedOf(trend({ qty: 1, worst: 90 })))).toEqual(
      rejected({
        gate: 'daily-loss@strategy:trend',
        code: 'DAILY_LOSS_LIMIT',
        measured: '-100',
        limit: '-50',
      }),
    );
  });

  test('count its positions', () => {
    const { guard, trade } = bound(ofTrend({ maxPositions: 1 }));
    trade({ strategyId: 'other', qty: 1, instrument: SILVER });
    trade(trend({ qty: 1 }));
    expect(guard.evaluate(pricedOf(trend({ qty: 1, intentId: 'more' })))).toEqual(approved(1));
    expect(guard.evaluate(pricedOf(trend({ qty: 1, instrument: SILVER })))).toEqual(
      rejected({
        gate: 'position-count@strategy:trend',
        code: 'POSITION_COUNT_LIMIT',
        measured: 2,
        limit: 1,
      }),
    );
  });
});

describe('limits of a strategy, on margin', () => {
  const FUTURE = instrumentOf({ kind: 'linear', initialMarginFraction: '1' });
  /** The strategy is long 10, its account short 20. */
  function against() {
    const world = bound(scopedTo());
    world.trade({ instrument: FUTURE, strategyId: 'trend', qty: 10 });
    world.trade({ instrument: FUTURE, strategyId: 'other', side: 'sell', qty: 30 });
    const scopes: Scoped[] = [{ scope: { kind: 'strategy', id: 'trend' }, maxPositions: 0 }];
    world.guard.adopt(parseRiskLimits({ ...WIDE, scopes }));
    return world;
  }
  const sale = (qty: number) => pricedOf({ instrument: FUTURE, strategyId: 'trend', side: 'sell', qty });

  test('what takes back its own position is its exit, though the account enters', () => {
    const { guard } = against();
    expect(guard.evaluate(sale(10))).toEqual(approved(10));
  });

  test('one lot more is not', () => {
    const { guard } = against();
    expect(guard.evaluate(sale(11))).toMatchObject({ denials: [{ gate: 'position-count@strategy:trend' }] });
  });
});

describe('limits by scope, explained', () => {
  const explained = (order: PricedOverrides) => {
    const { guard } = scopedTo({
      scope: { kind: 'instrument', id: 'GOLD' },
      maxTotalExposure: '5000',
      permissions: { strat: 'all' },
    });
    return guard.explain(pricedOf(order)).slice(8);
  };

  test('say what the scope has', () => {
    expect(explained({})).toEqual([
      {
        gate: 'permission@instrument:GOLD',
        outcome: 'passed',
        measured: 'GOLD',
        note: 'strat',
      },
      { gate: 'total-exposure@instrument:GOLD', outcome: 'passed', measured: '1000', limit: '5000' },
    ]);
  });

  test('measure nothing of an order outside of it', () => {
    expect(explained({ instrument: SILVER })).toEqual([
      { gate: 'permission@instrument:GOLD', outcome: 'passed' },
      { gate: 'total-exposure@instrument:GOLD', outcome: 'passed' },
    ]);
  });
});

describe('limits of an instrument', () => {
  test('count it in all accounts', () => {
    const { guard, trade } = bound(
      scopedTo({ scope: { kind: 'instrument', id: 'GOLD' }, maxTotalExposure: '1000' }),
    );
    trade({ accountId: 'other', qty: 8 });
    trade({ accountId: 'other', qty: 50, instrument: SILVER });
    expect(guard.evaluate(pricedOf({ qty: 2 }))).toEqual(approved(2));
    expect(guard.evaluate(pricedOf({ qty: 3 }))).toMatchObject({ decision: 'resize', quantity: 2 });
  });
});

describe('limits by scope, options', () => {
  const limitsWith =
    (...scopes: readonly Scoped[]) =>
    () => {
      new RiskGuard({ ...WIDE, scopes }, guardDeps());
    };

  test('each scope once', () => {
    const scope = { kind: 'firm' } as const;
    expect(limitsWith({ scope, maxPositions: 1 }, { scope, maxPositions: 2 })).toThrow(
      /scopes: expected each scope once/,
    );
  });

  test.each([
    ['firm', 'maxDrawdownFraction', 0.1],
    ['venue', 'maxDrawdownFraction', 0.1],
    ['strategy', 'maxDrawdownFraction', 0.1],
    ['instrument', 'maxDailyLoss', '1'],
    ['instrument', 'maxPositions', 1],
    ['instrument', 'maxClusterExposure', '1'],
  ] as const)('a %s has no %s, and says so', (kind, field, limit) => {
    const scope = kind === 'firm' ? { kind } : { kind, id: 'x' };
    expect(limitsWith({ scope, [field]: limit })).toThrow(
      `scopes.0.${field}: expected none: a limit of this kind means nothing for the scope ${kind}`,
    );
  });

  test('a misspelt limit is refused by name', () => {
    expect(limitsWith({ scope: { kind: 'firm' }, maxPosition: 1 } as Scoped)).toThrow(/maxPosition/);
  });
});

const guardDeps = () => {
  const { book, clock } = guardOf();
  return { book, clock, killSwitch: { tradingState: () => 'active' as const } };
};

/** The world with its verbs bound, and ids of their own for the orders. */
function bound(world: ReturnType<typeof guardOf>) {
  let count = 0;
  const named = (order: PricedOverrides): PricedOverrides => ({
    intentId: `setup-${(count += 1)}`,
    ...order,
  });
  return {
    ...world,
    work: (order: PricedOverrides) => world.work(named(order)),
    trade: (order: PricedOverrides) => {
      const id = world.work(named(order));
      world.guard.apply(filledEvent(id, order.qty ?? 10));
    },
  };
}
