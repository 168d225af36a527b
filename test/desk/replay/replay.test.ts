import { describe, expect, test } from 'vitest';
import { lots, person, ticks } from '../../../src/core/index.ts';
import { readRules } from '../../../src/desk/replay/replay-rules.ts';
import { replayVerdict } from '../../../src/desk/replay/replay.ts';
import { parseExecutionLimits } from '../../../src/execution/index.ts';
import { type RiskGate, parseRiskLimits } from '../../../src/risk/index.ts';
import { deny } from '../../../src/trading/index.ts';
import { WIDE_EXECUTION, WIDE_RISK, intent } from '../../support/desk-world.ts';
import { auditedWorld, recordsIn, replayAll } from '../../support/replay-world.ts';
import { closesOf, feed, historyOf } from '../../risk/returns/support/bars.ts';
import { VerdictWorld } from '../../support/verdict-world.ts';

const SAME = { kind: 'same', notes: [] };

describe('a verdict on record, made again', () => {
  test('is the same: an entry, its repetition, another order under its id, an exit', async () => {
    const { world, log } = await auditedWorld();
    await world.position('10');
    await world.desk.submit(intent({ intentId: 'entry-GOLD', quantity: '10' }));
    await world.desk.submit(intent({ intentId: 'entry-GOLD', quantity: '11' }));
    await world.drained(world.desk.submit(intent({ intentId: 'exit', side: 'sell', quantity: '4' })));
    expect(replayAll(await recordsIn(log))).toEqual([SAME, SAME, SAME, SAME]);
  });

  test('is the same: what was reduced, and what no gate lets through', async () => {
    const { world, log } = await auditedWorld({ risk: { maxTotalExposure: '1500' } });
    await world.drained(world.desk.submit(intent({ intentId: 'a', quantity: '10' })));
    await world.drained(world.desk.submit(intent({ intentId: 'b', quantity: '10' })));
    await world.drained(world.desk.submit(intent({ intentId: 'c', quantity: '90' })));
    await world.killSwitch.trip({ to: 'reducing', reason: 'lunch', by: person('ada') });
    await world.drained(world.desk.submit(intent({ intentId: 'd', quantity: '1' })));
    const records = await recordsIn(log);
    expect(
      records.filter(({ kind }) => kind === 'order.decided').map(({ details }) => details),
    ).toMatchObject([
      { decision: 'held', quantity: 10 },
      { decision: 'held', quantity: 5 },
      { decision: 'denied' },
      { decision: 'denied' },
    ]);
    expect(replayAll(records)).toEqual([SAME, SAME, SAME, SAME]);
  });
});

/** A world with one verdict, and what stands on record of it. */
function oneVerdict(
  options: ConstructorParameters<typeof VerdictWorld>[0] = {},
  overrides: Parameters<typeof intent>[0] = {},
) {
  const world = new VerdictWorld(options);
  world.decide(intent(overrides));
  const [rules, verdict] = world.records;
  if (rules === undefined || verdict === undefined) throw new Error('not recorded');
  const read = readRules(rules.details);
  if (typeof read === 'string') throw new Error(read);
  return {
    world,
    rules: rules.details,
    verdict: verdict.details,
    again: (details: unknown) => replayVerdict(details, () => read),
  };
}

const gateOf = (name: string, check: RiskGate['check']): RiskGate => ({ name, appliesTo: 'all', check });

describe('gates that cannot be asked again', () => {
  test('are taken as on record: one of the user that denies', () => {
    const gates = [
      gateOf('own', () => deny('own', 'ABOVE_MAXIMUM', { measured: 7 })),
      gateOf('other', () => undefined),
    ];
    const { verdict, again } = oneVerdict({ gates });
    expect(again(verdict)).toEqual({
      kind: 'same',
      notes: ['not asked again, taken as on record: own, other'],
    });
  });

  test('one of the user that reduces', () => {
    const gates = [
      gateOf('own', (_order, { qty }) =>
        qty > 5 ? { reduceTo: lots(5), because: deny('own', 'ABOVE_MAXIMUM') } : undefined,
      ),
    ];
    const { verdict, again } = oneVerdict({ gates }, { instrumentId: 'SILVER' });
    expect(verdict).toMatchObject({ decision: 'held', quantity: 5, denials: [{ gate: 'own' }] });
    expect(again(verdict)).toMatchObject({ kind: 'same' });
  });

  test('one that counts what was sent before', () => {
    const world = new VerdictWorld({ risk: { messageRate: { max: 1, windowMs: 60_000 } } });
    world.decide(intent({ intentId: 'a' }));
    world.decide(intent({ intentId: 'b' }));
    expect(world.records.at(-1)?.details).toMatchObject({ denials: [{ code: 'MESSAGE_RATE_LIMIT' }] });
    const notes = ['not asked again, taken as on record: message-rate'];
    expect(replayAll(world.records)).toEqual([
      { kind: 'same', notes },
      { kind: 'same', notes },
    ]);
  });
});

test('value at risk is taken as on record, also where two sets of limits deny for two reasons', () => {
  const returns = historyOf({ window: 10 });
  feed(returns, 'GOLD', closesOf([0.5, -0.5, 0.5, -0.5]));
  const world = new VerdictWorld({
    risk: { valueAtRisk: { maxValueAtRisk: '1', scenarios: 10, minScenarios: 4 } },
    returns,
  });
  world.decide(intent({ quantity: '1' }));
  world.guard.tighten(
    parseRiskLimits({
      ...WIDE_RISK,
      valueAtRisk: { maxValueAtRisk: '1.5', scenarios: 10, minScenarios: 10 },
    }),
  );
  world.decide(intent({ intentId: 'two', quantity: '1' }));
  const [rules, one, , two] = world.records.map(({ details }) => details);
  expect(rules).toMatchObject({ rules: { risk: [{ valueAtRisk: { maxValueAtRisk: '1' } }] } });
  expect(one).toMatchObject({ denials: [{ code: 'VALUE_AT_RISK_LIMIT', measured: '49.999996' }] });
  expect(two).toMatchObject({
    denials: [{ code: 'VALUE_AT_RISK_LIMIT' }, { code: 'VALUE_AT_RISK_UNKNOWN' }],
  });
  const notes = ['not asked again, taken as on record: value-at-risk'];
  expect(replayAll(world.records)).toEqual([
    { kind: 'same', notes },
    { kind: 'same', notes },
  ]);
});

test('gates that looked back and denied the same order are each taken as on record', () => {
  const world = new VerdictWorld({
    risk: {
      messageRate: { max: 1, windowMs: 60_000 },
      duplicateWindowMs: 60_000,
      scopes: [{ scope: { kind: 'firm' }, messageRate: { max: 1, windowMs: 60_000 } }],
    },
  });
  world.decide(intent({ intentId: 'a' }));
  world.decide(intent({ intentId: 'b' }));
  expect(world.records.at(-1)?.details).toMatchObject({
    denials: [
      { gate: 'message-rate', code: 'MESSAGE_RATE_LIMIT' },
      { gate: 'duplicate-content', code: 'DUPLICATE_CONTENT' },
      { gate: 'message-rate@firm', code: 'MESSAGE_RATE_LIMIT' },
    ],
  });
  expect(replayAll(world.records)).toMatchObject([{ kind: 'same' }, { kind: 'same' }]);
});

describe('limits', () => {
  test('that are being changed are all in force', () => {
    const world = new VerdictWorld();
    world.guard.tighten(parseRiskLimits({ ...WIDE_RISK, maxPositionNotional: '10' }));
    world.decide(intent());
    expect(world.records.at(-1)?.details).toMatchObject({ denials: [{ code: 'POSITION_SIZE_LIMIT' }] });
    expect(replayAll(world.records)).toEqual([SAME]);
  });

  test('of the execution policy that are being changed are all in force, and on record', () => {
    const world = new VerdictWorld();
    const { policy } = world;
    const tighter = { ...WIDE_EXECUTION, volumeFraction: { entry: 0.000_000_1 } };
    world.decide(intent({ intentId: 'before' }));
    policy.tighten(parseExecutionLimits(tighter));
    policy.tighten(parseExecutionLimits({ ...WIDE_EXECUTION, periodCollarBps: { entry: 0 } }));
    world.decide(intent({ intentId: 'beside' }));
    policy.withdraw();
    world.decide(intent({ intentId: 'after' }));
    const [rules, , changing, denied, held] = world.records.map(({ details }) => details);
    expect(rules).toMatchObject({ rules: { execution: [WIDE_EXECUTION] } });
    expect(changing).toMatchObject({
      rules: { execution: [WIDE_EXECUTION, tighter, { periodCollarBps: { entry: 0 } }] },
    });
    expect(denied).toMatchObject({
      decision: 'denied',
      denials: [{ code: 'VOLUME_TOO_LOW' }, { gate: 'period-collar' }],
    });
    expect(held).toMatchObject({ decision: 'held' });
    expect(replayAll(world.records)).toEqual([SAME, SAME, SAME]);
  });

  test('of the execution policy beside the others read depth further from the touch', () => {
    const world = new VerdictWorld();
    world.mark('SILVER', 100);
    world.policy.tighten(
      parseExecutionLimits({ ...WIDE_EXECUTION, depth: { withinBps: 250, multiple: { entry: 1 } } }),
    );
    world.decide(intent({ instrumentId: 'SILVER', quantity: '90' }));
    world.decide(intent({ instrumentId: 'SILVER', quantity: '110', intentId: 'two' }));
    expect(world.records.slice(1).map(({ details }) => details['decision'])).toEqual(['held', 'denied']);
    expect(replayAll(world.records)).toEqual([SAME, SAME]);
  });

  test('of the execution policy are not recorded again when they come back', () => {
    const world = new VerdictWorld();
    world.decide(intent({ intentId: 'a' }));
    world.policy.tighten(parseExecutionLimits({ spreadMedian: { multiple: { entry: 'none' } } }));
    world.policy.withdraw();
    world.decide(intent({ intentId: 'b' }));
    expect(world.records.map(({ kind }) => kind)).toEqual([
      'limits.in-force',
      'order.decided',
      'order.decided',
    ]);
  });

  test('are recorded once, and again when they change', () => {
    const world = new VerdictWorld();
    for (const intentId of ['a', 'b']) world.decide(intent({ intentId }));
    world.guard.adopt(parseRiskLimits({ ...WIDE_RISK, maxPositions: 4 }));
    for (const intentId of ['c', 'd']) world.decide(intent({ intentId }));
    expect(world.records.map(({ kind }) => kind)).toEqual([
      'limits.in-force',
      'order.decided',
      'order.decided',
      'limits.in-force',
      'order.decided',
      'order.decided',
    ]);
    expect(replayAll(world.records)).toEqual([SAME, SAME, SAME, SAME]);
  });

  test('stand on record as options give them: money in decimals', () => {
    const { rules } = oneVerdict({
      risk: { scopes: [{ scope: { kind: 'firm' }, maxTotalExposure: '7.5' }], maxOrderQuantity: '12.5' },
      execution: {
        ...WIDE_EXECUTION,
        slippage: { perDay: '0.000001', perStrategyDay: { a: '3', b: 'none' } },
      },
    });
    expect(rules).toMatchObject({
      rules: {
        risk: [
          {
            maxDailyLoss: '1000000',
            maxDrawdownFraction: 1,
            maxOrderQuantity: '12.5',
            scopes: [{ scope: { kind: 'firm' }, maxTotalExposure: '7.5' }],
          },
        ],
        execution: [{ slippage: { perDay: '0.000001', perStrategyDay: { a: '3', b: 'none' } } }],
        venue: 'paper',
      },
    });
  });

  test('that were changed on record are not those of the verdict', () => {
    const { rules } = oneVerdict();
    const changed = JSON.parse(
      JSON.stringify(rules).replace('"maxPositions":10', '"maxPositions":11'),
    ) as unknown;
    expect(readRules(changed)).toMatch(/^expected rules of the hash [0-9a-f]{16}, got [0-9a-f]{16}$/);
    expect(readRules({})).toMatch(/^not a record of rules/);
  });

  test('under another hash than the one of the verdict are noted', () => {
    const { verdict, again } = oneVerdict();
    const { limitsHash } = verdict;
    expect(again({ ...verdict, limitsHash: 'abc' })).toEqual({
      kind: 'same',
      notes: [`the verdict names the limits abc, the rules on record ${String(limitsHash)}`],
    });
  });
});

test.each(['buy', 'sell'] as const)(
  'depth beyond the touch is on record as far as it counts: %s',
  async (side) => {
    const { world, log } = await auditedWorld({
      execution: { ...WIDE_EXECUTION, depth: { withinBps: 250, multiple: { entry: 1, exit: 1 } } },
    });
    await world.position('40');
    const levels = (sign: 1 | -1) =>
      [1, 2, 3, 9].map((off) => ({ price: ticks(100 + sign * off), quantity: lots(5) }));
    world.mark(100, 'GOLD', { bids: levels(-1), asks: levels(1) });
    for (const quantity of ['8', '12', '16'])
      await world.drained(world.desk.submit(intent({ intentId: quantity, side, quantity })));
    const records = await recordsIn(log);
    const decisions = records.flatMap(({ kind, details }) =>
      kind === 'order.decided' ? [details['decision']] : [],
    );
    expect(decisions.slice(1)).toEqual(['held', 'held', 'denied']);
    expect(replayAll(records)).toEqual([SAME, SAME, SAME, SAME]);
  },
);

describe('an order that gates were told to let pass', () => {
  test('passes them again', async () => {
    const world = new VerdictWorld({ risk: { maxOrderValue: '10' } });
    const overridden = new Set(['order-value']);
    const decision = world.decide(intent(), overridden);
    expect(decision.kind).toBe('held');
    expect(replayAll(world.records)).toEqual([SAME]);
    await Promise.resolve();
  });
});

describe('a record that was changed', () => {
  const resized = () => oneVerdict({ risk: { maxTotalExposure: '500' } }, { instrumentId: 'SILVER' });

  test.each([
    ['the decision', { decision: 'denied' }, 'decision'],
    ['the quantity', { quantity: 6 }, 'quantity'],
    ['entry or exit', { isExit: true }, 'isExit'],
    ['the id', { clientOrderId: 'abc' }, 'clientOrderId'],
    ['the denials', { denials: [] }, 'total-exposure TOTAL_EXPOSURE_LIMIT'],
  ])('does not replay: %s', (_what, change, what) => {
    const { verdict, again } = resized();
    const result = again({ ...verdict, ...change });
    expect(result.kind === 'different' && result.differences.map((one) => one.what)).toContain(what);
  });

  test.each([{ measured: '1001' }, { limit: '501' }, { note: 'by the way' }, { code: 'ORDER_VALUE_LIMIT' }])(
    'does not replay: a denial with %j',
    (change) => {
      const { verdict, again } = resized();
      const [denial] = verdict['denials'] as readonly object[];
      expect(again({ ...verdict, denials: [{ ...denial, ...change }] })).toMatchObject({ kind: 'different' });
    },
  );

  test('shows both sides', () => {
    const { verdict, again } = resized();
    expect(again({ ...verdict, quantity: 4, denials: [] })).toEqual({
      kind: 'different',
      differences: [
        { what: 'quantity', recorded: '4', again: '5' },
        {
          what: 'total-exposure TOTAL_EXPOSURE_LIMIT',
          recorded: 'nothing',
          again: 'measured 1000, limit 500',
        },
      ],
      notes: [],
    });
  });

  test.each([
    ['of another shape', { decision: 'maybe' }, /^not the record of a verdict/],
    [
      'that names an unknown instrument',
      { inputs: { accounts: [{ cells: [['TIN', 1, 0, 0, '1']] }] } },
      /no instrument TIN/,
    ],
  ])('cannot be made again: one %s', (_what, change, why) => {
    const { verdict, again } = resized();
    const inputs = JSON.parse(String(verdict['inputs'])) as { readonly accounts: readonly object[] };
    const changed =
      'inputs' in change
        ? {
            inputs: JSON.stringify({
              ...inputs,
              accounts: [{ ...inputs.accounts[0], ...change.inputs.accounts[0] }],
            }),
          }
        : change;
    expect(again({ ...verdict, ...changed })).toEqual({
      kind: 'impossible',
      why: expect.stringMatching(why) as string,
    });
  });
});
