import { describe, expect, test } from 'vitest';
import { type RiskLimitsInput, type Scope, scopeKey } from '../../src/risk/index.ts';
import { MANDATORY_RISK_GATES } from '../support/mandatory-gates.ts';
import { pricedOf } from '../support/orders.ts';
import { SILVER, controlled } from './support/controls.ts';

type Scoped = NonNullable<RiskLimitsInput['scopes']>[number];
type Control = Omit<
  Scoped,
  | 'scope'
  | 'maxDailyLoss'
  | 'maxDrawdownFraction'
  | 'maxPositions'
  | 'maxPositionNotional'
  | 'maxTotalExposure'
  | 'maxClusterExposure'
>;

const SCOPES: readonly Scope[] = [
  { kind: 'firm' },
  { kind: 'venue', id: 'here' },
  { kind: 'account', id: 'acc' },
  { kind: 'strategy', id: 'strat' },
  { kind: 'instrument', id: 'GOLD' },
];

/** An order that is not in the scope; `undefined` where all are. */
const outside = (scope: Scope) =>
  ({
    firm: undefined,
    venue: undefined,
    account: { accountId: 'other' },
    strategy: { strategyId: 'another' },
    instrument: { instrument: SILVER },
  })[scope.kind];

/** What denies an order to buy 10 at 100, and with which code. */
const CONTROLS: readonly (readonly [name: string, control: Control, gate: string, code: string])[] = [
  ['restricted', { restricted: ['GOLD', 'SILVER'] }, 'restricted', 'INSTRUMENT_RESTRICTED'],
  ['permissions', { permissions: {} }, 'permission', 'NOT_PERMITTED'],
  [
    'tradingHours',
    { tradingHours: { sessions: [{ days: ['fri'], from: '00:00', to: '12:00' }] } }, // the clock stands at a Thursday
    'trading-hours',
    'OUTSIDE_TRADING_HOURS',
  ],
  ['maxOrderQuantity', { maxOrderQuantity: '9' }, 'order-quantity', 'ORDER_QUANTITY_LIMIT'],
  ['maxOrderValue', { maxOrderValue: '999' }, 'order-value', 'ORDER_VALUE_LIMIT'],
  ['messageRate', { messageRate: { max: 3, windowMs: 500 } }, 'message-rate', 'MESSAGE_RATE_LIMIT'],
  [
    'repeatedExecution',
    { repeatedExecution: { max: 3, windowMs: 500 } },
    'repeated-execution',
    'REPEATED_EXECUTION',
  ],
  ['duplicateWindowMs', { duplicateWindowMs: 500 }, 'duplicate-content', 'DUPLICATE_CONTENT'],
];
/** How many have to be sent before. */
const SENT: Readonly<Record<string, number>> = {
  MESSAGE_RATE_LIMIT: 3,
  REPEATED_EXECUTION: 3,
  DUPLICATE_CONTENT: 1,
};

const together = (controls: typeof CONTROLS): Control =>
  controls.reduce<Control>((all, [, control]) => ({ ...all, ...control }), {});

const cases = CONTROLS.flatMap(([name, control, gate, code]) =>
  SCOPES.map((scope) => ({ name, control, gate, code, scope, key: scopeKey(scope) })),
);

describe('controls of a scope', () => {
  test.each(cases)(
    '$name of $key denies there, in its name, and nowhere else',
    ({ control, gate, code, scope }) => {
      const { ask, work } = controlled({ limits: { scopes: [{ scope, ...control }] } });
      for (let n = 0; n < (SENT[code] ?? 0); n += 1) work();
      expect(ask()).toMatchObject({
        decision: 'reject',
        denials: [{ gate: `${gate}@${scopeKey(scope)}`, code }],
      });
      const other = outside(scope);
      if (other !== undefined) expect(ask(other).decision).toBe('approve');
    },
  );

  test('duplicateWindowMs of a strategy is asked of its exits as well', () => {
    const { ask, trade, work } = controlled({
      limits: { scopes: [{ scope: { kind: 'strategy', id: 'strat' }, duplicateWindowMs: 500 }] },
    });
    trade({ qty: 30 });
    work({ side: 'sell' });
    expect(ask({ side: 'sell' })).toMatchObject({ denials: [{ gate: 'duplicate-content@strategy:strat' }] });
  });

  test('selfTrade of a scope is asked of its orders only', () => {
    const { ask, trade, work } = controlled({
      limits: { scopes: [{ scope: { kind: 'account', id: 'acc' }, selfTrade: 'cancel-newest' }] },
    });
    trade({ accountId: 'other', qty: 30 });
    work({ accountId: 'other', side: 'sell', worst: 105 });
    expect(ask({ worst: 105 })).toMatchObject({ denials: [{ gate: 'self-trade@account:acc' }] });
    expect(ask({ accountId: 'other', worst: 105 }).decision).toBe('approve');
  });

  test('buyingPower of an account is minded beside that of all', () => {
    const { ask } = controlled({
      balance: '1001',
      limits: {
        buyingPower: {},
        scopes: [{ scope: { kind: 'account', id: 'acc' }, buyingPower: { feeBps: 11 } }],
      },
    });
    expect(ask()).toMatchObject({ denials: [{ gate: 'buying-power@account:acc', measured: '1001.1' }] });
    expect(ask({ accountId: 'other' }).decision).toBe('approve');
  });

  test.each<[Scope, Control]>([
    [{ kind: 'firm' }, { buyingPower: {} }],
    [{ kind: 'venue', id: 'here' }, { buyingPower: {} }],
    [{ kind: 'strategy', id: 'strat' }, { buyingPower: {} }],
    [{ kind: 'instrument', id: 'GOLD' }, { buyingPower: {} }],
    [{ kind: 'strategy', id: 'strat' }, { maxCapital: '1' }],
    [{ kind: 'instrument', id: 'GOLD' }, { maxCapital: '1' }],
  ])('what means nothing for a scope is refused: %j %j', (scope, control) => {
    expect(() => controlled({ limits: { scopes: [{ scope, ...control }] } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('counters by scope', () => {
  const rated = (scope: Scope) =>
    controlled({ limits: { scopes: [{ scope, messageRate: { max: 2, windowMs: 1_000 } }] } });

  test.each([
    [{ kind: 'firm' }, { accountId: 'other', strategyId: 'another', instrument: SILVER }],
    [
      { kind: 'venue', id: 'here' },
      { accountId: 'other', strategyId: 'another', instrument: SILVER },
    ],
    [
      { kind: 'account', id: 'acc' },
      { strategyId: 'another', instrument: SILVER },
    ],
    [
      { kind: 'strategy', id: 'strat' },
      { accountId: 'other', instrument: SILVER },
    ],
    [
      { kind: 'instrument', id: 'GOLD' },
      { accountId: 'other', strategyId: 'another' },
    ],
  ] as const)('messages of %j count, whatever else they differ in', (scope, other) => {
    const { ask, work } = rated(scope);
    work();
    work(other);
    expect(ask()).toMatchObject({ decision: 'reject', denials: [{ measured: 2 }] });
  });

  test.each([
    [{ kind: 'account', id: 'acc' }, { accountId: 'other' }],
    [{ kind: 'strategy', id: 'strat' }, { strategyId: 'another' }],
    [{ kind: 'instrument', id: 'GOLD' }, { instrument: SILVER }],
  ] as const)('messages outside %j do not', (scope, other) => {
    const { ask, work } = rated(scope);
    work();
    work(other);
    expect(ask().decision).toBe('approve');
  });

  test('repeated entries count over accounts in a scope that is no account', () => {
    const { ask, work } = controlled({
      limits: {
        scopes: [
          { scope: { kind: 'strategy', id: 'strat' }, repeatedExecution: { max: 2, windowMs: 1_000 } },
        ],
      },
    });
    work();
    work({ accountId: 'other' });
    expect(ask()).toMatchObject({ decision: 'reject', denials: [{ code: 'REPEATED_EXECUTION' }] });
  });

  test('repeated entries latch a strategy in a scope until it is released', () => {
    const { ask, work, later } = controlled({
      limits: {
        scopes: [
          { scope: { kind: 'instrument', id: 'GOLD' }, repeatedExecution: { max: 2, windowMs: 1_000 } },
        ],
      },
    });
    work();
    work();
    later(100_000);
    expect(ask()).toMatchObject({
      denials: [
        {
          gate: 'repeated-execution@instrument:GOLD',
          note: '2 entries of strat to buy GOLD within 1000 ms, limit 2',
        },
      ],
    });
  });

  test('entries outside a scope latch nothing in it', () => {
    const { ask, work } = controlled({
      limits: {
        scopes: [
          { scope: { kind: 'instrument', id: 'GOLD' }, repeatedExecution: { max: 2, windowMs: 1_000 } },
        ],
      },
    });
    for (let n = 0; n < 5; n += 1) work({ instrument: SILVER });
    expect(ask().decision).toBe('approve');
  });
});

describe('controls in general', () => {
  test('are off until they are set', () => {
    const { guard } = controlled({ limits: { buyingPower: undefined } });
    expect(guard.status().map(({ gate }) => gate)).toEqual([...MANDATORY_RISK_GATES, 'buying-power']);
  });

  test('are asked cheap and absolute first, and may be overridden but for money that is not there and wash trades', () => {
    const { guard } = controlled({
      limits: {
        ...together(CONTROLS),
        buyingPower: {},
        maxCapital: '1',
        selfTrade: 'decrement',
      },
    });
    const names = guard
      .status()
      .map(({ gate }) => gate)
      .slice(8);
    expect(names).toEqual([
      'restricted',
      'permission',
      'trading-hours',
      'order-quantity',
      'order-value',
      'buying-power',
      'capital',
      'self-trade',
      'message-rate',
      'repeated-execution',
      'duplicate-content',
    ]);
    expect(names.filter((name) => !guard.canOverride(name))).toEqual(['buying-power', 'self-trade']);
  });

  test('an override lets one order pass', () => {
    const { guard, work } = controlled({ limits: { duplicateWindowMs: 1_000 } });
    work();
    const order = pricedOf({ intentId: 'again' });
    const evaluate = (overridden?: ReadonlySet<string>) => guard.evaluate(order, overridden).decision;
    expect([evaluate(), evaluate(new Set(['duplicate-content']))]).toEqual(['reject', 'approve']);
  });

  test('explanations say what each measures', () => {
    const { guard, work } = controlled({
      limits: {
        ...together(CONTROLS.slice(3)),
        maxOrderQuantity: '20',
        maxOrderValue: '2000',
        buyingPower: {},
        maxCapital: '5000',
        selfTrade: 'cancel-newest',
      },
    });
    work();
    expect(guard.explain(pricedOf({ intentId: 'next', qty: 5 })).slice(8)).toEqual([
      { gate: 'order-quantity', outcome: 'passed', measured: '5', limit: '20' },
      { gate: 'order-value', outcome: 'passed', measured: '500', limit: '2000' },
      { gate: 'buying-power', outcome: 'passed', measured: '500', limit: '9000' },
      { gate: 'capital', outcome: 'passed', measured: '1500', limit: '5000' },
      { gate: 'self-trade', outcome: 'passed', measured: '100' },
      { gate: 'message-rate', outcome: 'passed', measured: 1, limit: 3, note: 'within 500 ms' },
      { gate: 'repeated-execution', outcome: 'passed', measured: 1, limit: 3, note: 'within 500 ms' },
      { gate: 'duplicate-content', outcome: 'passed', limit: 500 },
    ]);
  });
});
