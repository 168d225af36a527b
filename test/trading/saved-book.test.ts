import { describe, expect, test } from 'vitest';
import { decimal, lots, units } from '../../src/core/index.ts';
import { Book, type SavedBook, type SavedOrder, defineInstrument } from '../../src/trading/index.ts';
import { GOLD, ONE, bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { amended, anomaly, ask, cell, fill, openBook, order, place, placed, terms } from './book-world.ts';

const rollTo = (book: Book, dayId: string): void => {
  book.roll(book.planRoll(dayId, 0));
};
/** Read through, so that whole Books compare. */
const plain = (saved: SavedBook): unknown =>
  JSON.parse(JSON.stringify({ ...saved, orders: [...saved.orders] }));
const restored = (saved: SavedBook): Book => {
  const book = new Book();
  book.restore(saved);
  return book;
};
const live = (book: Book): string[] => [...book.liveOrders()].map((row) => row.order.clientOrderId);
const only = (saved: readonly SavedOrder[]): SavedOrder => {
  const [one, ...others] = saved;
  if (one === undefined || others.length > 0) throw new Error(`expected one order, got ${saved.length}`);
  return one;
};

/** A Book with something of everything. */
const rich = (): Book => {
  const book = openBook();
  rollTo(book, '2026-01-02');
  place(book, 'done');
  fill(book, 'x', 10, 'done');
  place(book, 'o');
  book.apply(eventOf('accepted', 'o'));
  fill(book, 'y', 4);
  ask(book, 15, 120);
  place(book, 'lost', 'sell', 3);
  book.apply(eventOf('timedOut', 'lost'));
  place(book, 'late', 'sell', 5);
  book.apply(eventOf('cancelled', 'late', { cumulative: 2 }));
  book.external(bookedOf('e', 'buy', 1, { strategyId: 'external' }), fillOf('z', 1, '99', '0.25'), 0);
  book.adjust({
    adjustmentId: 'a',
    accountId: 'other',
    position: { instrument: GOLD, qty: lots(-2), price: decimal('101.5') },
    cash: decimal('0.125'),
  });
  return book;
};

describe('a restored Book', () => {
  test('follows the marks of before, like one that was there when they came', () => {
    const saved = rich().snapshot();
    const [before, after] = [new Book(), new Book()];
    before.mark(markOf(110));
    before.restore(saved);
    after.restore(saved);
    after.mark(markOf(110));
    const worst = (book: Book) => [book.account('acc')?.gross, book.account('acc')?.equity, cell(book)];
    expect(worst(before)).toEqual(worst(after));
    expect(before.account('acc')?.gross).toBeGreaterThan(0);
  });

  test('says the same of itself', () => {
    const book = rich();
    expect(plain(restored(book.snapshot()).snapshot())).toEqual(plain(book.snapshot()));
  });

  test('holds what was held, and lists what may still fill, oldest first', () => {
    const book = restored(rich().snapshot());
    expect([cell(book), cell(book, 'other'), live(book)]).toEqual([
      { pos: 15, buy: 11, sell: 5 },
      { pos: -2, buy: 0, sell: 0 },
      ['o', 'lost', 'late'],
    ]);
  });

  test('has seen no mark: money is unknown until the next one, then it is what it was', () => {
    const before = rich();
    const book = restored(before.snapshot());
    const unknown = [book.account('acc')?.equity, book.account('acc')?.gross, book.markOf('GOLD')];
    book.mark(markOf(100));
    const { equity, gross, count, dayOpen, highWater } = before.account('acc') ?? {};
    expect([unknown, book.account('acc')]).toMatchObject([
      [NaN, NaN, undefined],
      { equity, gross, count, dayOpen, highWater },
    ]);
  });

  test('goes on with an amendment that waits', () => {
    const book = restored(rich().snapshot());
    expect([terms(book), amended(book, 15, 120), order(book)]).toEqual([
      { is: [10, 100, false], toBe: [15, 120, false] },
      'applied',
      { state: 'working', leaves: 11, cumulative: 4 },
    ]);
  });

  test('knows what has been booked: executions, adjustments, orders', () => {
    const book = restored(rich().snapshot());
    const external = bookedOf('again', 'buy', 1, { strategyId: 'external' });
    expect([
      fill(book, 'x', 10, 'done'),
      book.external(external, fillOf('z', 1), 0),
      book.external(external, fillOf('y', 4), 0),
      book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: decimal('1') }),
    ]).toEqual(['duplicate', 'duplicate', 'duplicate', 'duplicate']);
    expect(() => {
      book.keep(bookedOf('done', 'buy', 1));
    }).toThrow(expect.objectContaining({ code: 'RESERVATION_SPENT' }));
  });

  test('knows its day: it rolls on, never back', () => {
    const book = restored(rich().snapshot());
    const open = (dayId: string, dayOpen: number): number | undefined => {
      book.roll({
        dayId,
        atMs: 0,
        accounts: [{ accountId: 'acc', dayOpen: units(dayOpen), highWater: units(0) }],
      });
      return book.account('acc')?.dayOpen;
    };
    expect([open('2026-01-02', 1), open('2026-01-03', 2)]).toEqual([10_000 * ONE, 2]);
  });

  test('knows how far below its high-water mark it was', () => {
    const before = openBook();
    before.stampHighWater('acc', units(20_000 * ONE));
    expect(restored(before.snapshot()).account('acc')).toMatchObject({
      highWater: 20_000 * ONE,
      drawdownFraction: 0.5,
    });
  });
});

describe('a snapshot', () => {
  test('stays what it was when the Book goes on, also where it is read later', () => {
    const book = rich();
    const taken = book.snapshot();
    const was = plain(book.snapshot());
    fill(book, 'n', 2);
    amended(book, 15, 120);
    book.apply(eventOf('absent', 'lost'));
    place(book, 'new');
    book.adjust({ adjustmentId: 'b', accountId: 'acc', cash: decimal('7') });
    rollTo(book, '2026-01-03');
    book.retire('2026-01-03');
    expect(plain(taken)).toEqual(was);
  });

  test('makes nothing anew of an order to which nothing has happened since the last one', () => {
    const book = rich();
    const before = [...book.snapshot().orders];
    fill(book, 'n', 2);
    const same = [...book.snapshot().orders].map((saved, at) => saved === before[at]);
    expect(before.map(({ order: { clientOrderId } }) => clientOrderId)).toEqual(
      expect.arrayContaining(['done', 'o', 'lost', 'late', 'e']),
    );
    expect(same).toEqual(before.map(({ order: { clientOrderId } }) => clientOrderId !== 'o'));
  });

  test('after a restart makes nothing anew of what has been read', () => {
    const taken = [...rich().snapshot().orders];
    const book = new Book();
    book.restore({ ...rich().snapshot(), orders: taken });
    expect([...book.snapshot().orders].map((saved, at) => saved === taken[at])).not.toContain(false);
  });

  test.each([
    ['that works', [], 7],
    ['that is over', ['done'], 7],
  ])('keeps the fills of an order %s as they were', (_, [id = 'o'], quantity) => {
    const book = rich();
    const executionsOf = (saved: SavedBook): readonly string[] | undefined =>
      [...saved.orders].find(({ order: { clientOrderId } }) => clientOrderId === id)?.executionIds;
    const taken = book.snapshot();
    const was = [...(executionsOf(taken) ?? [])];
    fill(book, 'n', quantity, id);
    expect([executionsOf(taken), executionsOf(book.snapshot())]).toEqual([was, [...was, 'n']]);
  });

  test('does not hold what was never kept', () => {
    const book = openBook();
    book.hold(bookedOf('o', 'buy', 10));
    expect(cell(restored(book.snapshot()))).toEqual({ pos: 0, buy: 0, sell: 0 });
  });
});

test('a restored Book that only holds something is worth what the marks of before say', () => {
  const book = openBook();
  place(book, 'o');
  fill(book, 'x', 10);
  const twin = new Book();
  twin.mark(markOf(110));
  twin.restore(book.snapshot());
  expect(twin.account('acc')).toMatchObject({ equity: 10_100 * ONE, gross: 1_100 * ONE });
});

describe('what is kept with a Book only where it is there', () => {
  const BTC = defineInstrument({ instrumentId: 'BTC', base: 'BTC', quote: 'USDT', tick: '1', step: '0.01' });
  const PERP = defineInstrument({
    instrumentId: 'PERP',
    kind: 'linear',
    base: 'BTC',
    quote: 'USDT',
    tick: '1',
    step: '1',
    initialMarginFraction: '0.1',
  });
  const only = (saved: SavedBook) => saved.accounts[0]?.cells[0];

  test('are parts of lots', () => {
    const book = openBook();
    place(book, 'o', 'buy', 100, { instrument: BTC });
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 100, '100', '0.001', 'BTC') }));
    const twin = restored(book.snapshot());
    expect(twin.cell('acc', 'BTC')?.dust.toFixed()).toBe('0.009');
    expect(plain(twin.snapshot())).toEqual(plain(book.snapshot()));
    expect(only(book.snapshot())).not.toHaveProperty('funding');
  });

  test('is funding', () => {
    const book = openBook();
    place(book, 'o', 'buy', 1, { instrument: PERP });
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 1) }));
    book.fund({ fundingId: 'f', accountId: 'acc', instrument: PERP, amount: decimal('-2.5') });
    const twin = restored(book.snapshot());
    expect(twin.cell('acc', 'PERP')?.funding.toFixed()).toBe('-2.5');
    expect(plain(twin.snapshot())).toEqual(plain(book.snapshot()));
    expect(only(book.snapshot())).not.toHaveProperty('dust');
  });

  test('are the fees that a strategy paid in another currency than that of its fills', () => {
    const book = new Book({ fxRates: () => ({ rate: () => ({ rate: decimal('1'), monotonicMs: 0 }) }) });
    book.openAccount('acc', 'EUR', '10000');
    book.mark(markOf(100));
    place(book, 'o', 'buy', 1);
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 1, '100', '3', 'EUR') }));
    const saved = book.snapshot();
    expect([book.cell('acc', 'GOLD')?.share('strat')?.fees.toFixed(), only(saved)?.shares]).toEqual([
      '3',
      [{ strategyId: 'strat', pos: 1, cash: decimal('-100'), fees: decimal('3') }],
    ]);
    expect(plain(restored(saved).snapshot())).toEqual(plain(saved));
  });

  test('are the shares of those that have traded, in the order of their names', () => {
    const book = openBook();
    for (const strategyId of ['c', 'a', 'b', 'idle']) place(book, strategyId, 'buy', 2, { strategyId });
    for (const id of ['c', 'a', 'b']) fill(book, id, 1, id);
    expect(only(book.snapshot())?.shares?.map(({ strategyId }) => strategyId)).toEqual(['a', 'b', 'c']);
  });

  test('fees that a Book of before did not split by currency were of its own', () => {
    const book = openBook();
    place(book, 'o');
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 10, '100', '7') }));
    const saved = book.snapshot();
    const accounts = saved.accounts.map(({ feesPaid: _, ...account }) => account);
    const paid = restored({ ...saved, accounts })
      .account('acc')
      ?.feesPaid();
    expect(paid?.map(({ currency, amount }) => [currency, amount.toFixed()])).toEqual([['USDT', '7']]);
  });
});

describe('live orders', () => {
  test('are those that may still fill: open ones, and ended ones whose last fills are missing', () => {
    const book = placed();
    place(book, 'p');
    place(book, 'q');
    book.apply(eventOf('cancelled', 'o', { cumulative: 3 }));
    book.apply(eventOf('rejected', 'p'));
    const waiting = live(book);
    fill(book, 'x', 3);
    expect([waiting, live(book)]).toEqual([['o', 'q'], ['q']]);
  });

  test('an order that lives again has its old place, between others', () => {
    const book = placed();
    for (const id of ['p', 'q', 'r']) place(book, id);
    for (const id of ['p', 'q']) book.apply(eventOf('rejected', id));
    const without = live(book);
    book.apply(eventOf('accepted', 'q'));
    const withOne = live(book);
    book.apply(eventOf('accepted', 'p'));
    expect([without, withOne, live(book)]).toEqual([
      ['o', 'r'],
      ['o', 'q', 'r'],
      ['o', 'p', 'q', 'r'],
    ]);
  });

  test('of a restored Book have the places of before, and new ones come after them', () => {
    const book = placed();
    for (const id of ['p', 'q', 'r']) place(book, id);
    for (const id of ['p', 'q']) book.apply(eventOf('rejected', id));
    const twin = restored(book.snapshot());
    place(twin, 's');
    for (const id of ['q', 'p']) twin.apply(eventOf('accepted', id));
    expect(live(twin)).toEqual(['o', 'p', 'q', 'r', 's']);
  });

  test('an order that lives again has its old place', () => {
    const book = placed();
    place(book, 'p');
    book.apply(eventOf('rejected', 'o'));
    const without = live(book);
    book.apply(eventOf('accepted', 'o'));
    expect([without, live(book)]).toEqual([['p'], ['o', 'p']]);
  });
});

describe('finished orders', () => {
  /** `o` was filled on 2 January; today is the 4th. */
  const old = (): Book => {
    const book = openBook();
    rollTo(book, '2026-01-02');
    place(book, 'o');
    fill(book, 'x', 10);
    rollTo(book, '2026-01-04');
    return book;
  };
  const finished = (book: Book, dayId: string): string[] =>
    book.finishedBefore(dayId).map((row) => row.order.clientOrderId);

  test('are finished before every later day', () => {
    const book = old();
    expect([finished(book, '2026-01-02'), finished(book, '2026-01-03')]).toEqual([[], ['o']]);
  });

  test('are of the day on which something last happened to them', () => {
    const book = old();
    expect(fill(book, 'y', 1)).toEqual(anomaly('OVERFILL'));
    expect([finished(book, '2026-01-04'), finished(book, '2026-01-05')]).toEqual([[], ['o']]);
  });

  test.each([
    ['the second report of a fill', () => eventOf('filled', 'o', { fill: fillOf('x', 10) })],
    ['a fill that cannot be', () => eventOf('filled', 'o', { fill: fillOf('y', 0) })],
    ['what cannot happen to it', () => eventOf('rejected', 'o')],
  ])('are not younger by %s', (_, event) => {
    const book = old();
    book.apply(event());
    expect(finished(book, '2026-01-03')).toEqual(['o']);
  });

  test.each([
    ['still work', 'accepted'],
    ['nobody knows of', 'timedOut'],
    ['ended with fills still to come', 'cancelled'],
  ] as const)('are never those that %s', (_, type) => {
    const book = openBook();
    place(book, 'o');
    book.apply(eventOf(type, 'o'));
    expect(finished(book, '9999-12-31')).toEqual([]);
  });

  test('leave position and cash behind when they are retired', () => {
    const book = old();
    book.retire('2026-01-03');
    expect([book.order('o'), [...book.orders()], cell(book), book.account('acc')?.cash.toFixed()]).toEqual([
      undefined,
      [],
      { pos: 10, buy: 0, sell: 0 },
      '9000',
    ]);
  });

  test('of another day stay', () => {
    const book = old();
    book.retire('2026-01-02');
    expect(book.order('o')?.state).toBe('filled');
  });

  test('are unknown afterwards, until they are revived', () => {
    const book = old();
    const was = only(book.finishedBefore('2026-01-03'));
    book.retire('2026-01-03');
    const late = fill(book, 'y', 1);
    book.revive(was);
    expect([late, fill(book, 'x', 10), fill(book, 'y', 1), cell(book)]).toEqual([
      anomaly('ORDER_UNKNOWN'),
      'duplicate',
      anomaly('OVERFILL'),
      { pos: 11, buy: 0, sell: 0 },
    ]);
  });

  test('come back with what was held', () => {
    const from = placed();
    from.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    const was = only([...from.snapshot().orders]);
    const book = openBook();
    book.revive(was);
    expect([cell(book), live(book)]).toEqual([{ pos: 0, buy: 4, sell: 0 }, ['o']]);
  });

  test('that were rejected come back, and live again with the next fill', () => {
    const book = openBook();
    place(book, 'o');
    book.apply(eventOf('rejected', 'o'));
    const was = only(book.finishedBefore('2026-01-03'));
    book.retire('2026-01-03');
    book.revive(was);
    expect([live(book), fill(book, 'x', 4), order(book), live(book)]).toEqual([
      [],
      anomaly('RESURRECTED'),
      { state: 'working', leaves: 6, cumulative: 4 },
      ['o'],
    ]);
  });

  test('take their execution ids with them', () => {
    const book = old();
    book.retire('2026-01-03');
    expect(book.external(bookedOf('e', 'buy', 10), fillOf('x', 10), 0)).toBe('applied');
  });

  test('of two that have one execution id, it goes with the second', () => {
    const book = old();
    place(book, 'p');
    expect(fill(book, 'x', 10, 'p')).toEqual(anomaly('EXECUTION_ID_REUSED'));
    book.retire('2026-01-03');
    rollTo(book, '2026-01-06');
    book.retire('2026-01-05');
    expect(book.external(bookedOf('e', 'buy', 10), fillOf('x', 10), 0)).toBe('applied');
  });

  test('leave the execution ids that other orders have as well', () => {
    const book = old();
    place(book, 'p');
    expect(fill(book, 'x', 10, 'p')).toEqual(anomaly('EXECUTION_ID_REUSED'));
    book.retire('2026-01-03');
    expect(book.external(bookedOf('e', 'buy', 10), fillOf('x', 10), 0)).toBe('duplicate');
  });
});
