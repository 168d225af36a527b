import { describe, expect, test } from 'vitest';
import { person, system } from '../../src/core/index.ts';
import { ordersToCancel } from '../../src/desk/cancel.ts';
import { FIRM, type Scope } from '../../src/risk/index.ts';
import { Book } from '../../src/trading/index.ts';
import type { PlaceReply } from '../../src/desk/index.ts';
import { DeskWorld, ONE_ID, idOf, intent } from '../support/desk-world.ts';
import { failing, never, throwing } from '../support/scripted-driver.ts';
import { SILVER, bookedOf, eventOf, fillOf } from '../trading/builders.ts';

const NOTHING = { pos: 0, buy: 0, sell: 0 };
const HELD = { pos: 0, buy: 10, sell: 0 };
const REQUESTED = { kind: 'requested', clientOrderId: ONE_ID };

/** A desk with one working order to buy 10. */
async function working(options: Parameters<typeof DeskWorld.open>[0] = {}): Promise<DeskWorld> {
  const world = await DeskWorld.open(options);
  await world.drained(world.desk.submit(intent()));
  return world;
}

describe('cancel', () => {
  test('asks the venue; the order is held until the venue says that it is over', async () => {
    const world = await working();
    expect(await world.drained(world.desk.cancel(ONE_ID))).toEqual(REQUESTED);
    expect([world.driver.cancels, world.cell(), world.book.order(ONE_ID)?.state]).toEqual([
      [ONE_ID],
      HELD,
      'cancelPending',
    ]);
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    await world.drain();
    expect([world.cell(), world.book.order(ONE_ID)?.state]).toEqual([NOTHING, 'cancelled']);
    expect(world.history).toEqual(['submitting', 'accepted', 'cancelRequested', 'cancelled']);
  });

  test('does not know what was never submitted', async () => {
    const world = await DeskWorld.open();
    expect(await world.desk.cancel('nobody')).toEqual({ kind: 'not-found', clientOrderId: 'nobody' });
  });

  test('answers for a finished order from the table: neither journal nor venue hear of it', async () => {
    const world = await working();
    world.driver.fill(ONE_ID, 'x', '10');
    await world.drain();
    const records = world.records.length;
    expect(await world.desk.cancel(ONE_ID)).toEqual({
      kind: 'finished',
      clientOrderId: ONE_ID,
      state: 'filled',
    });
    expect([world.driver.cancels, world.records.length, world.log.pending]).toEqual([[], records, 0]);
  });

  test('before the send: the order is abandoned, and the venue never hears of it', async () => {
    const world = await DeskWorld.open();
    const outcome = world.desk.submit(intent());
    expect(await world.desk.cancel(ONE_ID)).toEqual(REQUESTED);
    expect(await world.drained(outcome)).toEqual({
      kind: 'denied',
      denials: [{ gate: 'confirm', code: 'CANCELLED_BEFORE_SEND' }],
    });
    expect([world.driver.placed, world.driver.cancels, world.cell()]).toEqual([[], [], NOTHING]);
    expect(world.history).toEqual(['submitting', 'cancelRequested', 'abandoned']);
  });

  test('waits until the venue has answered for the order: before, it may not know what to cancel', async () => {
    const world = await DeskWorld.open();
    const answer = Promise.withResolvers<PlaceReply>();
    world.driver.onPlace = () => answer.promise;
    void world.desk.submit(intent());
    await world.drain();
    const cancelled = world.desk.cancel(ONE_ID);
    await world.drain();
    expect([world.driver.cancels, world.book.order(ONE_ID)?.state]).toEqual([[], 'cancelPending']);
    answer.resolve({ status: 'accepted' });
    expect(await world.drained(cancelled)).toEqual(REQUESTED);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('waits for that answer no longer than the venue may take', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = never;
    void world.desk.submit(intent());
    await world.drain();
    const cancelled = world.desk.cancel(ONE_ID);
    world.clock.advance(5_000);
    expect(await world.drained(cancelled)).toEqual(REQUESTED);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('has nothing to cancel when that answer is a rejection', async () => {
    const world = await DeskWorld.open();
    const answer = Promise.withResolvers<PlaceReply>();
    world.driver.onPlace = () => answer.promise;
    void world.desk.submit(intent());
    await world.drain();
    const cancelled = world.desk.cancel(ONE_ID);
    answer.resolve({ status: 'rejected', reason: 'closed' });
    expect(await world.drained(cancelled)).toEqual({
      kind: 'finished',
      clientOrderId: ONE_ID,
      state: 'rejected',
    });
    expect(world.driver.cancels).toEqual([]);
  });

  test('is asked once, however often trips follow: an anomaly may be the answer to a cancel', async () => {
    const world = await working();
    world.driver.onCancel = () => {
      world.driver.tell({ type: 'cancelled', clientOrderId: 'nobody', cumulative: '0' });
      return Promise.resolve();
    };
    void world.killSwitch.trip({ to: 'halted', reason: 'test', by: person('ada') });
    await world.drain();
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('is asked again by the next trip once it has failed', async () => {
    const world = await working();
    world.driver.onCancel = failing();
    for (const reason of ['first', 'second']) {
      void world.killSwitch.trip({ to: 'halted', reason, by: person('ada') });
      await world.later(5_000, 1_000);
    }
    expect(world.driver.cancels).toEqual([ONE_ID, ONE_ID]);
  });

  test('an unknown order can be cancelled, and stays unknown until the venue speaks', async () => {
    const world = await DeskWorld.open();
    world.driver.onPlace = failing();
    await world.drained(world.desk.submit(intent()));
    await world.drained(world.desk.cancel(ONE_ID));
    expect([world.book.order(ONE_ID)?.state, world.cell()]).toEqual(['unknown', HELD]);
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    expect(world.cell()).toEqual(NOTHING);
  });

  test('is not blocked by a halted desk', async () => {
    const world = await working({ tripsCancelNothing: true });
    void world.killSwitch.trip({ to: 'halted', reason: 'test', by: person('ada') });
    expect(await world.drained(world.desk.cancel(ONE_ID))).toEqual(REQUESTED);
    expect(world.driver.cancels).toEqual([ONE_ID]);
  });

  test('is not blocked by a dead journal, which halts trading and is told', async () => {
    const world = await working();
    world.log.fail();
    expect(await world.desk.cancel(ONE_ID)).toEqual(REQUESTED);
    await world.turn();
    expect([world.driver.cancels[0], world.trading, world.anomalies[0]?.code]).toEqual([
      ONE_ID,
      'halted',
      'DISK_FAILED',
    ]);
  });

  test.for([
    ['rejects', failing('CANCEL_REFUSED'), 'CANCEL_REFUSED'],
    ['throws at once', throwing, 'thrown at once'],
  ] as const)('a venue that %s leaves the order working and held', async ([, onCancel, reason]) => {
    const world = await working();
    world.driver.onCancel = onCancel;
    expect(await world.drained(world.desk.cancel(ONE_ID))).toEqual({
      kind: 'failed',
      clientOrderId: ONE_ID,
      reason,
    });
    expect([world.book.order(ONE_ID)?.state, world.cell()]).toEqual(['working', HELD]);
    expect(world.history.slice(-2)).toEqual(['cancelRequested', 'cancelFailed']);
  });

  test('a venue that never answers has failed after the time limit; the order can be cancelled again', async () => {
    const world = await working();
    world.driver.onCancel = never;
    const first = world.desk.cancel(ONE_ID);
    await world.drain();
    world.clock.advance(5_000);
    expect(await world.drained(first)).toMatchObject({ kind: 'failed', reason: 'no answer within 5000 ms' });
    world.driver.onCancel = () => Promise.resolve();
    expect(await world.drained(world.desk.cancel(ONE_ID))).toEqual(REQUESTED);
  });

  test('a cancel that failed because the order was filled meanwhile changes nothing', async () => {
    const world = await working();
    world.driver.onCancel = (id) => {
      world.driver.fill(id, 'x', '10');
      return Promise.reject(new Error('too late'));
    };
    expect(await world.drained(world.desk.cancel(ONE_ID))).toMatchObject({ kind: 'failed' });
    expect([world.book.order(ONE_ID)?.state, world.cell(), world.trading]).toEqual([
      'filled',
      { pos: 10, buy: 0, sell: 0 },
      'active',
    ]);
  });

  test('two cancels at once ask twice; one that fails takes nothing from the other', async () => {
    const world = await working();
    let asked = 0;
    world.driver.onCancel = () => (++asked === 1 ? Promise.resolve() : Promise.reject(new Error('again')));
    const both = Promise.all([world.desk.cancel(ONE_ID), world.desk.cancel(ONE_ID)]);
    expect((await world.drained(both)).map(({ kind }) => kind)).toEqual(['requested', 'failed']);
    world.driver.tell({ type: 'cancelled', clientOrderId: ONE_ID, cumulative: '0' });
    expect([world.cell(), world.trading]).toEqual([NOTHING, 'active']);
  });
});

describe('cancelAll', () => {
  async function three(): Promise<DeskWorld> {
    const world = await DeskWorld.open();
    await world.drained(
      Promise.all([
        world.desk.submit(intent({ intentId: 'a' })),
        world.desk.submit(intent({ intentId: 'b', strategyId: 'other' })),
        world.desk.submit(intent({ intentId: 'c', instrumentId: 'SILVER' })),
      ]),
    );
    return world;
  }
  const A = idOf('a');
  const B = idOf('b', 'acc', 'other');
  const C = idOf('c');

  test.for<[Scope, string[]]>([
    [FIRM, [A, B, C]],
    [{ kind: 'account', id: 'acc' }, [A, B, C]],
    [{ kind: 'account', id: 'nobody' }, []],
    [{ kind: 'strategy', id: 'other' }, [B]],
    [{ kind: 'instrument', id: 'SILVER' }, [C]],
    [{ kind: 'venue', id: 'scripted' }, [A, B, C]],
    [{ kind: 'venue', id: 'elsewhere' }, []],
  ])('of %o', async ([scope, ids]) => {
    const world = await three();
    const outcomes = await world.drained(world.desk.cancelAll(scope));
    expect(outcomes).toEqual(ids.map((clientOrderId) => ({ kind: 'requested', clientOrderId })));
    expect(world.driver.cancels).toEqual(ids);
  });

  test('of the firm, when nothing else is said; what is over is left alone', async () => {
    const world = await three();
    world.driver.tell({ type: 'cancelled', clientOrderId: B, cumulative: '0' });
    await world.drain();
    await world.drained(world.desk.cancelAll());
    expect(world.driver.cancels).toEqual([A, C]);
  });
});

describe('a trip', () => {
  test('to halted cancels everything that works, in its scope', async () => {
    const world = await DeskWorld.open();
    await world.drained(
      Promise.all([
        world.desk.submit(intent({ intentId: 'a' })),
        world.desk.submit(intent({ intentId: 'b', strategyId: 'other' })),
      ]),
    );
    const report = await world.drained(
      world.killSwitch.trip({
        scope: { kind: 'strategy', id: 'other' },
        to: 'halted',
        reason: 'test',
        by: system('test'),
      }),
    );
    const b = idOf('b', 'acc', 'other');
    expect([report.cancelRequested, world.driver.cancels]).toEqual([[b], [b]]);
  });

  test('to reducing keeps the exits that fit, and cancels the rest', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    const submit = (intentId: string, side: 'buy' | 'sell', quantity: string) =>
      world.drained(
        world.desk.submit(
          intent({
            intentId,
            side,
            quantity,
            price: { type: 'limit', limit: side === 'buy' ? '99' : '101' },
          }),
        ),
      );
    await submit('entry', 'buy', '3');
    await submit('exit', 'sell', '10');
    const report = await world.drained(
      world.killSwitch.trip({ to: 'reducing', reason: 'test', by: system('test') }),
    );
    expect([report.cancelRequested, world.driver.cancels]).toEqual([[idOf('entry')], [idOf('entry')]]);
  });
});

describe('ordersToCancel: what does not reduce', () => {
  /** A book with a position of gold and working orders, each `side quantity`, oldest first. */
  function bookOf(position: number, ...orders: string[]): Book {
    const book = new Book();
    book.openAccount('acc', 'USDT', '100000');
    const place = (id: string, side: 'buy' | 'sell', qty: number): void => {
      const order = bookedOf(id, side, qty);
      book.hold(order);
      book.keep(order);
    };
    if (position !== 0) {
      place('position', position > 0 ? 'buy' : 'sell', Math.abs(position));
      book.apply(eventOf('filled', 'position', { fill: fillOf('p', Math.abs(position)) }));
    }
    orders.forEach((text, at) => {
      const [side, qty] = text.split(' ');
      place(String(at), side as 'buy' | 'sell', Number(qty));
    });
    return book;
  }
  const gone = (book: Book, scope: Scope = FIRM): readonly string[] =>
    ordersToCancel(book, scope, 'not-reducing', 'venue');

  test.for<[number, string[], string[]]>([
    [10, ['sell 10'], []],
    [10, ['sell 6', 'sell 5'], ['1']],
    [10, ['sell 6', 'sell 5', 'sell 4'], ['1']],
    [10, ['buy 1', 'sell 10', 'buy 5'], ['0', '2']],
    [0, ['sell 1', 'buy 1'], ['0', '1']],
    [-5, ['buy 3', 'buy 2', 'sell 1'], ['2']],
    [-5, ['buy 6', 'buy 5'], ['0']],
  ])('position %i, working %o: %o go', ([position, orders, ids]) => {
    expect(gone(bookOf(position, ...orders))).toEqual(ids);
  });

  test('counts what is left of an order, not what was asked', () => {
    const book = bookOf(10, 'sell 6', 'sell 8');
    book.apply(eventOf('filled', '0', { fill: fillOf('f', 4) })); // position 6, orders of 2 and 8
    expect(gone(book)).toEqual(['1']);
    book.apply(eventOf('filled', '1', { fill: fillOf('g', 4) })); // position 2, orders of 2 and 4
    expect(gone(book)).toEqual(['1']);
  });

  test('an order that is over but may still fill takes its part of the position first', () => {
    const book = bookOf(10, 'sell 6', 'sell 5');
    book.apply(eventOf('cancelled', '1')); // the venue did not say how much was filled
    expect(gone(book)).toEqual(['0']);
  });

  test('so does an order that is out of scope', () => {
    const book = bookOf(10);
    for (const [id, strategyId] of [
      ['mine', 'a'],
      ['theirs', 'b'],
    ] as const) {
      const order = bookedOf(id, 'sell', 6, { strategyId });
      book.hold(order);
      book.keep(order);
    }
    expect(gone(book, { kind: 'strategy', id: 'a' })).toEqual(['mine']);
    expect(gone(book)).toEqual(['theirs']);
  });

  test('tells instruments and accounts apart', () => {
    const book = bookOf(10, 'sell 10');
    book.openAccount('other', 'USDT', '1000');
    for (const [id, overrides] of [
      ['silver', { instrument: SILVER }],
      ['other', { accountId: 'other' }],
    ] as const) {
      const order = bookedOf(id, 'sell', 1, overrides);
      book.hold(order);
      book.keep(order);
    }
    expect(gone(book)).toEqual(['silver', 'other']);
  });
});

describe('a round of cancels', () => {
  const BY = person('ada');
  const exit = (intentId: string, quantity: string, instrumentId = 'GOLD') =>
    intent({ intentId, instrumentId, side: 'sell', quantity, price: { type: 'limit', limit: '105' } });

  /** Trips, and gives what became of the cancels once venue and disk have had their time. */
  async function tripped(world: DeskWorld, to: 'reducing' | 'halted', scope: Scope = FIRM) {
    const { cancelRequested: cancelled, confirmed } = await world.drained(
      world.killSwitch.trip({ scope, to, reason: 'test', by: BY }),
    );
    await world.later(10_000, 1_000);
    return { cancelled, ...(await confirmed) };
  }

  test('whose orders end leaves nothing', async () => {
    const world = await working();
    world.driver.onCancel = (clientOrderId) => {
      world.driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
      return Promise.resolve();
    };
    expect(await tripped(world, 'halted')).toMatchObject({
      cancelled: [ONE_ID],
      left: [],
      unprotected: [],
    });
  });

  test.for([
    ['the venue is silent', never],
    ['the venue says yes and does nothing', () => Promise.resolve()],
    ['the venue refuses', failing()],
  ] as const)('names what is left when %s', async ([, onCancel]) => {
    const world = await working();
    world.driver.onCancel = onCancel;
    expect(await tripped(world, 'halted')).toMatchObject({ cancelled: [ONE_ID], left: [ONE_ID] });
  });

  test('names the positions that no working order reduces any more', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    await world.position('5', 'SILVER');
    await world.drained(world.desk.submit(exit('gold', '10')));
    await world.drained(world.desk.submit(exit('silver', '5', 'SILVER')));
    world.driver.onCancel = (clientOrderId) => {
      world.driver.tell({ type: 'cancelled', clientOrderId, cumulative: '0' });
      return Promise.resolve();
    };
    expect(await tripped(world, 'halted', { kind: 'instrument', id: 'GOLD' })).toMatchObject({
      left: [],
      unprotected: [{ accountId: 'acc', instrumentId: 'GOLD', position: '10' }],
    });
    expect(await tripped(world, 'reducing')).toMatchObject({
      cancelled: [],
      unprotected: [{ instrumentId: 'GOLD' }],
    });
  });

  test('keeps the exits that fit while only exits pass, and none of them is unprotected', async () => {
    const world = await DeskWorld.open();
    await world.position('10');
    await world.drained(world.desk.submit(exit('gold', '10')));
    expect(await tripped(world, 'reducing')).toMatchObject({ cancelled: [], left: [], unprotected: [] });
  });
});
