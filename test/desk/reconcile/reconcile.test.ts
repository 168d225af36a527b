import { describe, expect, test } from 'vitest';
import type { DeskAnomaly, VenueOrderReport } from '../../../src/desk/index.ts';
import { DeskWorld, NOON_MS, ONE_ID, idOf, intent, report, venueFill } from '../../support/desk-world.ts';
import { failing, never } from '../../support/scripted-driver.ts';

const OPTIONS = { desk: { reconcileEveryMs: 'never' as const } };

const opened = (options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> =>
  DeskWorld.open({ ...options, desk: { ...OPTIONS.desk, ...options.desk } });

/** A desk with one working order to buy 10. */
async function working(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await opened(options);
  await world.drained(world.desk.submit(intent()));
  return world;
}

/** When several looks have been made, and the grace period since the first is over. */
const GRACE_MS = 40_000;

const codes = (world: DeskWorld): DeskAnomaly['code'][] => world.anomalies.map(({ code }) => code);
const stateOf = (world: DeskWorld) => world.book.order(ONE_ID)?.state;
const answer =
  <T>(value: T) =>
  () =>
    Promise.resolve(value);

test('finds nothing where all agrees, and says when it looked', async () => {
  const world = await working();
  world.driver.fill(ONE_ID, 'x', '4');
  await world.drain();
  expect(await world.reconciled()).toEqual({
    kind: 'reconciled',
    atMs: NOON_MS,
    differences: [],
    inDoubt: [],
  });
});

test('tells every listener what it found', async () => {
  const world = await working();
  const result = await world.reconciled();
  expect(world.told.at(-1)).toEqual({ kind: 'reconciled', result });
});

describe('open orders', () => {
  test('an order of ours that has ended there ends here', async () => {
    const world = await working();
    world.driver.memory.told({ type: 'cancelled', clientOrderId: ONE_ID }, 0);
    expect(await world.reconciled()).toMatchObject({
      differences: [
        {
          code: 'ORDER_SETTLED',
          settled: true,
          detail: 'working for us, cancelled at the venue',
          accountId: 'acc',
          instrumentId: 'GOLD',
          clientOrderId: ONE_ID,
        },
      ],
    });
    expect([stateOf(world), world.cell().buy, world.trading]).toEqual(['cancelled', 0, 'active']);
    expect(await world.differences()).toEqual([]);
  });

  test('an order in doubt that works there works here', async () => {
    const world = await opened();
    await world.unanswered();
    world.driver.memory.told({ type: 'accepted', clientOrderId: ONE_ID }, 0);
    expect(await world.differences()).toEqual(['ORDER_SETTLED']);
    expect([stateOf(world), await world.differences()]).toEqual(['working', []]);
  });

  test('an order in doubt that is not known there stays in doubt within its grace period, and is listed', async () => {
    const world = await opened();
    await world.unanswered();
    expect(await world.reconciled()).toMatchObject({ differences: [], inDoubt: [ONE_ID] });
    expect([stateOf(world), world.cell().buy]).toEqual(['unknown', 10]);
  });

  test('a working order that is not known there is in doubt from then on', async () => {
    const world = await working();
    world.driver.onOpenOrders = answer([]);
    world.driver.onLookup = answer(undefined);
    expect(await world.reconciled()).toMatchObject({ inDoubt: [ONE_ID] });
    expect([stateOf(world), world.cell().buy]).toEqual(['unknown', 10]);
    await world.later(60_000, 500);
    expect([stateOf(world), world.cell().buy]).toEqual(['rejected', 0]);
  });

  test('an order that is still being placed is not missed, however late its answer', async () => {
    const world = await opened();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    await world.drain();
    expect(await world.differences()).toEqual([]);
    expect(world.driver.asked).not.toContain(`lookup ${ONE_ID}`);
    expect(stateOf(world)).toBe('submitting');
  });

  test('an order that was placed after the venue was asked is not missed', async () => {
    const world = await opened();
    world.driver.onOpenOrders = async () => {
      void world.desk.submit(intent());
      await world.drain();
      return [];
    };
    expect(await world.differences()).toEqual([]);
    expect(stateOf(world)).toBe('working');
    expect(world.driver.asked).not.toContain(`lookup ${ONE_ID}`);
  });

  test('an order that ended while the venue was asked is not taken for one that is still open', async () => {
    const world = await working();
    world.driver.onOpenOrders = () => {
      const listed = world.driver.memory.openOrders();
      world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
      return Promise.resolve(listed);
    };
    expect(await world.differences()).toEqual([]);
    expect([world.trading, world.driver.cancels]).toEqual(['active', []]);
  });

  test('an order that was amended while the venue was asked keeps its new terms', async () => {
    const world = await working();
    world.driver.onOpenOrders = async () => {
      const listed = world.driver.memory.openOrders();
      await world.drained(world.desk.amend(ONE_ID, { quantity: '15' }));
      return listed;
    };
    expect(await world.differences()).toEqual([]);
    expect([world.cell().buy, world.trading]).toEqual([15, 'active']);
  });

  test('an order whose cancel the venue took and forgot is cancelled again, at each comparison', async () => {
    const world = await working();
    await world.drained(world.desk.cancel(ONE_ID));
    expect([await world.differences(), await world.differences()]).toEqual([[], []]);
    expect([world.driver.cancels, stateOf(world)]).toEqual([[ONE_ID, ONE_ID, ONE_ID], 'cancelPending']);
  });

  test('an order that nobody wants to cancel is not', async () => {
    const world = await working();
    await world.reconciled();
    expect(world.driver.cancels).toEqual([]);
  });

  test('one that we never sent is told, and restricts trading once', async () => {
    const world = await working();
    const theirs = report({ clientOrderId: 'theirs', side: 'sell', quantity: '3', price: '120' });
    world.driver.onOpenOrders = () => Promise.resolve([...world.driver.memory.openOrders(), theirs]);
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'ORDER_FOREIGN', settled: false, detail: 'order theirs: sell 3 at 120' }],
    });
    expect(await world.differences()).toEqual(['ORDER_FOREIGN open']);
    expect([codes(world), world.trading]).toEqual([['ORDER_FOREIGN'], 'reducing']);
    expect(new Set(world.driver.cancels)).toEqual(new Set([ONE_ID])); // ours does not reduce; theirs is theirs
  });

  test.for<[Partial<VenueOrderReport>, string]>([
    [{ venueOrderId: 'v7' }, 'order v7: buy 10 at 100'],
    [{}, 'order without an id: buy 10 at 100'],
  ])('one without an id of ours is named as well as it can be: %o', async ([ids, detail]) => {
    const world = await opened();
    const { clientOrderId: _ours, ...nameless } = report();
    world.driver.onOpenOrders = answer([{ ...nameless, ...ids }]);
    expect(await world.reconciled()).toMatchObject({ differences: [{ code: 'ORDER_FOREIGN', detail }] });
  });

  test('those of an account that we do not have are not ours to judge', async () => {
    const world = await opened();
    world.driver.onOpenOrders = answer([report({ clientOrderId: 'theirs', accountId: 'other' })]);
    expect(await world.differences()).toEqual([]);
  });

  test('an order that is over for us and still open there is cancelled, and restricts trading once several looks say so', async () => {
    const world = await working();
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    world.driver.onLookup = answer(report());
    world.driver.onOpenOrders = answer([report()]);
    expect(await world.differences()).toEqual([]);
    expect([world.driver.cancels, world.trading]).toEqual([[ONE_ID], 'active']);
    await world.later(GRACE_MS, 500);
    expect(await world.reconciled()).toMatchObject({
      differences: [
        { code: 'ORDER_STILL_OPEN', settled: false, detail: 'cancelled for us, working at the venue' },
      ],
    });
    expect([codes(world), world.trading]).toEqual([['ORDER_STILL_OPEN'], 'reducing']);
  });

  test('an order that is over for us and still open in an answer that lags is over for both', async () => {
    const world = await working();
    const listed = world.driver.memory.openOrders();
    const { onOpenOrders, onLookup } = world.driver;
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    world.driver.onOpenOrders = answer(listed);
    world.driver.onLookup = answer(listed[0]);
    expect(await world.differences()).toEqual([]);
    Object.assign(world.driver, { onOpenOrders, onLookup });
    await world.later(GRACE_MS, 500);
    world.driver.asked.length = 0;
    await world.later(GRACE_MS, 500);
    expect([codes(world), world.trading, world.driver.asked]).toEqual([[], 'active', []]);
  });

  test('a rejected order that works there holds again once several looks say so', async () => {
    const world = await opened();
    world.driver.onPlace = answer({ status: 'rejected' as const, reason: 'no' });
    await world.drained(world.desk.submit(intent()));
    world.driver.onLookup = answer(report());
    world.driver.onOpenOrders = answer([report()]);
    expect([await world.differences(), world.cell().buy]).toEqual([[], 0]);
    await world.later(GRACE_MS, 500);
    expect(codes(world)).toContain('ORDER_STILL_OPEN');
    expect(world.cell().buy).toBe(10);
    expect(world.driver.cancels).toContain(ONE_ID);
    expect(world.trading).toBe('reducing');
  });

  test('other terms than ours are taken over, and restrict trading', async () => {
    const world = await working();
    world.driver.onOpenOrders = answer([report({ quantity: '12', price: '101' })]);
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'ORDER_CHANGED', settled: true, detail: '12 at 101 at the venue' }],
    });
    expect([world.cell().buy, world.trading]).toEqual([12, 'reducing']);
    expect(await world.differences()).toEqual([]);
  });

  test.for<Partial<VenueOrderReport>>([
    { side: 'sell' },
    { instrumentId: 'SILVER' },
    { accountId: 'other' },
    { quantity: '10.5' },
    { price: '0' },
    { cumulative: '0.5' },
  ])(
    'under an id of ours something else: nothing is taken over, trading is restricted: %o',
    async (other) => {
      const world = await working();
      world.driver.onOpenOrders = answer([report(other)]);
      world.driver.onLookup = answer(report(other));
      expect(await world.differences()).toEqual(['ORDER_CHANGED open']);
      expect([world.cell().buy, world.trading]).toEqual([10, 'reducing']);
    },
  );
});

describe('fills', () => {
  test('what we were not told of is booked', async () => {
    const world = await working();
    world.driver.memory.told(
      { type: 'filled', ...venueFill({ price: '99' }), clientOrderId: ONE_ID },
      NOON_MS,
    );
    expect(await world.differences()).toEqual(['FILL_MISSED']);
    expect([world.cell(), world.trading]).toEqual([{ pos: 4, buy: 6, sell: 0 }, 'active']);
    expect(await world.differences()).toEqual([]);
  });

  test('what has been filled in all beyond what is listed restricts trading once several looks say so; the hold stays', async () => {
    const world = await working();
    world.driver.onOpenOrders = answer([report({ cumulative: '4' })]);
    world.driver.onLookup = answer(report({ cumulative: '4' }));
    expect([await world.differences(), world.trading]).toEqual([[], 'active']);
    await world.later(GRACE_MS, 500);
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'FILL_UNLISTED', settled: false, detail: '4 filled in all, 0 listed' }],
    });
    expect([world.cell(), world.trading]).toEqual([{ pos: 0, buy: 10, sell: 0 }, 'reducing']);
    expect(codes(world)).toEqual(['FILL_UNLISTED']);
  });

  test('a list of fills that lags behind the orders restricts nothing: the fill is booked when it is listed', async () => {
    const world = await working();
    world.driver.memory.told({ type: 'filled', ...venueFill(), clientOrderId: ONE_ID }, NOON_MS);
    const { onFills } = world.driver;
    world.driver.onFills = (sinceMs, signal) =>
      world.clock.nowMs() < NOON_MS + 2_200 ? Promise.resolve([]) : onFills(sinceMs, signal);
    world.driver.onPositions = answer([]);
    expect([await world.differences(), world.cell().pos]).toEqual([[], 0]);
    await world.later(5_000, 100);
    expect([codes(world), world.cell(), world.trading]).toEqual([[], { pos: 4, buy: 6, sell: 0 }, 'active']);
  });
});

describe('positions and balances', () => {
  const other = [{ accountId: 'acc', instrumentId: 'GOLD', quantity: '3' }];

  test('are looked at three times, a second apart, before they count', async () => {
    const world = await opened();
    const at: number[] = [];
    world.driver.onPositions = () => {
      at.push(world.clock.nowMs() - NOON_MS);
      return Promise.resolve(other);
    };
    expect(await world.reconciled()).toMatchObject({
      differences: [
        {
          code: 'POSITION_MISMATCH',
          settled: false,
          detail: 'position 0 in the Book, 3 at the venue',
          accountId: 'acc',
          instrumentId: 'GOLD',
        },
      ],
    });
    expect([at, world.trading]).toEqual([[0, 1_000, 2_000], 'reducing']);
  });

  test('that agree at the last look have not differed', async () => {
    const world = await opened();
    let looks = 0;
    world.driver.onPositions = () => Promise.resolve((looks += 1) < 3 ? other : []);
    expect([await world.differences(), looks, world.trading]).toEqual([[], 3, 'active']);
  });

  test('of which another one differs at each look, or by another amount, do not differ', async () => {
    const world = await opened();
    const gold = (quantity: string) => ({ accountId: 'acc', instrumentId: 'GOLD', quantity });
    const answers = [[gold('1')], [{ ...gold('1'), instrumentId: 'SILVER' }], [gold('3')]];
    world.driver.onPositions = () => Promise.resolve(answers.shift() ?? []);
    expect([await world.differences(), world.trading]).toEqual([[], 'active']);
    const amounts = ['1', '2', '3'];
    world.driver.onPositions = () => Promise.resolve([gold(amounts.shift() ?? '0')]);
    expect([await world.differences(), world.trading]).toEqual([[], 'active']);
  });

  test('of which only one lasts are that one', async () => {
    const world = await opened();
    let looks = 0;
    const silver = { accountId: 'acc', instrumentId: 'SILVER', quantity: '1' };
    world.driver.onPositions = () => Promise.resolve((looks += 1) === 2 ? other : [...other, silver]);
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'POSITION_MISMATCH', instrumentId: 'GOLD' }],
    });
  });

  test.for(['onPositions', 'onBalances'] as const)(
    'that move between question and answer do not differ, however often: %s',
    async (question) => {
      const world = await working();
      const { driver, book } = world;
      let looks = 0;
      driver[question] = (): Promise<never> => {
        const quantity = String(book.cell('acc', 'GOLD')?.pos ?? 0);
        const amount = book.account('acc')?.cash.toFixed() ?? '';
        driver.fill(ONE_ID, `fill-${(looks += 1)}`, '1');
        const listed =
          question === 'onPositions'
            ? { accountId: 'acc', instrumentId: 'GOLD', quantity }
            : { accountId: 'acc', currency: 'USDT', amount };
        return Promise.resolve([listed] as never);
      };
      for (const pass of [1, 2, 3]) {
        expect([await world.differences(), world.trading, looks]).toEqual([[], 'active', pass]);
      }
    },
  );

  test('that differ by the same amount count although fills come between the looks', async () => {
    const world = await working();
    let looks = 0;
    world.driver.onPositions = () => {
      const quantity = String((world.book.cell('acc', 'GOLD')?.pos ?? 0) + 3);
      void world.clock.turn().then(() => {
        world.driver.fill(ONE_ID, `fill-${(looks += 1)}`, '1');
      });
      return Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity }]);
    };
    world.driver.onBalances = async () => {
      await world.clock.turn();
      return [];
    };
    expect(await world.reconciled()).toMatchObject({
      differences: [{ code: 'POSITION_MISMATCH', amount: '3' }],
    });
    expect(looks).toBe(3);
  });

  test('a fill that arrives meanwhile explains it', async () => {
    const world = await working();
    let looks = 0;
    world.driver.onPositions = () => {
      if ((looks += 1) === 2) world.driver.fill(ONE_ID, 'x', '4');
      return Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    };
    expect([await world.differences(), world.cell().pos]).toEqual([[], 4]);
  });

  test('a fill that is listed meanwhile is booked', async () => {
    const world = await working();
    let looks = 0;
    world.driver.onFills = () => Promise.resolve(looks === 0 ? [] : [venueFill()]);
    world.driver.onPositions = () => {
      looks += 1;
      return Promise.resolve([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '4' }]);
    };
    expect([await world.differences(), world.cell().pos]).toEqual([['FILL_MISSED'], 4]);
  });

  test('restrict trading once for as long as they last, and again when they differ anew', async () => {
    const world = await opened();
    world.driver.onPositions = answer(other);
    await world.reconciled();
    await world.reconciled();
    expect(codes(world)).toEqual(['POSITION_MISMATCH']);
    world.driver.onPositions = answer([]);
    await world.reconciled();
    world.driver.onPositions = answer(other);
    await world.reconciled();
    expect(codes(world)).toEqual(['POSITION_MISMATCH', 'POSITION_MISMATCH']);
  });

  test('a difference that grows is another difference', async () => {
    const world = await opened();
    world.driver.onBalances = answer([{ accountId: 'acc', currency: 'USDT', amount: '99999' }]);
    await world.reconciled();
    world.driver.onBalances = answer([{ accountId: 'acc', currency: 'USDT', amount: '99998' }]);
    await world.reconciled();
    expect(codes(world)).toEqual(['BALANCE_MISMATCH', 'BALANCE_MISMATCH']);
  });
});

describe('a venue that cannot be asked', () => {
  test.for(['onOpenOrders', 'onFills', 'onPositions', 'onBalances'] as const)(
    '%s fails: nothing is known, and the reason is named',
    async (question) => {
      const world = await working();
      world.driver[question] = failing('socket closed');
      expect(await world.reconciled()).toMatchObject({
        kind: 'failed',
        atMs: NOON_MS,
        reason: expect.stringMatching(/^(open orders|fills|positions|balances): socket closed$/) as string,
      });
      expect([stateOf(world), world.cell().buy]).toEqual(['working', 10]);
    },
  );

  test('a look-up that fails is no comparison either', async () => {
    const world = await opened();
    await world.unanswered();
    world.driver.onLookup = failing('socket closed');
    expect(await world.reconciled()).toMatchObject({ kind: 'failed', reason: 'order: socket closed' });
  });

  test.for<[string, unknown]>([
    ['onOpenOrders', null],
    ['onOpenOrders', [{}]],
    ['onOpenOrders', [{ ...report(), state: 'open' }]],
    ['onFills', [{ ...venueFill(), executionId: '' }]],
    ['onFills', [{ ...venueFill(), atMs: NaN }]],
    ['onFills', 'none'],
    ['onPositions', [{ accountId: 'acc', instrumentId: 'GOLD', quantity: 3 }]],
    ['onBalances', [{ accountId: 'acc', currency: 'USDT', amount: 'all' }]],
  ])('%s with nonsense is no answer: %o', async ([question, nonsense]) => {
    const world = await working();
    Object.assign(world.driver, { [question]: answer(nonsense) });
    expect(await world.reconciled()).toMatchObject({ kind: 'failed' });
    expect([stateOf(world), world.cell().buy]).toEqual(['working', 10]);
  });

  test('one that never answers is waited for no longer than it may take', async () => {
    const world = await opened();
    world.driver.onPositions = never;
    expect(await world.reconciled()).toMatchObject({ reason: 'positions: no answer within 5000 ms' });
  });
});

test('two at once are one', async () => {
  const world = await working();
  const [first, second] = [world.desk.reconcile(), world.desk.reconcile()];
  expect(await world.throughTurns(first)).toBe(await world.throughTurns(second));
  expect(world.driver.asked.filter((asked) => asked === 'openOrders')).toHaveLength(1);
});

test('one that waits for a second look ends when the desk is stopped', async () => {
  const world = await opened();
  world.driver.onPositions = answer([{ accountId: 'acc', instrumentId: 'GOLD', quantity: '3' }]);
  const waiting = world.desk.reconcile();
  await world.drain();
  void world.desk.stop();
  expect(await world.throughTurns(waiting)).toEqual({
    kind: 'failed',
    atMs: NOON_MS,
    reason: 'the desk has been stopped',
  });
});

test('a second one right after finds nothing of all that the first could settle', async () => {
  const world = await working();
  await world.drained(world.desk.submit(intent({ intentId: 'two', quantity: '5' })));
  await world.unanswered({ intentId: 'three', quantity: '3' });
  const { memory } = world.driver;
  memory.told({ type: 'filled', ...venueFill(), clientOrderId: ONE_ID }, 0);
  memory.told({ type: 'expired', clientOrderId: ONE_ID }, 0);
  memory.told({ type: 'cancelled', clientOrderId: idOf('two') }, 0);
  memory.told({ type: 'rejected', clientOrderId: idOf('three'), reason: 'no' }, 0);
  expect(await world.differences()).toEqual([
    'FILL_MISSED',
    'ORDER_SETTLED',
    'ORDER_SETTLED',
    'ORDER_SETTLED',
  ]);
  expect([await world.differences(), world.cell()]).toEqual([[], { pos: 4, buy: 0, sell: 0 }]);
});
