import { describe, expect, test } from 'vitest';
import { person, system } from '../../src/core/index.ts';
import type { FlattenOrder, FlattenReport } from '../../src/desk/index.ts';
import type { PlaceScript } from '../support/scripted-driver.ts';
import { FIRM, type Scope } from '../../src/risk/index.ts';
import { defineInstrument } from '../../src/trading/index.ts';
import { DeskWorld, intent } from '../support/desk-world.ts';
import { never } from '../support/scripted-driver.ts';

const BY = person('ada');
const ACCOUNTS = ['acc', 'two'].map((accountId) => ({ accountId, currency: 'USDT', balance: '100000' }));
const order = (overrides: Partial<FlattenOrder> = {}): FlattenOrder => ({
  scope: FIRM,
  by: BY,
  reason: 'enough',
  ...overrides,
});

/** Fills an immediate order by so much in the tick after it was accepted, and cancels the rest. */
const filling =
  ({ driver, clock }: DeskWorld, most = Infinity): PlaceScript =>
  ({ clientOrderId, quantity }) => {
    void clock.turn().then(() => {
      const filled = Math.min(Number(quantity), most);
      driver.fill(clientOrderId, `fill-${clientOrderId}`, String(filled), { price: '99' });
      if (filled < Number(quantity))
        driver.tell({ type: 'cancelled', clientOrderId, cumulative: String(filled) });
    });
    return Promise.resolve({ status: 'accepted' });
  };

/** Cancels what it is asked to cancel. */
const cancelling = ({ driver }: DeskWorld): void => {
  driver.onCancel = (clientOrderId) => {
    driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
    return Promise.resolve();
  };
};

/** Positions of 10 gold and 5 silver, and a working order to buy 10 more gold. */
async function invested(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await DeskWorld.open({ accounts: ACCOUNTS, ...options });
  await world.position('10');
  await world.position('5', 'SILVER');
  await world.drained(world.desk.submit(intent()));
  cancelling(world);
  world.driver.placed.length = 0;
  world.driver.onPlace = filling(world);
  return world;
}

/** Flattens while disk and clock move on. */
async function flattened(world: DeskWorld, overrides: Partial<FlattenOrder> = {}): Promise<FlattenReport> {
  const waiting = world.desk.flatten(order(overrides));
  for (let seconds = 0; seconds < 60; seconds += 1) {
    const result = await world.throughTurns(waiting);
    if (result !== undefined) return result;
    world.clock.advance(1_000);
  }
  throw new Error('flatten does not end');
}

const codesOf = (report: FlattenReport): unknown[] =>
  report.positions.map(({ outcomes }) =>
    outcomes.map((outcome) =>
      outcome.kind === 'denied' ? outcome.denials.map(({ code }) => code) : outcome.kind,
    ),
  );

describe('flatten', () => {
  test('cancels what works, then sells what is long, at the market', async () => {
    const world = await invested();
    const report = await flattened(world);
    expect(report).toMatchObject({
      flat: true,
      left: [],
      positions: [
        {
          accountId: 'acc',
          instrumentId: 'GOLD',
          before: '10',
          after: '0',
          outcomes: [{ kind: 'accepted' }],
        },
        {
          accountId: 'acc',
          instrumentId: 'SILVER',
          before: '5',
          after: '0',
          outcomes: [{ kind: 'accepted' }],
        },
      ],
    });
    expect(world.driver.placed).toMatchObject([
      { instrumentId: 'GOLD', side: 'sell', quantity: '10', timeInForce: 'IOC', postOnly: false },
      { instrumentId: 'SILVER', side: 'sell', quantity: '5' },
    ]);
    expect([world.driver.cancels.length, world.cell(), world.cell('SILVER').pos]).toEqual([
      1,
      { pos: 0, buy: 0, sell: 0 },
      0,
    ]);
  });

  test('buys back what is short', async () => {
    const world = await DeskWorld.open();
    const position = { instrumentId: 'GOLD', quantity: '-7', price: '100' };
    const short = { adjustmentId: 'a', accountId: 'acc', position, by: BY, reason: 'test' };
    await world.drained(world.desk.adjust(short));
    world.driver.onPlace = filling(world);
    expect(await flattened(world)).toMatchObject({ flat: true, positions: [{ before: '-7', after: '0' }] });
    expect(world.driver.placed).toMatchObject([{ side: 'buy', quantity: '7' }]);
  });

  test('goes no further from the touch than it is told', async () => {
    const world = await invested();
    await flattened(world, { scope: { kind: 'instrument', id: 'GOLD' }, maxSlippageBps: 200 });
    expect(world.driver.placed).toMatchObject([{ price: '98' }]); // 99 less 2 %, rounded towards the mark
  });

  test('has nothing to do where there is nothing', async () => {
    const world = await DeskWorld.open();
    expect(await flattened(world)).toEqual({ flat: true, positions: [], left: [] });
  });

  test('sends another exit for what the one before has left, five times at most', async () => {
    const world = await invested();
    world.driver.onPlace = filling(world, 3);
    const report = await flattened(world, { scope: { kind: 'instrument', id: 'GOLD' } });
    expect(report).toMatchObject({ flat: true, positions: [{ before: '10', after: '0' }] });
    expect(world.driver.placed.map(({ quantity }) => quantity)).toEqual(['10', '7', '4', '1']);

    const slow = await invested();
    slow.driver.onPlace = filling(slow, 1);
    const partly = await flattened(slow, { scope: { kind: 'instrument', id: 'GOLD' } });
    expect(partly).toMatchObject({ flat: false, left: [], positions: [{ before: '10', after: '5' }] });
    expect(slow.driver.placed).toHaveLength(5);
  });

  test('tells instruments apart whose long names begin alike', async () => {
    const named = (end: string) => {
      const instrumentId = `${'X'.repeat(60)}${end}`;
      return defineInstrument({ instrumentId, base: `B${end}`, quote: 'USDT', tick: '1', step: '1' });
    };
    const instruments = [named('one'), named('two')];
    const world = await DeskWorld.open({ instruments });
    world.driver.onPlace = filling(world);
    for (const { instrumentId } of instruments) {
      const position = { instrumentId, quantity: '5', price: '100' };
      const order = { adjustmentId: instrumentId, accountId: 'acc', position, by: BY, reason: 'test' };
      await world.drained(world.desk.adjust(order));
      world.mark(100, instrumentId);
    }
    expect((await flattened(world)).flat).toBe(true);
    expect(world.driver.placed).toHaveLength(2);
  });

  test('stops where an exit brings nothing', async () => {
    const world = await invested();
    world.driver.onPlace = ({ clientOrderId }) => {
      void world.clock.turn().then(() => {
        world.driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
      });
      return Promise.resolve({ status: 'accepted' });
    };
    const report = await flattened(world, { scope: { kind: 'instrument', id: 'GOLD' } });
    expect(report).toMatchObject({ flat: false, positions: [{ before: '10', after: '10' }] });
    expect(world.driver.placed).toHaveLength(1);
  });
});

describe('only a named person with a reason', () => {
  test.for<Partial<FlattenOrder>>([
    { by: system('robot') },
    { reason: ' ' },
    { by: { kind: 'person', id: '' } as never },
  ])('not %o', async (overrides) => {
    const world = await invested();
    await expect(world.desk.flatten(order(overrides))).rejects.toMatchObject({ code: 'PRINCIPAL_REQUIRED' });
    expect([world.driver.placed, world.driver.cancels]).toEqual([[], []]);
  });

  test('and it is audited, with what became of it', async () => {
    const audited: Record<string, unknown>[] = [];
    const audit = {
      record: (event: object) => {
        audited.push({ ...event });
        return Promise.resolve({} as never);
      },
    };
    const world = await invested({ deps: { audit } });
    await flattened(world);
    expect(audited.find(({ kind }) => kind === 'desk.flattened')).toMatchObject({
      scope: { kind: 'firm' },
      reason: 'enough',
      flat: true,
      positions: [{ before: '10', after: '0' }, { before: '5' }],
    });
  });

  test('a strategy has no positions of its own', async () => {
    const world = await invested();
    const scope: Scope = { kind: 'strategy', id: 'strat' };
    await expect(world.desk.flatten(order({ scope }))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    expect(world.driver.cancels).toEqual([]);
  });
});

describe('the way out', () => {
  test('of halted: exactly these exits pass, nothing else does, before, meanwhile or after', async () => {
    const world = await invested();
    await world.drained(world.killSwitch.trip({ scope: FIRM, to: 'halted', reason: 'test', by: BY }));
    const exit = (intentId: string) =>
      world.desk.submit(
        intent({
          intentId,
          instrumentId: 'SILVER',
          side: 'sell',
          quantity: '1',
          price: { type: 'limit', limit: '105' },
        }),
      );
    const halted = { denials: [{ code: 'KILL_SWITCH_HALTED' }] };
    expect(await exit('before')).toMatchObject(halted);
    const waiting = flattened(world, { scope: { kind: 'instrument', id: 'GOLD' } });
    await world.turn();
    expect(world.cell().sell).toBe(10);
    expect(await exit('meanwhile')).toMatchObject(halted);
    expect(await waiting).toMatchObject({ flat: true });
    expect(await exit('after')).toMatchObject(halted);
    expect(world.trading).toBe('halted');
  });

  test('of a desk that has been stopped', async () => {
    const world = await invested();
    void world.desk.stop();
    await world.drain();
    expect(await flattened(world)).toMatchObject({ flat: true });
  });

  test('of a desk that is not reconciled, or not connected', async () => {
    const world = await invested();
    world.driver.tell({ type: 'disconnected', reason: 'test' });
    expect(await flattened(world)).toMatchObject({ flat: true });
  });

  test('leads through every other gate: bad market data are reported as denials', async () => {
    const world = await invested();
    world.clock.advance(61_000);
    const report = await flattened(world);
    expect(report).toMatchObject({ flat: false, left: [] });
    expect(codesOf(report)).toEqual([
      [expect.arrayContaining(['MARKET_DATA_STALE'])],
      [expect.arrayContaining(['MARKET_DATA_STALE'])],
    ]);
    expect(world.driver.placed).toEqual([]);
  });
});

test('a permit that was not used does not outlive it', async () => {
  const world = await invested();
  await world.drained(world.killSwitch.trip({ scope: FIRM, to: 'halted', reason: 'test', by: BY }));
  world.clock.advance(61_000);
  const report = await flattened(world);
  expect(report.flat).toBe(false);
  world.mark(100);
  world.mark(100, 'SILVER');
  const forged = intent({
    intentId: `${world.clock.nowMs()}.GOLD.1`,
    strategyId: 'flatten',
    side: 'sell',
    price: { type: 'limit', limit: '105' },
  });
  expect(await world.desk.submit(forged)).toMatchObject({ denials: [{ code: 'KILL_SWITCH_HALTED' }] });
});

describe('in scope', () => {
  test.for<[Scope, string[]]>([
    [FIRM, ['acc GOLD', 'acc SILVER', 'two GOLD']],
    [{ kind: 'venue', id: 'scripted' }, ['acc GOLD', 'acc SILVER', 'two GOLD']],
    [{ kind: 'venue', id: 'other' }, []],
    [{ kind: 'account', id: 'two' }, ['two GOLD']],
    [{ kind: 'instrument', id: 'GOLD' }, ['acc GOLD', 'two GOLD']],
  ])('%o are %o', async ([scope, positions]) => {
    const world = await invested();
    const position = { instrumentId: 'GOLD', quantity: '2', price: '100' };
    const more = { adjustmentId: 'a', accountId: 'two', position, by: BY, reason: 'test' };
    await world.drained(world.desk.adjust(more));
    const report = await flattened(world, { scope });
    expect(report.flat).toBe(true);
    expect(report.positions.map((one) => `${one.accountId} ${one.instrumentId}`)).toEqual(positions);
    expect(world.driver.placed).toHaveLength(positions.length);
  });
});

describe('what is not confirmed is reported', () => {
  test('an exit without an answer: no second one for the same position', async () => {
    const world = await invested();
    world.driver.onPlace = never;
    const report = await flattened(world, { scope: { kind: 'instrument', id: 'GOLD' } });
    expect(report).toMatchObject({
      flat: false,
      positions: [{ outcomes: [{ kind: 'unknown' }], after: '10' }],
    });
    expect(report.left).toEqual([world.driver.placed[0]?.clientOrderId]);
    world.driver.onCancel = () => Promise.resolve();
    const again = await flattened(world, { scope: { kind: 'instrument', id: 'GOLD' } });
    expect(codesOf(again)).toEqual([[['EXIT_ALREADY_WORKING']]]);
    expect(world.driver.placed).toHaveLength(1);
  });

  test('an order that could not be cancelled is left; the exits go nevertheless', async () => {
    const world = await invested();
    world.driver.onCancel = () => Promise.reject(new Error('no'));
    const report = await flattened(world);
    expect(report).toMatchObject({ flat: false, positions: [{ after: '0' }, { after: '0' }] });
    expect(report.left).toHaveLength(1);
  });

  test('an exit that the venue rejects', async () => {
    const world = await invested();
    world.driver.onPlace = () => Promise.resolve({ status: 'rejected', reason: 'closed' });
    const report = await flattened(world);
    expect([report.flat, codesOf(report)]).toEqual([false, [['rejected'], ['rejected']]]);
    expect(world.driver.placed).toHaveLength(2);
  });
});
