import { describe, expect, test } from 'vitest';
import { person, system } from '../../src/core/index.ts';
import type { AdjustOrder } from '../../src/desk/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { DeskWorld } from '../support/desk-world.ts';

const BY = person('ada');
const position = { instrumentId: 'GOLD', quantity: '3', price: '100' };
const order = (overrides: Partial<AdjustOrder> = {}): AdjustOrder => ({
  adjustmentId: 'a1',
  accountId: 'acc',
  by: BY,
  reason: 'bought by hand',
  ...overrides,
});
const state = ({ book }: DeskWorld) => [
  book.cell('acc', 'GOLD')?.pos ?? 0,
  book.account('acc')?.cash.toFixed(),
];

test('moves the position without cash', async () => {
  const world = await DeskWorld.open();
  expect(await world.drained(world.desk.adjust(order({ position })))).toBe('adjusted');
  expect(state(world)).toEqual([3, '100000']);
});

test('adds to the cash, to the last digit, also a negative amount', async () => {
  const world = await DeskWorld.open();
  await world.drained(world.desk.adjust(order({ cash: '-0.000000001' })));
  expect(state(world)).toEqual([0, '99999.999999999']);
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
  void world.desk.adjust(order({ position, cash: '1' })).then(() => (done = true));
  expect([...state(world), done]).toEqual([3, '100001', false]);
  await world.turn();
  expect([done, world.told]).toEqual([false, []]);
  await world.drain();
  expect([done, world.told.map(({ kind }) => kind)]).toEqual([true, ['adjusted']]);
  expect(audited.find(({ kind }) => kind === 'desk.adjusted')).toMatchObject({
    adjustmentId: 'a1',
    reason: 'bought by hand',
    position,
  });
  expect(world.records.at(-1)).toMatchObject({ type: 'adjusted', adjustmentId: 'a1' });
});

test('the same id counts once, also after a restart', async () => {
  const world = await DeskWorld.open();
  await world.drained(world.desk.adjust(order({ cash: '5' })));
  expect(await world.drained(world.desk.adjust(order({ cash: '5' })))).toBe('duplicate');
  const again = await DeskWorld.open({
    log: new ScriptedAppendLog(world.log.durable),
    driver: world.driver,
  });
  expect(await again.drained(again.desk.adjust(order({ cash: '5' })))).toBe('duplicate');
  expect(state(again)).toEqual([0, '100005']);
});

describe('is refused, and leaves no trace', () => {
  test.for<[Partial<AdjustOrder>, string]>([
    [{ by: system('robot') }, 'PRINCIPAL_REQUIRED'],
    [{ reason: '' }, 'PRINCIPAL_REQUIRED'],
    [{ accountId: 'theirs' }, 'ACCOUNT_UNKNOWN'],
    [{ position: { ...position, instrumentId: 'TIN' } }, 'INSTRUMENT_UNKNOWN'],
    [{ position: { ...position, quantity: '0.5' } }, 'INPUT_INVALID'],
    [{ position: { ...position, quantity: 'many' } }, 'NUMBER_INVALID'],
    [{ position: { ...position, price: 'dear' } }, 'NUMBER_INVALID'],
    [{ cash: 'all' }, 'NUMBER_INVALID'],
    [{ cash: 1 as never }, 'NUMBER_INVALID'],
    [{ cash: '9007199255' }, 'NUMBER_INVALID'],
    [{ position: { ...position, price: '9007199255' } }, 'NUMBER_INVALID'],
  ])('%o: %s', async ([overrides, code]) => {
    const world = await DeskWorld.open();
    await expect(world.desk.adjust(order(overrides))).rejects.toMatchObject({ code });
    expect([...state(world), world.log.pending]).toEqual([0, '100000', 0]);
  });
});

test('that cannot be written down is counted, says so, and halts', async () => {
  const world = await DeskWorld.open();
  const adjusting = world.desk.adjust(order({ cash: '5' }));
  world.log.fail();
  await expect(adjusting).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED' });
  expect([...state(world), world.trading]).toEqual([0, '100005', 'halted']);
});
