import { describe, expect, test } from 'vitest';
import type { ChangeDecision } from '../../src/desk/change-order.ts';
import { OrderPath } from '../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import type { OrderChange, OrderIntent } from '../../src/trading/index.ts';
import {
  DAY_MS,
  DeskWorld,
  INSTRUMENTS,
  ONE_ID,
  WIDE_EXECUTION,
  idOf,
  intent,
} from '../support/desk-world.ts';

type Options = Parameters<typeof DeskWorld.open>[0];

/** A desk with one working order to buy 10 at 100, and decisions on it that nobody acts on. */
async function working(options: Options = {}, overrides: Parameters<typeof intent>[0] = {}) {
  const world = await DeskWorld.open(options);
  await world.drained(world.desk.submit(intent(overrides)));
  return decider(world);
}

function decider(world: DeskWorld) {
  const path = new OrderPath({ ...world.deps(), instruments: INSTRUMENTS });
  const decide = (change: OrderChange, id = ONE_ID): ChangeDecision => {
    const row = world.book.order(id);
    if (row === undefined) throw new Error(`no order ${id}`);
    return path.decideChange(row, change);
  };
  return { world, decide };
}

const traceOf = ({ book }: DeskWorld): string =>
  JSON.stringify([
    book.snapshot(),
    [...book.liveOrders()].map(({ order }) => order.clientOrderId),
    [...book.accounts()].map((account) => [account.gross, account.count, [...account.cells()]]),
  ]);
const codesOf = (decision: ChangeDecision): unknown =>
  decision.kind === 'denied' ? decision.denials.map(({ code }) => code) : decision.kind;

describe('the order as it would be', () => {
  test('is decided with the new quantity and limit', async () => {
    const { decide } = await working();
    expect(decide({ quantity: '15', limit: '99' })).toMatchObject({
      kind: 'changed',
      order: { clientOrderId: ONE_ID, qty: 15, worst: 99, isExit: false, postOnly: true, timeInForce: 'GTC' },
      to: { qty: 15, worst: 99, isExit: false },
    });
  });

  test('the limit is rounded away from the market, the quantity towards zero', async () => {
    const { decide } = await working();
    expect(decide({ quantity: '12.9', limit: '99.9' })).toMatchObject({ to: { qty: 12, worst: 99 } });
  });

  test('takes the place of the old one: at the limit it fits exactly, one lot more does not', async () => {
    const { decide } = await working({ risk: { maxPositionNotional: '1500', maxPositions: 1 } });
    expect(codesOf(decide({ quantity: '15' }))).toBe('changed');
    expect(codesOf(decide({ quantity: '16' }))).toEqual(['POSITION_SIZE_LIMIT']);
  });

  test('counts only what is left of it: what has been filled is in the position', async () => {
    const { world, decide } = await working({ risk: { maxPositionNotional: '1500' } });
    world.driver.fill(ONE_ID, 'x', '6');
    expect(codesOf(decide({ quantity: '15' }))).toBe('changed');
    expect(codesOf(decide({ quantity: '16' }))).toEqual(['POSITION_SIZE_LIMIT']);
  });

  test('counts what else works on its side', async () => {
    const { world, decide } = await working({ risk: { maxPositionNotional: '2000' } });
    await world.drained(world.desk.submit(intent({ intentId: 'two', quantity: '5' })));
    expect(codesOf(decide({ quantity: '15' }))).toBe('changed');
    expect(codesOf(decide({ quantity: '16' }))).toEqual(['POSITION_SIZE_LIMIT']);
  });

  test('has been seen before, of course: that is no duplicate', async () => {
    const { decide } = await working();
    expect(codesOf(decide({}))).toBe('changed');
  });

  test('is all of it or nothing: what a limit would reduce is denied', async () => {
    const { decide } = await working({ risk: { maxTotalExposure: '1500' } });
    expect(codesOf(decide({ quantity: '15' }))).toBe('changed');
    expect(codesOf(decide({ quantity: '16' }))).toEqual(['TOTAL_EXPOSURE_LIMIT']);
  });

  test('is all of it or nothing: what reduce-only would trim is denied', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const exit = {
      side: 'sell',
      quantity: '8',
      price: { type: 'limit', limit: '105' },
      reduceOnly: true,
    } as const;
    await world.drained(world.desk.submit(intent(exit)));
    const { decide } = decider(world);
    expect(codesOf(decide({ quantity: '10' }))).toBe('changed');
    expect(decide({ quantity: '11' })).toEqual({
      kind: 'denied',
      denials: [{ gate: 'amend', code: 'NOTHING_TO_REDUCE', measured: 11, limit: 10 }],
    });
  });

  test('of an exit is an exit', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const exit = {
      intentId: 'exit',
      side: 'sell',
      quantity: '8',
      price: { type: 'limit', limit: '105' },
    } as const;
    await world.drained(world.desk.submit(intent(exit)));
    expect(decider(world).decide({ quantity: '10' }, idOf('exit'))).toMatchObject({
      order: { isExit: true },
      to: { isExit: true },
    });
  });
});

describe('the slippage budget of the day', () => {
  const BUDGET = {
    execution: { ...WIDE_EXECUTION, slippage: { perOrderBps: { entry: 'none' }, perDay: '20' } },
  } as const;
  /** The mark is 100: ten lots at 101 may cost 10 beyond it. */
  const at = (limit: string, quantity = '10', intentId = 'one') =>
    intent({ intentId, quantity, price: { type: 'limit', limit, postOnly: false } });
  const place = (world: DeskWorld, order: OrderIntent) => world.drained(world.desk.submit(order));
  const amend = async (world: DeskWorld, change: OrderChange, id = ONE_ID): Promise<unknown> => {
    const outcome = await world.drained(world.desk.amend(id, change));
    return outcome.kind === 'denied' ? outcome.denials.map(({ code }) => code) : outcome.kind;
  };
  /** How much of the budget is left, as the largest order at 101 that may go. */
  const left = (world: DeskWorld): number => {
    const { decide } = decider(world);
    let most = 0;
    for (let qty = 1; qty <= 30; qty += 1)
      if (codesOf(decide({ quantity: String(qty), limit: '101' }, idOf('probe'))) === 'changed') most = qty;
    return most;
  };
  const open = async (): Promise<DeskWorld> => {
    const world = await DeskWorld.open(BUDGET);
    await place(world, at('100', '1', 'probe'));
    return world;
  };

  test('is spent by what an amendment adds', async () => {
    const world = await open();
    await place(world, at('100'));
    expect(await amend(world, { limit: '101' })).toBe('amended');
    expect(left(world)).toBe(10);
    expect(await amend(world, { quantity: '15' })).toBe('amended');
    expect(left(world)).toBe(5);
  });

  test('denies the amendment that would add more than is left, and spends nothing for it', async () => {
    const world = await open();
    await place(world, at('101'));
    expect(await amend(world, { quantity: '21' })).toEqual(['SLIPPAGE_BUDGET']);
    expect(left(world)).toBe(10);
    expect(await amend(world, { quantity: '20' })).toBe('amended');
    expect(left(world)).toBe(0);
  });

  test('cannot be got around by placing cheap and amending dear', async () => {
    const world = await open();
    const outcomes: unknown[] = [];
    for (const intentId of ['a', 'b', 'c']) {
      await place(world, at('100', '10', intentId));
      outcomes.push(await amend(world, { limit: '101' }, idOf(intentId)));
    }
    expect(outcomes).toEqual(['amended', 'amended', ['SLIPPAGE_BUDGET']]);
  });

  test('does not pay again for what has been filled', async () => {
    const world = await open();
    await place(world, at('101'));
    world.driver.fill(ONE_ID, 'x', '6');
    expect(await amend(world, { limit: '102' })).toBe('amended'); // 4 lots, one more each
    expect(left(world)).toBe(6);
  });

  test('is spent with the hold, before the venue answers, and stays spent when it says no', async () => {
    const world = await open();
    await place(world, at('100'));
    const asked = Promise.withResolvers<{ status: 'rejected'; reason: string }>();
    world.driver.onAmend = () => asked.promise;
    const waiting = amend(world, { limit: '101' });
    const atOnce = left(world);
    await world.drain();
    asked.resolve({ status: 'rejected', reason: 'no' });
    expect([atOnce, await waiting, left(world)]).toEqual([10, 'rejected', 10]);
  });

  test('gets nothing back from an amendment to less', async () => {
    const world = await open();
    await place(world, at('101'));
    expect(await amend(world, { limit: '100' })).toBe('amended');
    expect(left(world)).toBe(10);
  });

  test.each([
    ['an order', 10, undefined],
    ['an amendment', 5, { quantity: '15' }],
  ] as const)('stays spent over a restart, by %s', async (_, rest, change) => {
    const world = await open();
    await place(world, at('101'));
    if (change !== undefined) await amend(world, change);
    const { clock, driver } = world;
    const log = new ScriptedAppendLog(world.log.durable);
    const again = await DeskWorld.open({ ...BUDGET, log, clock, driver });
    expect([left(again), again.policy.spentOn('2026-01-02')]).toEqual([
      rest,
      { total: (20 - rest) * 1_000_000, byStrategy: { strat: (20 - rest) * 1_000_000 } },
    ]);
    clock.advance(DAY_MS);
    again.mark(100);
    expect(again.policy.spentOn('2026-01-03').total).toBe(0);
  });
});

describe('leaves no trace', () => {
  test.for<[string, OrderChange]>([
    ['when it may be', { quantity: '15' }],
    ['when a gate denies it', { quantity: '1000' }],
    ['when the policy denies it', { limit: '101' }],
    ['when it makes no sense', { quantity: 'x' }],
    ['when it is below what has been filled', { quantity: '3' }],
  ])('%s', async ([, change]) => {
    const { world, decide } = await working({ risk: { maxPositionNotional: '2000' } });
    await world.drained(world.desk.submit(intent({ intentId: 'two', quantity: '5' })));
    world.driver.fill(ONE_ID, 'x', '4');
    const before = traceOf(world);
    const decisions = [decide(change), decide(change)];
    expect(decisions[0]).toEqual(decisions[1]);
    expect(traceOf(world)).toBe(before);
  });
});
