import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import {
  type ExecutionGate,
  type ExecutionLimitsInput,
  parseExecutionLimits,
  type ExecutionPolicy,
} from '../../src/execution/index.ts';
import { heldOf } from '../support/orders.ts';
import { marketOf } from '../support/views.ts';
import { DESERT, NO, WIDE_SPREAD, facts, gateOf, policyOf } from './policy-builders.ts';

describe('ExecutionPolicy, explain', () => {
  test('says of every gate, in order, what it measures against which limit', () => {
    const policy = policyOf({
      spreadMedian: { multiple: { entry: 5 }, minSamples: 3 },
      periodCollarBps: { entry: 50 },
      slippage: { perDay: '10' },
    });
    const order = heldOf({
      worst: 101,
      qty: 10,
      view: marketOf({
        recentSpread: { medianBps: 100, samples: 4, windowMs: 300_000 },
        recentMarks: { low: ticks(95), high: ticks(101), windowMs: 300_000 },
      }),
    });
    expect(policy.explain(order, facts())).toEqual([
      { gate: 'idempotency', outcome: 'passed', note: order.clientOrderId },
      { gate: 'time-in-force', outcome: 'passed', measured: 'GTC', limit: 'GTC, IOC, FOK' },
      { gate: 'price-collar', outcome: 'passed', measured: 100, limit: 200 },
      { gate: 'spread', outcome: 'denied', code: 'SPREAD_TOO_WIDE', measured: 200, limit: 50 },
      { gate: 'depth', outcome: 'passed', measured: 5, limit: 1 },
      { gate: 'volume', outcome: 'passed', measured: 0.01, limit: 0.1, note: 'of the volume of 60000 ms' },
      { gate: 'slippage-budget', outcome: 'denied', code: 'SLIPPAGE_BUDGET', measured: 100, limit: 50 },
      {
        gate: 'spread-median',
        outcome: 'passed',
        measured: 2,
        limit: 5,
        note: 'of the median of 300000 ms, 4 samples',
      },
      {
        gate: 'period-collar',
        outcome: 'passed',
        measured: 0,
        limit: 50,
        note: 'beyond 95 to 101 of 300000 ms',
      },
    ]);
  });

  test('of a limit that is off says so', () => {
    const exit = heldOf({ side: 'sell', isExit: true, worst: 99 });
    const off = policyOf()
      .explain(exit, facts())
      .filter(({ limit }) => limit === 'none');
    expect(off.map(({ gate, measured }) => [gate, measured])).toEqual([
      ['spread', 200],
      ['depth', 5],
      ['volume', 0.01],
      ['slippage-budget', 100],
    ]);
  });

  test('of a post-only order compares it with the far touch', () => {
    const order = heldOf({ postOnly: true, worst: 100 });
    expect(policyOf().explain(order, facts())[1]).toEqual({
      gate: 'time-in-force',
      outcome: 'passed',
      measured: 100,
      limit: 101,
    });
  });

  test('counts the budget as evaluate does', () => {
    const policy = policyOf({ ...WIDE_SPREAD, slippage: { perOrderBps: { entry: 'none' }, perDay: '10' } });
    const order = heldOf({ worst: 101, qty: 10 });
    policy.spend(order, facts());
    const last = (instead?: typeof order) => policy.explain(order, facts(), instead).at(-1);
    expect([last(), last(order)]).toEqual([
      {
        gate: 'slippage-budget',
        outcome: 'denied',
        code: 'SLIPPAGE_BUDGET',
        measured: '20',
        limit: '10',
        note: 'of the day',
      },
      { gate: 'slippage-budget', outcome: 'passed', measured: '10', limit: '10', note: 'of the day' },
    ]);
  });

  test('a gate that measures nothing has passed, and one whose measurement throws as well', () => {
    const silent = gateOf(() => undefined);
    const broken: ExecutionGate = {
      ...gateOf(() => undefined, 'broken'),
      measure: () => {
        throw new Error('lost');
      },
    };
    expect(policyOf({}, silent, broken).explain(heldOf(), facts()).slice(-2)).toEqual([
      { gate: 'own', outcome: 'passed' },
      { gate: 'broken', outcome: 'passed', note: 'not measured: lost' },
    ]);
  });

  test('leaves no trace', () => {
    const policy = policyOf();
    const before = policy.status();
    policy.explain(heldOf({ view: DESERT }), facts());
    expect(policy.status()).toEqual(before);
  });
});

describe('ExecutionPolicy, overrides', () => {
  const limits: ExecutionLimitsInput = { ...WIDE_SPREAD, spreadMedian: { multiple: { entry: 1 } } };
  const optional = (check: ExecutionGate['check']): ExecutionGate => ({
    ...gateOf(check),
    overridable: true,
  });
  const ask = (policy: ExecutionPolicy, ...skip: readonly string[]) =>
    policy.evaluate(heldOf(), facts(), undefined, new Set(skip)).map(({ gate }) => gate);

  test('let an order pass the gates that are named, and no other', () => {
    const policy = policyOf(
      { ...limits, periodCollarBps: { entry: 1 } },
      optional(() => NO),
    );
    expect([
      ask(policy),
      ask(policy, 'spread-median'),
      ask(policy, 'spread-median', 'period-collar', 'own', 'nothing'),
    ]).toEqual([['spread-median', 'period-collar', 'own'], ['period-collar', 'own'], []]);
  });

  test('pass none of the seven, whatever they name', () => {
    const policy = policyOf(
      {},
      gateOf(() => NO),
    );
    const all = policy.status().map(({ gate }) => gate);
    const order = heldOf({ postOnly: true, view: DESERT, worst: 103 });
    const seen = new Set([order.clientOrderId]);
    expect(policy.evaluate(order, facts({ seen }), undefined, new Set(all)).map(({ gate }) => gate)).toEqual(
      all,
    );
  });

  test('pass no gate that fails', () => {
    const broken = optional(() => {
      throw new Error('broken');
    });
    expect(ask(policyOf(WIDE_SPREAD, broken), 'own')).toEqual(['own']);
  });

  test('count as asked, not as denied', () => {
    const policy = policyOf(limits);
    ask(policy, 'spread-median');
    expect(policy.status().at(-1)).toMatchObject({
      gate: 'spread-median',
      checked: 1,
      denied: 0,
      reasons: [],
    });
  });

  test('are for the gates that say so, of all sets in force', () => {
    const policy = policyOf(
      limits,
      gateOf(() => undefined),
    );
    const asked = ['spread-median', 'period-collar', 'own', 'spread', ''];
    const can = () => asked.filter((gate) => policy.canOverride(gate));
    expect(can()).toEqual(['spread-median']);
    policy.tighten(parseExecutionLimits({ periodCollarBps: { entry: 1 } }));
    expect(can()).toEqual(['spread-median', 'period-collar']);
  });
});
