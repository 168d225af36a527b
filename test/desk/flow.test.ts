import { describe, expect, test } from 'vitest';
import { TradingDay, person, system } from '../../src/core/index.ts';
import { type FlowOrder, type FundingOrder, Journal } from '../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book } from '../../src/trading/index.ts';
import { GOLD, instrumentOf } from '../support/orders.ts';
import { DeskWorld, INSTRUMENTS } from '../support/desk-world.ts';

const PERP = instrumentOf({ instrumentId: 'PERP', kind: 'linear' });
const LISTED = [...INSTRUMENTS, PERP];
const BY = person('ada');
const flow = (overrides: Partial<FlowOrder> = {}): FlowOrder => ({
  flowId: 'f1',
  accountId: 'acc',
  amount: '500',
  by: system('treasury'),
  reason: 'savings',
  ...overrides,
});
const funding = (overrides: Partial<FundingOrder> = {}): FundingOrder => ({
  fundingId: 'n1',
  accountId: 'acc',
  instrumentId: 'PERP',
  amount: '-2.5',
  by: system('venue'),
  ...overrides,
});
const money = ({ book }: DeskWorld) => {
  const { cash, flows, dayPnl, drawdownFraction } = book.account('acc') ?? {};
  return [cash?.toFixed(), flows?.toFixed(), dayPnl, drawdownFraction];
};
const restart = (world: DeskWorld) =>
  DeskWorld.open({
    instruments: LISTED,
    log: new ScriptedAppendLog(world.log.durable),
    driver: world.driver,
  });

test('a deposit and a withdrawal are neither profit nor loss', async () => {
  const world = await DeskWorld.open();
  expect(await world.drained(world.desk.flow(flow()))).toBe('booked');
  expect(await world.drained(world.desk.flow(flow({ flowId: 'f2', amount: '-700.25' })))).toBe('booked');
  expect(money(world)).toEqual(['99799.75', '99799.75', 0, 0]);
});

test('counts at once, resolves when it is on disk, is told and audited with who and why', async () => {
  const audited: Record<string, unknown>[] = [];
  const audit = {
    record: (event: object) => {
      audited.push({ ...event });
      return Promise.resolve({} as never);
    },
  };
  const world = await DeskWorld.open({ deps: { audit } });
  let done = false;
  void world.desk.flow(flow()).then(() => (done = true));
  await world.turn();
  expect([money(world)[0], done, world.told]).toEqual(['100500', false, []]);
  await world.drain();
  expect([done, world.told.map(({ kind }) => kind)]).toEqual([true, ['flowed']]);
  expect(audited.find(({ kind }) => kind === 'desk.flowed')).toMatchObject({
    flowId: 'f1',
    amount: '500',
    reason: 'savings',
  });
  expect(world.records.at(-1)).toMatchObject({
    type: 'flowed',
    flowId: 'f1',
    amount: '500',
    highWater: '100500',
    by: 'treasury',
  });
});

test('the same id counts once, also after a restart', async () => {
  const world = await DeskWorld.open();
  await world.drained(world.desk.flow(flow()));
  expect(await world.drained(world.desk.flow(flow()))).toBe('duplicate');
  const again = await restart(world);
  expect(await again.drained(again.desk.flow(flow()))).toBe('duplicate');
  expect(money(again)[0]).toBe('100500');
});

test('the high-water mark is scaled, and stays what it became over a restart without marks', async () => {
  const world = await DeskWorld.open();
  await world.drained(
    world.desk.adjust({
      adjustmentId: 'a1',
      accountId: 'acc',
      cash: '-20000',
      position: { instrumentId: 'GOLD', quantity: '1', price: '100' },
      by: BY,
      reason: 'a loss',
    }),
  );
  const before = world.book.account('acc');
  const drawdown = before?.drawdownFraction;
  expect(drawdown).toBeGreaterThan(0.19);
  await world.drained(world.desk.flow(flow({ amount: '-40000' })));
  expect(world.book.account('acc')?.drawdownFraction).toBeCloseTo(drawdown ?? 0, 6);
  const { highWater, dayOpen } = world.book.account('acc') ?? {};
  const book = new Book();
  const { clock } = world;
  const log = new ScriptedAppendLog(world.log.durable);
  const deps = { log, book, instruments: [GOLD], clock, tradingDay: new TradingDay() };
  await Journal.open({ input: {}, accounts: [] }, deps);
  expect(book.account('acc')).toMatchObject({ highWater, dayOpen, equity: NaN });
});

describe('a flow is refused, and leaves no trace', () => {
  test.for<[string, Partial<FlowOrder>, string]>([
    ['of an unknown account', { accountId: 'nobody' }, 'ACCOUNT_UNKNOWN'],
    ['of a number', { amount: 5 as never }, 'NUMBER_INVALID'],
    ['beyond what can be counted', { amount: '9007199255' }, 'NUMBER_INVALID'],
  ])('%s', async ([, overrides, code]) => {
    const world = await DeskWorld.open();
    await expect(world.desk.flow(flow(overrides))).rejects.toMatchObject({ code });
    expect([money(world)[0], world.records.filter(({ type }) => type === 'flowed')]).toEqual(['100000', []]);
  });

  test('by a system, when equity is not above 0', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.flow(flow({ amount: '-100000' })));
    const next = flow({ flowId: 'f2' });
    await expect(world.desk.flow(next)).rejects.toMatchObject({ code: 'PRINCIPAL_REQUIRED' });
    expect(await world.drained(world.desk.flow({ ...next, by: BY }))).toBe('booked');
  });
});

test('a flow that cannot be written is counted, and halts', async () => {
  const world = await DeskWorld.open();
  const flowed = expect(world.desk.flow(flow())).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  world.log.fail();
  await world.drain();
  await flowed;
  expect(money(world)[0]).toBe('100500');
});

describe('funding', () => {
  test('is profit or loss of the day, counts once, also after a restart', async () => {
    const world = await DeskWorld.open({ instruments: LISTED });
    expect(await world.drained(world.desk.fund(funding()))).toBe('booked');
    expect(await world.drained(world.desk.fund(funding()))).toBe('duplicate');
    expect(money(world)).toEqual(['99997.5', '100000', -2_500_000, 2.5e-5]);
    expect(world.book.cell('acc', 'PERP')?.funding.toFixed()).toBe('-2.5');
    expect(world.told.at(-1)?.kind).toBe('funded');
    const again = await restart(world);
    expect(await again.drained(again.desk.fund(funding()))).toBe('duplicate');
    expect(again.book.cell('acc', 'PERP')?.funding.toFixed()).toBe('-2.5');
  });

  test.for<[Partial<FundingOrder>, string]>([
    [{ accountId: 'nobody' }, 'ACCOUNT_UNKNOWN'],
    [{ instrumentId: 'LEAD' }, 'INSTRUMENT_UNKNOWN'],
    [{ instrumentId: 'GOLD' }, 'INSTRUMENT_KIND_UNSUPPORTED'],
    [{ amount: '1e3' }, 'NUMBER_INVALID'],
    [{ amount: '9007199255' }, 'NUMBER_INVALID'],
  ])('is refused: %o', async ([overrides, code]) => {
    const world = await DeskWorld.open({ instruments: LISTED });
    await expect(world.desk.fund(funding(overrides))).rejects.toMatchObject({ code });
    expect(money(world)[0]).toBe('100000');
  });
});
