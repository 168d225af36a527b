import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import { explanationText } from '../../src/desk/index.ts';
import type { RiskGate } from '../../src/risk/index.ts';
import { DeskWorld, ONE_ID, WIDE_EXECUTION, intent } from '../support/desk-world.ts';
import { VerdictWorld } from '../support/verdict-world.ts';

const outcomes = (explanations: readonly { readonly gate: string; readonly outcome: string }[]) =>
  explanations.map(({ gate, outcome }) => `${gate} ${outcome}`);

describe('an explanation', () => {
  test('has the order, and every gate of both engines with what it measures', async () => {
    const { desk, clock, driver } = await DeskWorld.open();
    clock.advance(12);
    const explanation = await desk.explain(intent());
    expect(explanation).toMatchObject({
      intent: intent(),
      decision: 'held',
      denials: [],
      order: {
        clientOrderId: ONE_ID,
        asked: 10,
        quantity: 10,
        isExit: false,
        worst: 100,
        mark: { price: 100, ageMs: 12 },
      },
    });
    expect(explanation.risk).toContainEqual({
      gate: 'position-size',
      outcome: 'passed',
      measured: '1000',
      limit: '1000000',
    });
    expect(outcomes(explanation.execution).slice(0, 3)).toEqual([
      'idempotency passed',
      'time-in-force passed',
      'price-collar passed',
    ]);
    expect(driver.placed).toEqual([]);
  });

  test('of what would be reduced shows the guard what is asked for, and the policy what would go', async () => {
    const { desk } = await DeskWorld.open({
      risk: { maxTotalExposure: '400' },
      execution: { ...WIDE_EXECUTION, volumeFraction: { entry: 0.1 } },
    });
    const { decision, denials, order, risk, execution } = await desk.explain(intent());
    expect([decision, order?.asked, order?.quantity]).toEqual(['held', 10, 4]);
    expect(denials).toMatchObject([{ code: 'TOTAL_EXPOSURE_LIMIT' }]);
    expect(risk).toContainEqual(
      expect.objectContaining({ gate: 'total-exposure', outcome: 'reduced', measured: '1000', limit: '400' }),
    );
    expect(execution).toContainEqual(expect.objectContaining({ gate: 'volume', measured: 0.004 }));
  });

  test('of what the guard rejects has the policy as well, at what was asked for', async () => {
    const { desk } = await DeskWorld.open({ risk: { maxPositionNotional: '500' } });
    const { decision, denials, order, execution } = await desk.explain(intent());
    expect([decision, order?.quantity, order?.isExit]).toEqual(['denied', undefined, false]);
    expect(denials).toMatchObject([{ code: 'POSITION_SIZE_LIMIT', measured: '1000', limit: '500' }]);
    expect(execution).toContainEqual(expect.objectContaining({ gate: 'volume', measured: 0.01 }));
  });

  test('of what only the policy denies says so', async () => {
    const { desk } = await DeskWorld.open({
      execution: { ...WIDE_EXECUTION, volumeFraction: { entry: 0.001 } },
    });
    const { decision, denials, order } = await desk.explain(intent());
    expect([decision, order?.quantity, order?.isExit]).toEqual(['denied', undefined, false]);
    expect(denials).toEqual([
      expect.objectContaining({ gate: 'volume', code: 'VOLUME_TOO_LOW', measured: 0.01, limit: 0.001 }),
    ]);
  });

  test('of an exit names the gates that are not asked', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const exit = intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '101' } });
    const { order, risk } = await world.desk.explain(exit);
    expect([order?.isExit, order?.quantity]).toEqual([true, 10]);
    expect(outcomes(risk)).toContain('daily-loss exempt');
  });

  test('of what cannot be read has nothing but why', async () => {
    const { desk } = await DeskWorld.open();
    expect(await desk.explain(intent({ quantity: 'ten' }))).toEqual({
      intent: intent({ quantity: 'ten' }),
      decision: 'denied',
      denials: [expect.objectContaining({ code: 'QUANTITY_INVALID' })],
      risk: [],
      execution: [],
    });
  });

  test.each([
    ['of no account', { accountId: 'nobody' }, 'ACCOUNT_UNKNOWN'],
    ['that would be short', { side: 'sell' }, 'SHORT_NOT_ALLOWED'],
  ] as const)('of an order %s asks no gate', async (_what, overrides, code) => {
    const { desk } = await DeskWorld.open();
    const explanation = await desk.explain(intent(overrides));
    expect(explanation).toMatchObject({ decision: 'denied', denials: [{ code }], risk: [], execution: [] });
    expect(explanation.order?.asked).toBe(10);
  });

  test('of an id that exists says what it is answered with', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    expect(await world.desk.explain(intent())).toMatchObject({
      decision: 'duplicate',
      denials: [],
      order: { clientOrderId: ONE_ID },
      risk: [],
    });
    expect(await world.desk.explain(intent({ quantity: '11' }))).toMatchObject({
      decision: 'denied',
      denials: [{ code: 'INTENT_CHANGED' }],
    });
    expect(await world.desk.explain(intent({ price: { type: 'limit', limit: 'x' } }))).toMatchObject({
      decision: 'denied',
      denials: [{ code: 'INTENT_CHANGED' }],
    });
  });

  test('after the desk has stopped says that it has, and still shows the gates', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.stop());
    const { decision, denials, risk } = await world.desk.explain(intent());
    expect([decision, denials.map(({ code }) => code), risk.length > 0]).toEqual([
      'denied',
      ['DESK_STOPPED'],
      true,
    ]);
  });

  test('shows what a gate throws', async () => {
    const broken: RiskGate = {
      name: 'broken',
      appliesTo: 'all',
      check() {
        throw new Error('no');
      },
    };
    const world = new VerdictWorld({ gates: [broken] });
    const { decision, denials } = world.path.explain(intent());
    expect([decision, denials]).toEqual([
      'denied',
      [expect.objectContaining({ gate: 'broken', code: 'GATE_FAILED' })],
    ]);
  });

  test('of an order of days ago is what the archive says', async () => {
    const { path } = new VerdictWorld();
    const denial = { gate: 'order', code: 'KNOWN_IDS_UNAVAILABLE', note: 'disk' } as const;
    expect(path.explain(intent(), denial)).toMatchObject({ decision: 'denied', denials: [denial], risk: [] });
  });
});

describe('as text', () => {
  test('has a line for each gate, in columns', async () => {
    const { desk, clock } = await DeskWorld.open({
      risk: { maxTotalExposure: '400' },
      execution: { ...WIDE_EXECUTION, volumeFraction: { entry: 0.001 } },
    });
    clock.advance(1_234.5678);
    expect(`\n${explanationText(await desk.explain(intent()))}\n`).toMatchInlineSnapshot(`
      "
      buy 10 GOLD, account acc, strategy strat, intent one
      denied:
        volume VOLUME_TOO_LOW, measured 0.004, limit 0.001, of the volume of 60000 ms
      entry e570305e55672b839065d26ccaee40bd, worst price 100, mark 100 of 1234.57 ms ago
        gate             outcome  measured  limit     code                  note
      risk
        kill-switch      passed   active
        data-quality     passed   1234.57   60000
        daily-loss       passed   0         -1000000
        drawdown         passed   0         1
        position-count   passed   1         10
        position-size    passed   1000      1000000
        correlation      passed   1000      1000000                         moves with nothing else held
        total-exposure   reduced  1000      400       TOTAL_EXPOSURE_LIMIT
      execution
        idempotency      passed                                             e570305e55672b839065d26ccaee40bd
        time-in-force    passed   100       101
        price-collar     passed   0         9000
        spread           passed   200       none
        depth            passed   12.5      none
        volume           denied   0.004     0.001     VOLUME_TOO_LOW        of the volume of 60000 ms
        slippage-budget  passed   0         none
      "
    `);
  });

  test('names what goes, and what is there without a mark', async () => {
    const { desk } = await DeskWorld.open({ risk: { maxTotalExposure: '400' } });
    const [asked, verdict] = explanationText(await desk.explain(intent())).split('\n');
    expect([asked, verdict]).toEqual([
      'buy 10 GOLD, account acc, strategy strat, intent one',
      'held, reduced to 4:',
    ]);
    const unmarked = await DeskWorld.open({ unquoted: true });
    unmarked.mark(NaN, 'GOLD', { bids: [], asks: [], mark: ticks(NaN) });
    const lines = explanationText(await unmarked.desk.explain(intent())).split('\n');
    expect(lines.find((line) => line.startsWith('entry'))).toBe(`entry ${ONE_ID}, worst price 100, no mark`);
  });

  test('says in a line what was never priced', async () => {
    const { desk } = await DeskWorld.open();
    const asked = { ...intent({ quantity: 'ten' }), side: 7 } as never;
    expect(explanationText(await desk.explain(asked))).toBe(
      'number ten GOLD, account acc, strategy strat, intent one\ndenied:\n  order SIDE_INVALID, measured 7',
    );
  });
});
