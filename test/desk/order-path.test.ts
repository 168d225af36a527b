import { describe, expect, test } from 'vitest';
import { TradingDay } from '../../src/core/index.ts';
import { OrderPath } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { RiskGuard } from '../../src/risk/index.ts';
import { Book, type Denial, type PricedOrder, deny } from '../../src/trading/index.ts';
import {
  DAY_MS,
  DeskWorld,
  INSTRUMENTS,
  ONE_ID,
  WIDE_EXECUTION,
  WIDE_RISK,
  intent,
} from '../support/desk-world.ts';

async function path(overrides: Partial<ConstructorParameters<typeof OrderPath>[0]> = {}) {
  const world = await DeskWorld.open();
  const { book, guard, policy, clock } = world;
  const deps = { book, guard, policy, clock, instruments: INSTRUMENTS, tradingDay: new TradingDay() };
  return { world, deps, path: new OrderPath({ ...deps, ...overrides }) };
}

describe('OrderPath', () => {
  test('decides in one step: what is held is known by its id when the call returns', async () => {
    const { world, path: orders } = await path();
    expect(orders.decide(intent())).toMatchObject({
      kind: 'held',
      reduced: undefined,
      order: { clientOrderId: ONE_ID, qty: 10, worst: 100, isExit: false, postOnly: true },
    });
    expect([world.cell(), world.book.order(ONE_ID)?.state]).toEqual([
      { pos: 0, buy: 10, sell: 0 },
      'submitting',
    ]);
  });

  test('says why less than asked is held', async () => {
    const { world, deps } = await path();
    const guard = new RiskGuard({ ...WIDE_RISK, maxTotalExposure: '400' }, world);
    expect(new OrderPath({ ...deps, guard }).decide(intent())).toMatchObject({
      kind: 'held',
      reduced: { code: 'TOTAL_EXPOSURE_LIMIT' },
      order: { qty: 4 },
    });
  });

  test('says whether an order would go, with what is overridden and cleared, and leaves no trace', async () => {
    const { world, deps } = await path({});
    const no = deny('own', 'ABOVE_MAXIMUM');
    const would = (check: () => Denial, overridable: boolean, overridden: string[] = []) => {
      const policy = new ExecutionPolicy(WIDE_EXECUTION, { gates: [{ name: 'own', overridable, check }] });
      const risk = { ...WIDE_RISK, maxOrderValue: '1', selfTrade: 'cancel-oldest' } as const;
      const orders = new OrderPath({ ...deps, policy, guard: new RiskGuard(risk, world) });
      const order = orders.price(intent()) as PricedOrder;
      const says = orders.wouldGo(order, new Set(overridden), new Set(['order-value']));
      expect(policy.status().every(({ checked }) => checked === 0)).toBe(true);
      expect(orders.wouldGo(order, new Set(overridden), new Set())).toBe(false); // the guard denies
      return says;
    };
    const fails = (): never => {
      throw new Error('broken');
    };
    expect([
      would(() => no, true),
      would(() => no, true, ['own']),
      would(() => no, true, ['other']),
      would(() => no, false, ['own']),
      would(fails, true, ['own']),
    ]).toEqual([false, true, false, false, false]);
    expect(world.cell()).toEqual({ pos: 0, buy: 0, sell: 0 });
  });

  test('leaves no trace of what is denied, wherever it was denied', async () => {
    const { world, deps } = await path();
    const policy = new ExecutionPolicy({ ...WIDE_EXECUTION, collarBps: { entry: 0, exit: 0 } });
    const orders = new OrderPath({ ...deps, policy });
    const at101 = intent({ price: { type: 'limit', limit: '101' } });
    expect(orders.decide(intent({ instrumentId: 'LEAD' }))).toMatchObject({
      denials: [{ code: 'INSTRUMENT_UNKNOWN' }],
    });
    expect(orders.decide(intent({ accountId: 'nobody' }))).toMatchObject({
      denials: [{ code: 'ACCOUNT_UNKNOWN' }],
    });
    expect(orders.decide(at101)).toMatchObject({
      denials: [{ code: 'WOULD_CROSS' }, { code: 'PRICE_COLLAR' }],
    });
    expect([world.cell(), world.book.account('acc')?.count, [...world.book.orders()]]).toEqual([
      { pos: 0, buy: 0, sell: 0 },
      0,
      [],
    ]);
  });

  test('leaves no trace of a decision that threw: the reservation is given up', async () => {
    const { world, deps } = await path();
    const policy = new ExecutionPolicy(WIDE_EXECUTION);
    const clock = {
      monotonicMs: () => world.clock.monotonicMs(),
      nowMs: (): number => {
        throw new Error('no time');
      },
    };
    const orders = new OrderPath({ ...deps, policy, clock, dayId: '2026-01-02' });
    expect(() => orders.decide(intent())).toThrow('no time');
    expect(world.cell()).toEqual({ pos: 0, buy: 0, sell: 0 });
  });

  test('spends the slippage budget of the day on what is held, and not on what is denied', async () => {
    const { world, deps } = await path();
    const policy = new ExecutionPolicy({
      ...WIDE_EXECUTION,
      slippage: { perOrderBps: { entry: 'none' }, perDay: '35' },
    });
    const orders = new OrderPath({ ...deps, policy });
    const market = (intentId: string, quantity = '10') =>
      orders.decide(intent({ intentId, quantity, price: { type: 'market', maxSlippageBps: 100 } })); // 2 beyond the mark
    expect(market('a')).toMatchObject({ kind: 'held' });
    expect(market('b')).toMatchObject({ denials: [{ code: 'SLIPPAGE_BUDGET' }] });
    expect(market('c', '7')).toMatchObject({ kind: 'held' });
    world.clock.advance(DAY_MS);
    orders.rollIfDue();
    world.mark(100);
    expect(market('d')).toMatchObject({ kind: 'held' });
  });

  test('a known id is a duplicate, or changed; asking again changes nothing', async () => {
    const { world, path: orders } = await path();
    orders.decide(intent());
    expect(orders.decide(intent())).toMatchObject({ kind: 'duplicate', known: { state: 'submitting' } });
    expect(orders.decide(intent({ quantity: '11' }))).toMatchObject({
      denials: [{ code: 'INTENT_CHANGED' }],
    });
    expect(world.cell().buy).toBe(10);
  });

  test('rolls the day when it is over, and never back', async () => {
    const { world, path: orders } = await path();
    expect(orders.rollIfDue()).toBeUndefined();
    world.clock.advance(DAY_MS);
    expect(orders.rollIfDue()).toMatchObject({ dayId: '2026-01-03' });
    world.clock.jump(-DAY_MS);
    expect(orders.rollIfDue()).toBeUndefined();
    world.clock.jump(DAY_MS);
    expect(orders.rollIfDue()).toBeUndefined();
  });

  test('begins with the day that the journal ended in', async () => {
    const { path: orders } = await path({ dayId: '2025-12-31' });
    expect(orders.rollIfDue()).toMatchObject({ dayId: '2026-01-02' });
  });

  test('keeps its own list of instruments', async () => {
    const instruments = [...INSTRUMENTS];
    const { path: orders } = await path({ instruments });
    instruments.length = 0;
    expect(orders.decide(intent())).toMatchObject({ kind: 'held' });
  });
});

describe('OrderPath takes only', () => {
  const refused: unknown = expect.objectContaining({ code: 'ENGINE_NOT_GENUINE' });

  test('a RiskGuard over the same Book', async () => {
    const { deps } = await path();
    expect(() => new OrderPath({ ...deps, book: new Book() })).toThrow(refused);
  });

  test('a RiskGuard that is one', async () => {
    const { deps, world } = await path();
    class Permissive extends RiskGuard {
      override confirm(): undefined {
        return undefined;
      }
    }
    const lookalike = { book: deps.book, reserve: () => undefined, confirm: () => undefined };
    const heir: unknown = Object.create(deps.guard);
    const guards = [
      new Permissive(WIDE_RISK, world),
      lookalike,
      heir,
      new Proxy(deps.guard, {}),
      null,
      undefined,
    ];
    for (const guard of guards) {
      expect(() => new OrderPath({ ...deps, guard: guard as never })).toThrow(refused);
    }
  });

  test('an ExecutionPolicy that is one', async () => {
    const { deps } = await path();
    class Permissive extends ExecutionPolicy {
      override evaluate(): [] {
        return [];
      }
    }
    const heir: unknown = Object.create(deps.policy);
    const lookalike = { evaluate: () => [], spend: () => undefined };
    for (const policy of [new Permissive(), lookalike, heir, new Proxy(deps.policy, {}), null, undefined]) {
      expect(() => new OrderPath({ ...deps, policy: policy as never })).toThrow(refused);
    }
  });
});
