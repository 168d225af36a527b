import { describe, expect, test } from 'vitest';
import { ManualClock, TradingDay, lots } from '../../src/core/index.ts';
import { Journal, OrderDesk, PaperVenue, Venue } from '../../src/desk/index.ts';
import { type ExecutionLimitsInput, ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard, type RiskLimitsInput } from '../../src/risk/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../src/storage/index.ts';
import { Book, type Instrument, type OrderIntent } from '../../src/trading/index.ts';
import {
  DeskWorld,
  GOLD,
  INSTRUMENTS,
  NOON_MS,
  TIMEOUT_MS,
  WIDE_EXECUTION,
  WIDE_RISK,
  idOf,
  intent,
  view,
} from '../support/desk-world.ts';
import { failing, never } from '../support/scripted-driver.ts';

const ACCOUNTS = ['acc', 'other'].map((accountId) => ({ accountId, currency: 'USDT', balance: '100000' }));
const SALE = idOf('sale', 'other');
const limit = (price: string) => ({ type: 'limit', limit: price, postOnly: false }) as const;
/** A purchase that reaches the sale. */
const purchase = (overrides: Partial<OrderIntent> = {}): OrderIntent =>
  intent({ intentId: 'purchase', price: limit('105'), ...overrides });
const PURCHASE = idOf('purchase');
const selfTrade = (note = SALE) => ({
  gate: 'self-trade',
  code: 'SELF_TRADE',
  measured: '105',
  limit: '105',
  note,
});

/** A desk where a sale of 10 at 105, by another account, rests; its venue cancels at once. */
async function open(
  risk: Partial<RiskLimitsInput>,
  quantity = '10',
  execution: ExecutionLimitsInput = WIDE_EXECUTION,
  instruments: readonly Instrument[] = INSTRUMENTS,
) {
  const audited: Record<string, unknown>[] = [];
  const audit = {
    record: (event: object) => {
      audited.push({ ...event });
      return Promise.resolve({} as never);
    },
  };
  const world = await DeskWorld.open({ risk, execution, instruments, accounts: ACCOUNTS, deps: { audit } });
  const { driver, desk } = world;
  await world.drained(desk.submit(intent({ intentId: 'held', accountId: 'other', quantity: '30' })));
  driver.fill(idOf('held', 'other'), 'x', '30');
  await world.drain();
  const sale = intent({ intentId: 'sale', accountId: 'other', side: 'sell', quantity, price: limit('105') });
  await world.drained(desk.submit(sale));
  driver.placed.length = 0;
  driver.onCancel = (clientOrderId) => {
    driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
    return Promise.resolve();
  };
  const state = (id = SALE) => {
    const row = world.book.order(id);
    return row && [row.state, row.leaves];
  };
  const prevented = () => audited.filter(({ kind }) => kind === 'self-trade.prevented');
  return { world, driver, desk, state, prevented };
}

describe('self-trade prevention, off', () => {
  test('touches nothing, and orders meet', async () => {
    const { world, driver, desk, state } = await open({});
    const outcome = desk.submit(purchase());
    expect(world.book.order(PURCHASE)?.state).toBe('submitting'); // decided in the tick in which it was asked
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    expect([driver.cancels, state()]).toEqual([[], ['working', 10]]);
  });
});

describe('cancel-newest', () => {
  test('denies the entry, and leaves the resting order', async () => {
    const { world, driver, desk, state } = await open({ selfTrade: 'cancel-newest' });
    expect(await world.drained(desk.submit(purchase()))).toEqual({ kind: 'denied', denials: [selfTrade()] });
    expect([driver.cancels, state()]).toEqual([[], ['working', 10]]);
  });
});

describe('cancel-oldest', () => {
  const oldest = () => open({ selfTrade: 'cancel-oldest' });

  test('cancels what rests, and sends the entry when that has ended', async () => {
    const { world, driver, desk, state, prevented } = await oldest();
    const { onCancel } = driver;
    driver.onCancel = () => Promise.resolve(); // takes it, and says nothing yet
    const outcome = desk.submit(purchase());
    await world.drain();
    expect([driver.cancels, driver.placed]).toEqual([[SALE], []]);
    await onCancel(SALE, new AbortController().signal);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted', quantity: 10 });
    expect(driver.placed).toMatchObject([{ clientOrderId: PURCHASE, quantity: '10' }]);
    expect(state()).toEqual(['cancelled', 0]);
    expect(prevented()).toEqual([
      {
        kind: 'self-trade.prevented',
        by: { kind: 'system', id: 'order-desk' },
        clientOrderId: PURCHASE,
        accountId: 'acc',
        strategyId: 'strat',
        instrumentId: 'GOLD',
        cancelled: [SALE],
        left: [],
      },
    ]);
  });

  test('decides in the same tick where nothing is in the way', async () => {
    const { world, desk, driver } = await oldest();
    const outcome = desk.submit(purchase({ price: limit('104') }));
    expect(world.book.order(PURCHASE)?.state).toBe('submitting');
    await world.drained(outcome);
    expect(driver.cancels).toEqual([]);
  });

  test('waits as long as the venue may take, then denies the entry', async () => {
    const { world, desk, driver, prevented } = await oldest();
    driver.onCancel = never;
    const outcome = desk.submit(purchase());
    await world.later(TIMEOUT_MS);
    expect(await world.drained(outcome)).toEqual({ kind: 'denied', denials: [selfTrade()] });
    expect(prevented()).toMatchObject([{ cancelled: [SALE], left: [SALE] }]);
  });

  test('does not wait for what the venue refuses to cancel', async () => {
    const { world, desk, driver } = await oldest();
    driver.onCancel = failing('too late');
    expect(await world.drained(desk.submit(purchase()))).toEqual({ kind: 'denied', denials: [selfTrade()] });
  });

  test('asks once for a cancel that is under way', async () => {
    const { world, desk, driver } = await oldest();
    driver.onCancel = () => Promise.resolve();
    void desk.cancel(SALE);
    await world.drain();
    const outcome = desk.submit(purchase());
    await world.drain();
    expect(driver.cancels).toEqual([SALE]);
    driver.tell({ type: 'cancelled', clientOrderId: SALE, cumulative: '0' });
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
  });

  test('cancels nothing for an order that something else denies', async () => {
    const { world, desk, driver, state } = await open({ selfTrade: 'cancel-oldest', maxOrderQuantity: '30' });
    const outcome = await world.drained(desk.submit(purchase({ quantity: '31' })));
    expect(outcome).toMatchObject({
      denials: [{ code: 'ORDER_QUANTITY_LIMIT' }, { code: 'SELF_TRADE' }],
    });
    expect([driver.cancels, state()]).toEqual([[], ['working', 10]]);
  });

  test('cancels nothing for an intent that cannot be read, or is known', async () => {
    const { world, desk, driver } = await oldest();
    await world.drained(desk.submit(purchase({ quantity: 'many' })));
    await world.drained(desk.submit(purchase({ price: limit('90') })));
    const again = await world.drained(desk.submit(purchase({ price: limit('105') })));
    expect(again).toMatchObject({ denials: [{ code: 'INTENT_CHANGED' }] });
    expect(driver.cancels).toEqual([]);
  });

  test('what the caller changes while it waits changes nothing', async () => {
    const { world, desk, driver } = await oldest();
    const asked = { ...purchase() };
    const outcome = desk.submit(asked);
    asked.quantity = '500';
    await world.drained(outcome);
    expect(driver.placed).toMatchObject([{ quantity: '10' }]);
  });

  test('a desk that is stopped meanwhile sends nothing', async () => {
    const { world, desk, driver } = await oldest();
    driver.onCancel = () => Promise.resolve();
    const outcome = desk.submit(purchase());
    await world.drain();
    const stopped = desk.stop();
    driver.tell({ type: 'cancelled', clientOrderId: SALE, cumulative: '0' });
    await world.drain();
    expect(await outcome).toMatchObject({ denials: [{ code: 'DESK_STOPPED' }] });
    await world.drained(stopped);
    expect(driver.placed).toEqual([]);
  });
});

describe('decrement', () => {
  const less = (quantity: string) => open({ selfTrade: 'decrement' }, quantity);
  const because = (quantity: number, left: number, note = SALE) => ({
    gate: 'self-trade',
    code: 'SELF_TRADE',
    measured: quantity,
    limit: left,
    note,
  });

  test('takes the new one off the larger resting one, and sends nothing', async () => {
    const { world, desk, driver, state, prevented } = await less('25');
    expect(await world.drained(desk.submit(purchase()))).toEqual({
      kind: 'denied',
      denials: [because(10, 0)],
    });
    expect(driver.amends).toMatchObject([{ clientOrderId: SALE, quantity: '15' }]);
    expect([state(), driver.placed, driver.cancels]).toEqual([['working', 15], [], []]);
    expect(prevented()).toMatchObject([{ reduced: [SALE], cancelled: [], left: [] }]);
  });

  test('counts what has been filled of the resting one', async () => {
    const { world, desk, driver, state } = await less('25');
    driver.fill(SALE, 'y', '5', { price: '105' });
    await world.drain();
    await world.drained(desk.submit(purchase()));
    expect(driver.amends).toMatchObject([{ quantity: '15' }]);
    expect(state()).toEqual(['working', 10]);
  });

  test('takes the smaller resting one off the new one, and sends what is left', async () => {
    const { world, desk, driver, state } = await less('4');
    expect(await world.drained(desk.submit(purchase()))).toEqual({
      kind: 'accepted',
      clientOrderId: PURCHASE,
      quantity: 6,
      reduced: because(10, 6),
    });
    expect([driver.cancels, state()]).toEqual([[SALE], ['cancelled', 0]]);
    expect(driver.placed).toMatchObject([{ quantity: '6' }]);
    // The same intent again is the same order.
    expect(await world.drained(desk.submit(purchase()))).toMatchObject({ kind: 'duplicate' });
  });

  test('takes both off where they are equal', async () => {
    const { world, desk, driver, state } = await less('10');
    expect(await world.drained(desk.submit(purchase()))).toEqual({
      kind: 'denied',
      denials: [because(10, 0)],
    });
    expect([driver.cancels, state()]).toEqual([[SALE], ['cancelled', 0]]);
  });

  test('leaves alone what it does not reach any more', async () => {
    const { world, desk, driver } = await less('10');
    await world.drained(
      desk.submit(
        intent({ intentId: 'second', accountId: 'other', side: 'sell', quantity: '8', price: limit('105') }),
      ),
    );
    expect((await desk.explain(purchase())).selfTrade).toMatchObject({
      cancels: [SALE],
      reduces: [],
      left: 0,
    });
    await world.drained(desk.submit(purchase()));
    expect([driver.cancels, driver.amends]).toEqual([[SALE], []]);
  });

  test('goes through several, the oldest first, as far as it reaches', async () => {
    const { world, desk, driver } = await less('4');
    for (const [intentId, quantity] of [
      ['second', '8'],
      ['third', '3'],
    ] as const) {
      const sale = { intentId, accountId: 'other', side: 'sell', quantity, price: limit('104') } as const;
      await world.drained(desk.submit(intent(sale)));
    }
    const second = idOf('second', 'other');
    expect(await world.drained(desk.submit(purchase()))).toEqual({
      kind: 'denied',
      denials: [because(10, 0, `${SALE} ${second}`)],
    });
    expect(driver.cancels).toEqual([SALE]);
    expect(driver.amends).toMatchObject([{ clientOrderId: second, quantity: '2' }]);
  });

  test.each([
    ['refuses to change it', () => Promise.resolve({ status: 'rejected', reason: 'no' } as const)],
    ['fails to', failing('reset')],
  ])('cancels the resting one whole where the venue %s', async (_what, onAmend) => {
    const { world, desk, driver, state } = await less('25');
    driver.onAmend = onAmend;
    const outcome = desk.submit(purchase());
    await world.later(TIMEOUT_MS);
    expect(await world.drained(outcome)).toEqual({ kind: 'denied', denials: [because(10, 0)] });
    expect([driver.cancels, state()]).toEqual([[SALE], ['cancelled', 0]]);
  });

  test('takes the reduced quantity where the guard reduces', async () => {
    const { world, desk, driver } = await open(
      {
        selfTrade: 'decrement',
        scopes: [{ scope: { kind: 'account', id: 'acc' }, maxTotalExposure: '700' }],
      },
      '4',
    );
    await world.drained(desk.submit(purchase()));
    expect(driver.placed).toMatchObject([{ quantity: '3' }]);
  });
});

describe.each(['cancel-newest', 'cancel-oldest', 'decrement'] as const)('an exit in mode %s', (mode) => {
  /** A desk with 10 held by `acc`, and a purchase of another account at 95 that its exit would meet. */
  async function holding() {
    const made = await open({ selfTrade: mode });
    const { world, desk, driver } = made;
    await world.position('10');
    const bid = intent({ intentId: 'bid', accountId: 'other', quantity: '25', price: limit('95') });
    await world.drained(desk.submit(bid));
    driver.placed.length = 0;
    const exit = intent({ intentId: 'exit', side: 'sell', price: limit('95') });
    return { ...made, exit, bid: idOf('bid', 'other') };
  }

  test('cancels what is in its way, and goes', async () => {
    const { world, desk, driver, exit, bid } = await holding();
    expect(await world.drained(desk.submit(exit))).toMatchObject({ kind: 'accepted', quantity: 10 });
    expect([driver.cancels, driver.placed.map(({ clientOrderId }) => clientOrderId)]).toEqual([
      [bid],
      [idOf('exit')],
    ]);
  });

  test('goes all the same when that does not end, and it is told', async () => {
    const { world, desk, driver, exit, bid, prevented } = await holding();
    driver.onCancel = never;
    const outcome = desk.submit(exit);
    await world.later(TIMEOUT_MS);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
    expect(prevented()).toMatchObject([{ clientOrderId: idOf('exit'), left: [bid] }]);
  });
});

describe.each(['cancel-oldest', 'decrement'] as const)('%s, where the policy denies the order', (mode) => {
  test.each(['4', '10', '25'])(
    'touches nothing: it is outside the collar (a sale of %s)',
    async (quantity) => {
      const collar = { ...WIDE_EXECUTION, collarBps: { entry: 499, exit: 9_000 } };
      const { world, desk, driver, state, prevented } = await open({ selfTrade: mode }, quantity, collar);
      expect(await world.drained(desk.submit(purchase()))).toEqual({
        kind: 'denied',
        denials: [selfTrade()],
      });
      expect([driver.cancels, driver.amends, state()]).toEqual([[], [], ['working', Number(quantity)]]);
      expect(prevented()).toEqual([]);
    },
  );

  test('goes on at exactly the collar', async () => {
    const collar = { ...WIDE_EXECUTION, collarBps: { entry: 500, exit: 9_000 } };
    const { world, desk, driver } = await open({ selfTrade: mode }, '4', collar);
    expect(await world.drained(desk.submit(purchase()))).toMatchObject({ kind: 'accepted' });
    expect(driver.cancels).toEqual([SALE]);
  });

  test('asks the policy about what would go, and spends nothing on the question', async () => {
    const slippage = {
      ...WIDE_EXECUTION,
      slippage: { perOrderBps: { entry: 'none' }, perDay: '60' },
    } as const;
    const { world, desk, driver } = await open({ selfTrade: mode }, '4', slippage);
    // 10 at 5 above the mark spend 50; the 6 that decrementing leaves of the next would spend 30.
    expect(await world.drained(desk.submit(purchase()))).toMatchObject({ kind: 'accepted' });
    expect(driver.cancels).toEqual([SALE]);
  });
});

test.each([
  ['8', [SALE]],
  ['9', []],
])('decrement by %s cancels %j: what is below the minimum could not go', async (quantity, cancels) => {
  const gold = { ...GOLD, minQuantity: lots(2) };
  const { world, desk, driver } = await open({ selfTrade: 'decrement' }, quantity, WIDE_EXECUTION, [gold]);
  await world.drained(desk.submit(purchase()));
  expect(driver.cancels).toEqual(cancels);
});

describe('modes of several scopes', () => {
  test.each([
    ['cancel-newest', 'cancel-oldest', []],
    ['cancel-oldest', 'decrement', [SALE]],
    ['decrement', 'cancel-oldest', [SALE]],
  ] as const)('of %s and %s the stricter is taken', async (general, ofScope, cancels) => {
    const scope = { kind: 'account', id: 'acc' } as const;
    const { world, desk, driver } = await open(
      { selfTrade: general, scopes: [{ scope, selfTrade: ofScope }] },
      '25',
    );
    await world.drained(desk.submit(purchase()));
    expect([driver.cancels, driver.amends]).toEqual([cancels, []]);
  });

  test('a scope that the order is not in says nothing', async () => {
    const scope = { kind: 'strategy', id: 'another' } as const;
    const { world, desk, driver } = await open({ scopes: [{ scope, selfTrade: 'cancel-oldest' }] });
    expect(await world.drained(desk.submit(purchase()))).toMatchObject({ kind: 'accepted' });
    expect(driver.cancels).toEqual([]);
  });
});

describe('on the paper venue', () => {
  /** A desk on a paper venue that takes 10 ms each way; gold is quoted 99 x 101 there. */
  async function paper(risk: Partial<RiskLimitsInput>) {
    const clock = new ManualClock(NOON_MS);
    const book = new Book();
    const driver = new PaperVenue({ latencyMs: 10 }, { clock, instruments: [GOLD] });
    const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
    const journal = await Journal.open(
      { input: {}, accounts: ACCOUNTS },
      { log: new MemoryAppendLog(), book, instruments: INSTRUMENTS, clock, tradingDay: new TradingDay() },
    );
    const guard = new RiskGuard({ ...WIDE_RISK, ...risk }, { book, killSwitch, clock });
    const policy = new ExecutionPolicy(WIDE_EXECUTION);
    const venue = new Venue(driver);
    const desk = new OrderDesk(
      { reconcileEveryMs: 'never' },
      { book, guard, policy, killSwitch, journal, venue, clock, instruments: INSTRUMENTS },
    );
    const pass = async <T>(waiting: Promise<T>): Promise<T> => {
      for (let n = 0; n < 200; n += 1) {
        await clock.turn();
        clock.advance(1);
      }
      return waiting;
    };
    driver.onMarket({
      type: 'snapshot',
      instrumentId: 'GOLD',
      receivedMs: 0,
      updateId: 1,
      bids: view(100).bids,
      asks: view(100).asks,
    });
    await pass(desk.start());
    desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs(), receivedMs: clock.nowMs() }));
    await pass(
      desk.submit(intent({ intentId: 'held', accountId: 'other', quantity: '30', price: limit('101') })),
    );
    await pass(
      desk.submit(
        intent({ intentId: 'sale', accountId: 'other', side: 'sell', quantity: '25', price: limit('105') }),
      ),
    );
    return { book, driver, desk, pass };
  }

  test('cancel-oldest: what rested is gone from the venue before the new one is there', async () => {
    const { book, driver, desk, pass } = await paper({ selfTrade: 'cancel-oldest' });
    expect(driver.resting()).toMatchObject([{ order: { clientOrderId: SALE } }]);
    expect(await pass(desk.submit(purchase()))).toMatchObject({ kind: 'accepted', quantity: 10 });
    expect([driver.resting(), book.order(SALE)?.state]).toEqual([[], 'cancelled']);
  });

  test('decrement: the resting one stays with what is left', async () => {
    const { driver, desk, pass } = await paper({ selfTrade: 'decrement' });
    expect(await pass(desk.submit(purchase()))).toMatchObject({ denials: [{ code: 'SELF_TRADE' }] });
    expect(driver.resting()).toMatchObject([{ order: { clientOrderId: SALE, quantity: '15' } }]);
  });
});

describe('explaining an order that would meet one of our own', () => {
  test.each([
    ['cancel-oldest', '10', { cancels: [SALE], reduces: [], left: 10 }, `cancels ${SALE}`],
    ['decrement', '10', { cancels: [SALE], reduces: [], left: 0 }, `cancels ${SALE}`],
    ['decrement', '20', { cancels: [], reduces: [SALE], left: 0 }, `reduces ${SALE}`],
    ['decrement', '4', { cancels: [SALE], reduces: [], left: 6 }, `cancels ${SALE}`],
  ] as const)('says what is done first: %s of %s', async (mode, quantity, done, note) => {
    const { desk, driver, state } = await open({ selfTrade: mode }, quantity);
    const explanation = await desk.explain(purchase());
    expect(explanation.selfTrade).toEqual({ mode, ...done });
    expect(explanation.risk.find(({ gate }) => gate === 'self-trade')).toMatchObject({
      outcome: 'denied',
      note: `${mode} first ${note}`,
    });
    expect([driver.cancels, state()]).toEqual([[], ['working', Number(quantity)]]);
  });

  test.each([
    ['the mode denies the newer order', { selfTrade: 'cancel-newest' }],
    ['something else denies it', { selfTrade: 'cancel-oldest', maxPositionNotional: '500' }],
    ['no limit asks for it', {}],
  ] as const)('says nothing of it where %s', async (_what, risk) => {
    const { desk } = await open(risk, '1');
    expect((await desk.explain(purchase())).selfTrade).toBeUndefined();
  });
});

describe.each(['cancel-newest', 'cancel-oldest', 'decrement'] as const)(
  'what explaining says of %s',
  (mode) => {
    test.each(['4', '10', '20', '60'])(
      'is what submitting does, through a sale of %s and later ones',
      async (first) => {
        const { world, desk, driver, prevented } = await open({ selfTrade: mode }, first);
        for (const [intentId, quantity] of [
          ['second', '6'],
          ['third', '3'],
        ] as const) {
          const sale = { intentId, accountId: 'other', side: 'sell', quantity, price: limit('104') } as const;
          await world.drained(desk.submit(intent(sale)));
        }
        driver.placed.length = 0;
        const { selfTrade: said } = await desk.explain(purchase());
        expect(driver.placed).toEqual([]);
        await world.drained(desk.submit(purchase()));
        const [{ cancelled = [], reduced = [] } = {}] = prevented();
        expect([driver.cancels, driver.amends.map(({ clientOrderId }) => clientOrderId)]).toEqual([
          cancelled,
          reduced,
        ]);
        const sent = driver.placed.map(({ quantity }) => Number(quantity));
        expect(said).toEqual(
          mode === 'cancel-newest'
            ? undefined
            : { mode, cancels: cancelled, reduces: reduced, left: sent[0] ?? 0 },
        );
      },
    );

    test('is that an exit cancels whatever rests, and goes whole', async () => {
      const { world, desk } = await open({ selfTrade: mode });
      await world.position('10');
      const bid = intent({ intentId: 'bid', accountId: 'other', quantity: '25', price: limit('95') });
      await world.drained(desk.submit(bid));
      const { selfTrade: said } = await desk.explain(
        intent({ intentId: 'exit', side: 'sell', price: limit('95') }),
      );
      expect(said).toEqual({ mode, cancels: [idOf('bid', 'other')], reduces: [], left: 10 });
    });
  },
);
