import { describe, expect, test } from 'vitest';
import { lots, units } from '../../../src/core/index.ts';
import {
  type ReturnHistory,
  type RiskView,
  type ValueAtRiskGateOptions,
  valueAtRisk,
  valueAtRiskGate,
} from '../../../src/risk/index.ts';
import type { CellView } from '../../../src/trading/index.ts';
import { type PricedOverrides, GOLD, instrumentOf, pricedOf } from '../../support/orders.ts';
import { accountOf, cellOf, money, riskViewOf } from '../../support/views.ts';
import { closesOf, feed, historyOf } from '../returns/support/bars.ts';

const SILVER = instrumentOf({ instrumentId: 'SILVER' });
const OIL = instrumentOf({ instrumentId: 'OIL' });

/** Ten scenarios; the worst of GOLD are a half and a quarter, the worst of SILVER come when GOLD rises. */
const GOLD_RETURNS = [0.5, -0.25, 0.25, -0.5, 1, 0.5, 0.25, -0.125, 0.5, -0.125];
const SILVER_RETURNS = [-0.5, 1, -0.5, 0.25, -0.25, -0.25, 0.5, 0.5, 0.25, 0.5];

function metals(): ReturnHistory {
  const returns = historyOf({ window: 10 });
  feed(returns, 'GOLD', closesOf(GOLD_RETURNS));
  feed(returns, 'SILVER', closesOf(SILVER_RETURNS));
  return returns;
}

const gateOf = (
  { maxValueAtRisk = '100', ...options }: Partial<ValueAtRiskGateOptions> = {},
  returns = metals(),
) => valueAtRiskGate({ maxValueAtRisk, scenarios: 10, minScenarios: 10, ...options }, { returns });

interface Case {
  readonly options?: Partial<ValueAtRiskGateOptions>;
  readonly held?: readonly CellView[];
  readonly order?: PricedOverrides;
  readonly returns?: ReturnHistory;
  readonly view?: Partial<RiskView>;
  readonly before?: number;
  /** Worst-case exposure in GOLD with the order. */
  readonly after: number;
}
const viewOf = ({ held = [], before = 0, after, view = {} }: Case) => {
  const account = accountOf({ held });
  return riskViewOf({
    account,
    cell: account.cell('GOLD'),
    worstBefore: money(before),
    worstAfter: money(after),
    ...view,
  });
};
const ask = (asked: Case) => gateOf(asked.options, asked.returns).check(pricedOf(asked.order), viewOf(asked));
const measured = ({ order, ...asked }: Case) => gateOf().measure?.(pricedOf(order), viewOf(asked))?.measured;
const denial = (measured: string, limit = '100', scenarios = 10) => ({
  gate: 'value-at-risk',
  code: 'VALUE_AT_RISK_LIMIT',
  measured,
  limit,
  note: `confidence 0.99, ${scenarios} scenarios`,
});
const unknown = (note: string) => ({
  gate: 'value-at-risk',
  code: 'VALUE_AT_RISK_UNKNOWN',
  limit: '100',
  note,
});

describe('valueAtRiskGate', () => {
  test('is asked for entries only, and may be overridden', () => {
    expect(gateOf()).toMatchObject({ name: 'value-at-risk', appliesTo: 'entries', overridable: true });
  });

  test('denies more than the limit: half of 200 is lost in the worst bar, rounded up', () => {
    expect(ask({ after: 200 })).toEqual(denial('100.000001'));
  });

  test('lets through what is a millionth within', () => {
    expect(ask({ after: 199.999998 })).toBeUndefined();
  });

  test('lets through exactly what it measures', () => {
    expect(ask({ after: 200, options: { maxValueAtRisk: '100.000001' } })).toBeUndefined();
  });

  test('adds up what is held, scenario by scenario: the worst of one may be the best of another', () => {
    const held = [cellOf(SILVER, { pos: 1, worst: 400 })];
    // SILVER loses 200 when GOLD wins 60 (0.5) or 30 (0.25).
    expect(measured({ held, after: 120 })).toBe('170.000001');
  });

  test('counts a short position as one', () => {
    const held = [cellOf(GOLD, { pos: -2, worst: 150 }), cellOf(SILVER, { pos: -1, worst: 1 })];
    // The worst for a short is the bar in which GOLD doubles; SILVER falls by a quarter.
    expect(ask({ held, order: { side: 'sell', qty: 1 }, before: 150, after: 200 })).toEqual(
      denial('199.750001'),
    );
  });

  test('a position that orders could turn is judged on the larger side', () => {
    const held = [cellOf(GOLD, { pos: 2, sell: 5, worst: 150 })];
    const on = (side: 'buy' | 'sell', qty: number) =>
      measured({ held, order: { side }, view: { qty: lots(qty) }, before: 150, after: 300 });
    // A long position loses a half at worst, a short one all; with 3 lots on either side it is long.
    expect([on('buy', 2), on('buy', 1), on('sell', 1)]).toEqual(['150.000001', '150.000001', '300.000001']);
  });

  test('takes the worse rank when scenarios times tail is no whole number', () => {
    const losses = [0.91, 0.9, 0.85, 0.8].map(
      (confidence) => gateOf({ confidence }).measure?.(pricedOf(), viewOf({ after: 100 }))?.measured,
    );
    expect(losses).toEqual(['50.000001', '50.000001', '50.000001', '25.000001']);
  });

  test('denies an instrument without a history', () => {
    expect(ask({ after: 1, order: { instrument: OIL } })).toEqual(unknown('no returns of OIL'));
  });

  test('denies while something else that is held has no history', () => {
    expect(ask({ held: [cellOf(OIL, { pos: 1, worst: 1 })], after: 1 })).toEqual(
      unknown('no returns of OIL'),
    );
  });

  test('does not mind a history missing of what is held no more', () => {
    expect(ask({ held: [cellOf(OIL, {})], after: 1 })).toBeUndefined();
  });

  test('denies with too few bars in common, and says of what', () => {
    const returns = historyOf({ window: 10 });
    feed(returns, 'GOLD', closesOf(GOLD_RETURNS));
    feed(returns, 'SILVER', closesOf(SILVER_RETURNS.slice(0, 9)));
    const held = [cellOf(SILVER, { pos: 1, worst: 1 })];
    expect(ask({ held, after: 1, returns })).toEqual(
      unknown('9 common bars of SILVER and 1 others, 10 needed'),
    );
  });

  test('denies when the instrument of the order has too few of its own', () => {
    const returns = historyOf({ window: 10 });
    feed(returns, 'GOLD', closesOf(GOLD_RETURNS.slice(0, 9)));
    expect(ask({ after: 1, returns })).toEqual(unknown('9 common bars of GOLD, 10 needed'));
  });

  test('lets through with as many as are needed', () => {
    const returns = historyOf({ window: 10 });
    feed(returns, 'GOLD', closesOf(GOLD_RETURNS.slice(0, 9)));
    expect(ask({ after: 1, returns, options: { minScenarios: 9 } })).toBeUndefined();
  });

  test('denies without a mark of the instrument, and of another', () => {
    expect([
      ask({ after: NaN }),
      ask({ held: [cellOf(SILVER, { pos: 1, worst: NaN })], after: 1 }),
      ask({ after: Infinity }),
    ]).toEqual([
      unknown('no exposure known in GOLD'),
      unknown('no exposure known in SILVER'),
      unknown('no exposure known in GOLD'),
    ]);
  });

  test('over the limit lets through what does not raise it', () => {
    const held = [cellOf(SILVER, { pos: 1, worst: 400 })];
    // Without the order 200; GOLD rises when SILVER falls.
    expect(ask({ held, after: 1 })).toBeUndefined();
  });

  test('over the limit denies what raises it', () => {
    const held = [cellOf(GOLD, { pos: 1, worst: 400 })];
    expect(ask({ held, before: 400, after: 401 })).toEqual(denial('200.500001'));
  });

  test('over the limit lets through what leaves it as it is', () => {
    const held = [cellOf(GOLD, { pos: 1, worst: 400 })];
    expect(ask({ held, before: 400, after: 400 })).toBeUndefined();
  });

  test('with a limit of 0 takes no entry', () => {
    const held = [cellOf(GOLD, { pos: 1, worst: 400 })];
    expect(ask({ held, before: 400, after: 400, options: { maxValueAtRisk: '0' } })).toEqual(
      denial('200.000001', '0'),
    );
  });

  test('with a limit of 0 takes not even what is worth nothing', () => {
    expect(ask({ after: 0, options: { maxValueAtRisk: '0' } })).toMatchObject({
      code: 'VALUE_AT_RISK_LIMIT',
      limit: '0',
    });
  });

  test('follows positions, orders and bars as they come', () => {
    const returns = metals();
    const gate = gateOf({}, returns);
    const held = [cellOf(SILVER, { pos: -1, worst: 50 })];
    const account = accountOf({ held: [], cells: () => held });
    const view = riskViewOf({ account, worstAfter: money(100) });
    const verdicts = [gate.check(pricedOf(), view)];
    held[0] = cellOf(SILVER, { pos: -1, worst: 400 });
    verdicts.push(gate.check(pricedOf(), view));
    held.push(cellOf(OIL, { pos: 1, worst: 1 }));
    verdicts.push(gate.check(pricedOf(), view));
    held.splice(0);
    verdicts.push(gate.check(pricedOf(), view));
    feed(returns, 'GOLD', [128, 1], 12);
    verdicts.push(gate.check(pricedOf(), riskViewOf({ account, worstAfter: money(101) })));
    expect(verdicts.map((verdict) => verdict && 'code' in verdict && verdict.code)).toEqual([
      undefined,
      'VALUE_AT_RISK_LIMIT',
      'VALUE_AT_RISK_UNKNOWN',
      undefined,
      'VALUE_AT_RISK_LIMIT',
    ]);
  });

  test('lets through what is small, until it grows or something unknown is held', () => {
    const returns = metals();
    const gate = gateOf({}, returns);
    const held = [cellOf(SILVER, { pos: 1, worst: 50 })];
    const account = Object.defineProperties(accountOf({ cells: () => held }), {
      gross: { get: () => held.reduce((sum, { worst }) => sum + worst, 0) },
      cellCount: { get: () => held.length },
    });
    const codeOf = (after: number) => {
      const answer = gate.check(pricedOf(), riskViewOf({ account, worstAfter: money(after) }));
      return answer && 'code' in answer ? answer.code : answer;
    };
    const codes = [codeOf(1), codeOf(1), codeOf(1_000)];
    held[0] = cellOf(SILVER, { pos: -1, worst: 1_000 });
    codes.push(codeOf(1));
    held[0] = cellOf(SILVER, { pos: 1, worst: 50 });
    codes.push(codeOf(1));
    held.push(cellOf(OIL, { pos: 1, worst: 1 }));
    codes.push(codeOf(1));
    expect(codes).toEqual([
      undefined,
      undefined,
      'VALUE_AT_RISK_LIMIT',
      'VALUE_AT_RISK_LIMIT',
      undefined,
      'VALUE_AT_RISK_UNKNOWN',
    ]);
  });

  test('forgets a hedge that is held no more, and takes no other for it', () => {
    const gate = gateOf();
    const held = [cellOf(SILVER, { pos: 1, worst: 199 })];
    // No account of a Book loses a cell: this one cannot be told by their number.
    const account = accountOf({ held: [], cells: () => held, cellCount: NaN });
    const ofGold = (after: number) =>
      gate.check(pricedOf(), riskViewOf({ account, worstAfter: money(after) }));
    // SILVER gains a quarter of 199 when GOLD loses a half.
    const hedged = ofGold(250);
    held.splice(0);
    const alone = ofGold(250);
    const first = ofGold(1);
    held.push(cellOf(SILVER, { pos: 1, worst: 1 }));
    const second = ofGold(1);
    held.splice(0, 1, cellOf(OIL, { pos: 1, worst: 1 }));
    expect([hedged, alone, first, second, ofGold(1)]).toEqual([
      undefined,
      denial('125.000001'),
      undefined,
      undefined,
      unknown('no returns of OIL'),
    ]);
  });

  test('denies a loss beyond the exact range of money, even one that stays as it is', () => {
    const returns = historyOf({ window: 2 });
    feed(returns, 'GOLD', [1, 5, 25]);
    const held = [cellOf(GOLD, { pos: -1, worst: 9_000_000_000 })];
    const options = { scenarios: 2, minScenarios: 2 };
    expect(ask({ held, returns, options, order: { side: 'sell' }, before: 9e9, after: 9e9 })).toMatchObject({
      code: 'VALUE_AT_RISK_LIMIT',
    });
  });

  test('measures what it lets through', () => {
    expect(gateOf().measure?.(pricedOf(), viewOf({ after: 100 }))).toEqual({
      measured: '50.000001',
      limit: '100',
      note: 'confidence 0.99, 10 scenarios',
    });
  });

  test.each([
    ['more scenarios than the history keeps', { scenarios: 11 }, /<= the window of 10, got 10 and 11/],
    ['fewer scenarios than it needs', { minScenarios: 11 }, /<= scenarios <= .* got 11 and 10/],
    ['a confidence of 1', { confidence: 1 }, /confidence/],
    ['a limit that is a number', { maxValueAtRisk: 100 }, /maxValueAtRisk/],
    ['a misspelt option', { confidense: 0.9 }, /confidense/],
  ])('refuses %s', (_what, options: object, message) => {
    expect(() => gateOf(options)).toThrow(message);
  });
});

describe('valueAtRisk', () => {
  const of = (held: readonly CellView[], options: object = {}) =>
    valueAtRisk(accountOf({ held }), metals(), { scenarios: 10, minScenarios: 10, ...options });

  test('of an account, working orders included', () => {
    expect(of([cellOf(GOLD, { pos: 1, buy: 1, worst: 200 }), cellOf(SILVER, {})])).toEqual({
      kind: 'known',
      loss: units(100_000_001),
      scenarios: 10,
    });
  });

  test('is 0 of an account without positions', () => {
    expect(of([])).toEqual({ kind: 'known', loss: units(0), scenarios: 10 });
  });

  test('is never less than 0', () => {
    const returns = historyOf({ window: 2 });
    feed(returns, 'GOLD', [1, 2, 4]);
    const account = accountOf({ held: [cellOf(GOLD, { pos: 1, worst: 100 })] });
    expect(valueAtRisk(account, returns, { scenarios: 2, minScenarios: 2 })).toEqual({
      kind: 'known',
      loss: units(0),
      scenarios: 2,
    });
  });

  test('is unknown where there is no history', () => {
    expect(of([cellOf(OIL, { pos: 1, worst: 1 })])).toEqual({
      kind: 'unknown',
      because: 'no returns of OIL',
    });
  });

  test('leaves out scenarios in which something is unknown', () => {
    const returns = historyOf({ window: 10 });
    feed(returns, 'GOLD', closesOf(GOLD_RETURNS));
    // SILVER has no bar when GOLD loses a half.
    const closes: (number | undefined)[] = closesOf(SILVER_RETURNS);
    closes[3] = undefined;
    feed(returns, 'SILVER', closes);
    const account = accountOf({
      held: [cellOf(GOLD, { pos: 1, worst: 100 }), cellOf(SILVER, { pos: 1, worst: 0.000001 })],
    });
    expect(valueAtRisk(account, returns, { scenarios: 10, minScenarios: 2 })).toEqual({
      kind: 'known',
      loss: units(25_000_000),
      scenarios: 8,
    });
  });

  test('of 500 scenarios takes the fifth worst at 0.99, of 250 the second', () => {
    const returns = historyOf({ window: 500 });
    // Losses of 1 to 500 ten-thousandths, the larger the later.
    feed(
      returns,
      'GOLD',
      closesOf(
        Array.from({ length: 500 }, (_, i) => -(i + 1) / 10_000),
        1e9,
      ),
    );
    const account = accountOf({ held: [cellOf(GOLD, { pos: 1, worst: 10_000 })] });
    const losses = [500, 250].map((scenarios) => {
      const result = valueAtRisk(account, returns, { scenarios });
      return result.kind === 'known' ? Math.round(result.loss / 1e6) : undefined;
    });
    expect(losses).toEqual([496, 499]);
  });
});
