import { describe, expect, test } from 'vitest';
import { person } from '../../src/core/index.ts';
import { DeskWorld, ONE_ID, idOf, intent } from '../support/desk-world.ts';
import { accept, failing, late, never, nonsense, reject, throwing } from '../support/scripted-driver.ts';

const BY = person('ada');
const HELD = { pos: 0, buy: 10, sell: 0 };
const NOTHING = { pos: 0, buy: 0, sell: 0 };

describe('the way of an order', () => {
  test('is held at once, written down, sent once, and answered when the answer is on disk', async () => {
    const world = await DeskWorld.open();
    let answered = false;
    const outcome = world.desk.submit(intent()).finally(() => (answered = true));
    expect(world.cell()).toEqual(HELD);

    await world.turn();
    expect([world.driver.placed, world.log.pending]).toEqual([[], 1]);

    world.log.commit();
    await world.turn();
    expect(world.driver.placed).toEqual([
      {
        clientOrderId: ONE_ID,
        accountId: 'acc',
        instrumentId: 'GOLD',
        side: 'buy',
        quantity: '10',
        price: '100',
        postOnly: true,
        timeInForce: 'GTC',
      },
    ]);
    expect([answered, world.log.pending, world.book.order(ONE_ID)?.state]).toEqual([false, 1, 'working']);

    world.log.commit();
    expect(await outcome).toEqual({ kind: 'accepted', clientOrderId: ONE_ID, quantity: 10 });
    expect(world.history).toEqual(['submitting', 'accepted']);
    expect(world.driver.placed).toHaveLength(1);
  });

  test('a market order goes out as an immediate limit order at its worst price', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent({ price: { type: 'market', maxSlippageBps: 200 } })));
    expect(world.driver.placed).toMatchObject([{ price: '103', postOnly: false, timeInForce: 'IOC' }]);
  });

  test('says what was sent instead, and why, when the guard reduced it', async () => {
    const world = await DeskWorld.open({ risk: { maxTotalExposure: '400' } });
    const outcome = await world.drained(world.desk.submit(intent()));
    expect(outcome).toMatchObject({
      kind: 'accepted',
      quantity: 4,
      reduced: { gate: 'total-exposure', code: 'TOTAL_EXPOSURE_LIMIT' },
    });
    expect(world.driver.placed).toMatchObject([{ quantity: '4' }]);
  });

  test('ends as denied, with every reason, and leaves no trace', async () => {
    const world = await DeskWorld.open({
      risk: { maxPositionNotional: '100', maxPositions: 0 },
      execution: {},
    });
    expect(await world.desk.submit(intent())).toMatchObject({
      kind: 'denied',
      denials: [{ code: 'POSITION_COUNT_LIMIT' }, { code: 'POSITION_SIZE_LIMIT' }],
    });
    expect([world.cell(), world.log.pending, world.book.order(ONE_ID)]).toEqual([NOTHING, 0, undefined]);
  });

  test('gives up the hold when the policy denies after the guard has approved', async () => {
    const world = await DeskWorld.open({ execution: { spreadBps: { entry: 1 } } });
    expect(await world.desk.submit(intent())).toMatchObject({ denials: [{ code: 'SPREAD_TOO_WIDE' }] });
    expect([world.cell(), world.book.account('acc')?.gross]).toEqual([NOTHING, 0]);
  });

  test('ends as rejected when the venue says no: the hold ends', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = reject('INSUFFICIENT_FUNDS');
    expect(await world.drained(world.desk.submit(intent()))).toEqual({
      kind: 'rejected',
      clientOrderId: ONE_ID,
      reason: 'INSUFFICIENT_FUNDS',
    });
    expect([world.cell(), world.trading]).toEqual([NOTHING, 'active']);
  });

  test('keeps the id that the venue gave the order', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = () => Promise.resolve({ status: 'accepted', venueOrderId: 'v-7' });
    await world.drained(world.desk.submit(intent()));
    expect(world.records.at(-1)).toMatchObject({ type: 'accepted', venueOrderId: 'v-7' });
  });
});

describe('never before it is on disk', () => {
  test('nothing reaches the venue while the journal has not answered', async () => {
    const world = await DeskWorld.open();
    void world.desk.submit(intent());
    void world.desk.submit(intent({ intentId: 'two' }));
    await world.turn();
    expect(world.driver.placed).toEqual([]);
    world.log.commit(1);
    await world.turn();
    expect(world.driver.placed.map(({ clientOrderId }) => clientOrderId)).toEqual([ONE_ID]);
  });

  test('a journal that fails before the send: denied, hold released, the venue untouched, trading goes on', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    world.log.fail(new Error('no space'));
    expect(await outcome).toMatchObject({
      kind: 'denied',
      denials: [
        { gate: 'journal', code: 'JOURNAL_UNAVAILABLE', note: expect.stringContaining('no space') as string },
      ],
    });
    expect([world.driver.placed, world.cell(), world.book.order(ONE_ID)?.state, world.trading]).toEqual([
      [],
      NOTHING,
      'abandoned',
      'active',
    ]);
  });

  test('what an intent holds beyond its fields goes nowhere', async () => {
    const world = await DeskWorld.open();
    const strange = { ...intent(), tag: 10n, price: { ...intent().price, tag: () => 1 } };
    expect(await world.drained(world.desk.submit(strange))).toMatchObject({ kind: 'accepted' });
    expect(world.records[1]).toMatchObject({ intent: intent() });
    expect(world.book.order(ONE_ID)?.order.intent).toEqual(intent());
  });

  test('a journal that fails after the send: unknown, never an error; halted, and the hold stays', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    world.log.commit();
    await world.turn();
    world.log.fail(new Error('no space'));
    expect(await outcome).toEqual({
      kind: 'unknown',
      clientOrderId: ONE_ID,
      reason: 'the answer could not be written down',
    });
    expect([world.driver.placed.length, world.cell(), world.trading]).toEqual([1, HELD, 'halted']);
    expect(world.anomalies[0]).toMatchObject({ code: 'DISK_FAILED', clientOrderId: ONE_ID });
  });

  test('a rejection that cannot be written down is unknown as well, though the hold has ended', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = reject();
    const outcome = world.desk.submit(intent());
    world.log.commit();
    await world.turn();
    world.log.fail();
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect([world.cell(), world.trading]).toEqual([NOTHING, 'halted']);
  });
});

describe('the last look, in the tick of the send', () => {
  test.for(['reducing', 'halted'] as const)(
    'a trip to %s while the disk is busy stops an entry',
    async (to) => {
      // Without the trip's cancels: the look alone must find it.
      const world = await DeskWorld.open({ tripsCancelNothing: true });
      const outcome = world.desk.submit(intent());
      void world.killSwitch.trip({ to, reason: 'test', by: BY });
      await world.drain();
      expect(await outcome).toEqual({
        kind: 'denied',
        denials: [
          {
            gate: 'kill-switch',
            code: to === 'halted' ? 'KILL_SWITCH_HALTED' : 'KILL_SWITCH_REDUCING',
            note: 'firm: test',
          },
        ],
      });
      expect([world.driver.placed, world.cell(), world.book.order(ONE_ID)?.state]).toEqual([
        [],
        NOTHING,
        'abandoned',
      ]);
      expect(world.history).toEqual(['submitting', 'abandoned']);
    },
  );

  test('an entry that the trip itself cancelled is denied as cancelled', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    void world.killSwitch.trip({ to: 'reducing', reason: 'test', by: BY });
    await world.drain();
    expect(await outcome).toEqual({
      kind: 'denied',
      denials: [{ gate: 'confirm', code: 'CANCELLED_BEFORE_SEND' }],
    });
    expect([world.driver.placed, world.driver.cancels, world.cell()]).toEqual([[], [], NOTHING]);
  });

  test('an exit still goes out under reducing', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const exit = world.desk.submit(
      intent({ intentId: 'exit', side: 'sell', price: { type: 'limit', limit: '101' } }),
    );
    void world.killSwitch.trip({ to: 'reducing', reason: 'test', by: BY });
    expect(await world.drained(exit)).toMatchObject({ kind: 'accepted', quantity: 10 });
    expect(world.driver.placed).toMatchObject([{ side: 'sell', postOnly: false }]);
  });

  test('a decision may be exactly as old as the limit', async () => {
    const world = await DeskWorld.open({ risk: { maxDecisionAgeMs: 500 } });
    const outcome = world.desk.submit(intent());
    world.clock.advance(500);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'accepted' });
  });

  test('a decision one millisecond too old at the send is not sent', async () => {
    const world = await DeskWorld.open({ risk: { maxDecisionAgeMs: 500 } });
    const outcome = world.desk.submit(intent());
    world.clock.advance(501);
    expect(await world.drained(outcome)).toEqual({
      kind: 'denied',
      denials: [{ gate: 'confirm', code: 'DECISION_EXPIRED', measured: 501, limit: 500 }],
    });
    expect([world.driver.placed, world.cell()]).toEqual([[], NOTHING]);
  });

  test('a jump of the wall clock neither ages a decision nor keeps it young', async () => {
    const world = await DeskWorld.open({ risk: { maxDecisionAgeMs: 500 } });
    const young = world.desk.submit(intent());
    world.clock.jump(3_600_000);
    expect(await world.drained(young)).toMatchObject({ kind: 'accepted' });
    const old = world.desk.submit(intent({ intentId: 'two' }));
    world.clock.advance(501);
    world.clock.jump(-501);
    expect(await world.drained(old)).toMatchObject({ denials: [{ code: 'DECISION_EXPIRED' }] });
  });
});

describe('one id is one order', () => {
  test('two submits of one intent in one tick are one order', async () => {
    const world = await DeskWorld.open();
    const [first, second] = [world.desk.submit(intent()), world.desk.submit(intent())];
    expect(await second).toEqual({ kind: 'duplicate', clientOrderId: ONE_ID, state: 'submitting' });
    expect(await world.drained(first)).toMatchObject({ kind: 'accepted' });
    expect([world.driver.placed.length, world.cell()]).toEqual([1, HELD]);
  });

  test('an intent that is spelt otherwise is the same', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const spelt = intent({ quantity: '10.00', price: { type: 'limit', limit: '100.0', timeInForce: 'GTC' } });
    expect(await world.desk.submit(spelt)).toEqual({
      kind: 'duplicate',
      clientOrderId: ONE_ID,
      state: 'working',
    });
  });

  test.for([
    intent({ quantity: '11' }),
    intent({ price: { type: 'limit', limit: '99' } }),
    intent({ side: 'sell' }),
    intent({ reduceOnly: true }),
    intent({ instrumentId: 'SILVER' }),
    intent({ price: { type: 'market', maxSlippageBps: 10 } }),
  ])('the same id with other content is denied: %o', async (other) => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    expect(await world.desk.submit(other)).toEqual({
      kind: 'denied',
      denials: [{ gate: 'order', code: 'INTENT_CHANGED', note: ONE_ID }],
    });
    expect(world.driver.placed).toHaveLength(1);
  });

  test('a known id is answered while the market data are missing', async () => {
    const { log, driver } = await restartable();
    const world = await DeskWorld.open({ log, driver, unquoted: true });
    expect(await world.desk.submit(intent())).toEqual({
      kind: 'duplicate',
      clientOrderId: ONE_ID,
      state: 'working',
    });
    expect(await world.desk.submit(intent({ quantity: '11' }))).toMatchObject({
      denials: [{ code: 'INTENT_CHANGED' }],
    });
    expect(await world.desk.submit(intent({ intentId: 'new' }))).toMatchObject({
      denials: [{ code: 'MARKET_DATA_MISSING' }],
    });
  });

  test('a known id with a price that is none is denied, not thrown', async () => {
    const world = await DeskWorld.open();
    await world.drained(world.desk.submit(intent()));
    const broken = { ...intent(), price: null as never };
    expect(await world.desk.submit(broken)).toMatchObject({ denials: [{ code: 'INTENT_CHANGED' }] });
  });

  test('the same intent of another strategy or account is another order', async () => {
    const world = await DeskWorld.open({
      accounts: [
        { accountId: 'acc', currency: 'USDT', balance: '100000' },
        { accountId: 'other', currency: 'USDT', balance: '100000' },
      ],
    });
    const all = ['strat', 'strat-2'].flatMap((strategyId) =>
      ['acc', 'other'].map((accountId) => world.desk.submit(intent({ strategyId, accountId }))),
    );
    await world.drained(Promise.all(all));
    expect(new Set(world.driver.placed.map(({ clientOrderId }) => clientOrderId)).size).toBe(4);
  });

  test('what was denied is not known: it may be asked again', async () => {
    const world = await DeskWorld.open({ unquoted: true });
    expect(await world.desk.submit(intent())).toMatchObject({ kind: 'denied' });
    world.mark(100);
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({ kind: 'accepted' });
  });
});

/** A journal with one working order in it. */
async function restartable(): Promise<DeskWorld> {
  const world = await DeskWorld.open();
  await world.drained(world.desk.submit(intent()));
  return world;
}

describe('when the venue does not answer as it should', () => {
  test('no answer in time is unknown: the hold stays, the wait is aborted', async () => {
    const world = await DeskWorld.open({ venueTimeoutMs: 1_000 });
    let aborted: unknown;
    world.driver.onPlace = (_order, signal) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason;
      });
      return never();
    };
    const outcome = world.desk.submit(intent());
    await world.drain();
    world.clock.advance(999);
    expect(aborted).toBeUndefined();
    world.clock.advance(1);
    expect(await world.drained(outcome)).toEqual({
      kind: 'unknown',
      clientOrderId: ONE_ID,
      reason: 'no answer within 1000 ms',
    });
    expect(aborted).toEqual(new Error('no answer within 1000 ms'));
    expect([world.cell(), world.book.order(ONE_ID)?.state, world.trading]).toEqual([
      HELD,
      'unknown',
      'active',
    ]);
    expect(world.driver.placed).toHaveLength(1);
  });

  test.for([
    { says: 'accepted' as const, state: 'working', cell: HELD },
    { says: 'rejected' as const, state: 'rejected', cell: NOTHING },
  ])('a late answer is booked as an event: $says', async ({ says, state, cell }) => {
    const world = await DeskWorld.open({ venueTimeoutMs: 1_000 });
    const reply =
      says === 'accepted' ? ({ status: says } as const) : ({ status: says, reason: 'late' } as const);
    world.driver.onPlace = late(world.clock, 1_500, reply);
    const outcome = world.desk.submit(intent());
    await world.drain();
    world.clock.advance(1_000);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'unknown' });
    world.clock.advance(500);
    await world.turn();
    await world.drain();
    expect([world.book.order(ONE_ID)?.state, world.cell()]).toEqual([state, cell]);
    expect(world.orderEvents).toEqual(['timedOut', says]);
    expect(world.history).toEqual(['submitting', 'timedOut', says]);
  });

  test('an answer in the millisecond of the deadline stands behind the timeout, and is not lost', async () => {
    const world = await DeskWorld.open({ venueTimeoutMs: 1_000 });
    world.driver.onPlace = late(world.clock, 1_000);
    const outcome = world.desk.submit(intent());
    await world.drain();
    world.clock.advance(1_000);
    expect(await world.drained(outcome)).toMatchObject({ kind: 'unknown' });
    await world.drain();
    expect(world.book.order(ONE_ID)?.state).toBe('working');
    expect(world.history).toEqual(['submitting', 'timedOut', 'accepted']);
  });

  test('a late error changes nothing', async () => {
    const world = await DeskWorld.open({ venueTimeoutMs: 1_000 });
    world.driver.onPlace = async () => {
      await world.clock.sleep(1_500);
      throw new Error('late');
    };
    const outcome = world.desk.submit(intent());
    await world.drain();
    world.clock.advance(1_000);
    expect(await world.drained(outcome)).toMatchObject({ reason: 'no answer within 1000 ms' });
    world.clock.advance(500);
    await world.drain();
    expect(world.history).toEqual(['submitting', 'timedOut']);
  });

  test.for([
    { what: 'throws at once', place: throwing, reason: 'thrown at once' },
    { what: 'rejects', place: failing('ECONNRESET'), reason: 'ECONNRESET' },
    {
      what: 'rejects with no error',
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- adapters do
      place: () => Promise.reject('just a text'),
      reason: 'just a text',
    },
    { what: 'answers nothing', place: nonsense(undefined), reason: 'the answer makes no sense' },
    { what: 'answers null', place: nonsense(null), reason: 'the answer makes no sense' },
    { what: 'answers a text', place: nonsense('accepted'), reason: 'the answer makes no sense' },
    { what: 'answers a word', place: nonsense({ status: 'ok' }), reason: 'the answer makes no sense' },
  ])('a driver that $what leaves the order unknown and held', async ({ place, reason }) => {
    const world = await DeskWorld.open();
    world.driver.onPlace = place;
    expect(await world.drained(world.desk.submit(intent()))).toEqual({
      kind: 'unknown',
      clientOrderId: ONE_ID,
      reason,
    });
    expect([world.cell(), world.book.order(ONE_ID)?.state]).toEqual([HELD, 'unknown']);
  });

  test('a rejection without a reason, or an id that is no text, is taken for what it says', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = nonsense({ status: 'rejected' });
    expect(await world.drained(world.desk.submit(intent()))).toMatchObject({
      kind: 'rejected',
      reason: 'no reason given',
    });
    world.driver.onPlace = nonsense({ status: 'rejected', reason: Object.create(null) as unknown });
    expect(await world.drained(world.desk.submit(intent({ intentId: 'three' })))).toMatchObject({
      kind: 'rejected',
      reason: 'no reason given',
    });
    world.driver.onPlace = nonsense({ status: 'accepted', venueOrderId: 7 });
    expect(await world.drained(world.desk.submit(intent({ intentId: 'two' })))).toMatchObject({
      kind: 'accepted',
    });
    expect(world.records.at(-1)).not.toHaveProperty('venueOrderId');
  });

  test('unknown is never sent again', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = throwing;
    await world.drained(world.desk.submit(intent()));
    world.driver.onPlace = accept;
    expect(await world.desk.submit(intent())).toEqual({
      kind: 'duplicate',
      clientOrderId: ONE_ID,
      state: 'unknown',
    });
    expect(world.driver.placed).toHaveLength(1);
  });
});

describe('what is sent is what was decided', () => {
  test('a price and a quantity that change after submit change nothing', async () => {
    const world = await DeskWorld.open();
    const changing = { ...intent(), price: { type: 'limit' as const, limit: '100' } };
    const outcome = world.desk.submit(changing);
    changing.price.limit = '1000';
    Object.assign(changing, { quantity: '9999', side: 'sell', instrumentId: 'SILVER' });
    await world.drained(outcome);
    expect(world.driver.placed).toMatchObject([
      { instrumentId: 'GOLD', side: 'buy', quantity: '10', price: '100' },
    ]);
  });

  test('a getter is read once: what it says the second time reaches nobody', async () => {
    const world = await DeskWorld.open();
    let reads = 0;
    const twoFaced = {
      ...intent(),
      get quantity() {
        reads += 1;
        return reads === 1 ? '10' : '9999';
      },
    };
    expect(await world.drained(world.desk.submit(twoFaced))).toMatchObject({ quantity: 10 });
    expect(world.driver.placed).toMatchObject([{ quantity: '10' }]);
  });

  test('an intent whose instrument changes while it is read is denied', async () => {
    const world = await DeskWorld.open();
    let reads = 0;
    const twoFaced = {
      ...intent(),
      get instrumentId() {
        reads += 1;
        return reads === 1 ? 'GOLD' : 'SILVER';
      },
    };
    expect(await world.desk.submit(twoFaced)).toMatchObject({ denials: [{ code: 'INSTRUMENT_UNKNOWN' }] });
  });

  test('what the Book shows of an order cannot be used to change it', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    const shown = world.book.order(ONE_ID)?.order as { qty: number };
    expect(() => (shown.qty = 9_999)).toThrow(TypeError);
    await world.drained(outcome);
    expect(world.driver.placed).toMatchObject([{ quantity: '10' }]);
  });

  test('an instrument that is changed after the decision changes nothing', async () => {
    const world = await DeskWorld.open();
    const held = world.desk.submit(intent());
    const instrument = world.book.order(ONE_ID)?.order.instrument as { instrumentId: string };
    instrument.instrumentId = 'SILVER';
    try {
      await world.drained(held);
      expect(world.driver.placed).toMatchObject([{ instrumentId: 'GOLD' }]);
    } finally {
      instrument.instrumentId = 'GOLD';
    }
  });

  test('flags that are no flags are refused: a restart could not read them', async () => {
    const world = await DeskWorld.open();
    const odd = { ...intent(), reduceOnly: 'yes' as never };
    expect(await world.desk.submit(odd)).toMatchObject({
      denials: [{ code: 'FLAG_INVALID', note: 'reduceOnly' }],
    });
    const odder = { ...intent(), price: { type: 'limit' as const, limit: '100', postOnly: 1 as never } };
    expect(await world.desk.submit(odder)).toMatchObject({
      denials: [{ code: 'FLAG_INVALID', note: 'postOnly' }],
    });
  });

  test('two orders share nothing', async () => {
    const world = await DeskWorld.open();
    await world.drained(
      Promise.all([
        world.desk.submit(intent({ quantity: '1' })),
        world.desk.submit(intent({ intentId: 'two', quantity: '2' })),
      ]),
    );
    expect(world.driver.placed.map(({ clientOrderId, quantity }) => [clientOrderId, quantity])).toEqual([
      [ONE_ID, '1'],
      [idOf('two'), '2'],
    ]);
  });
});
