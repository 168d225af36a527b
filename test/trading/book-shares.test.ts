import { describe, expect, test } from 'vitest';
import { decimal, lots, units } from '../../src/core/index.ts';
import { Book, type Side } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, amendmentOf, bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { openBook } from './book-world.ts';

const place = (book: Book, id: string, strategyId: string, side: Side, qty: number, worst = 100) => {
  const order = bookedOf(id, side, qty, { strategyId, worst: worst as never });
  book.hold(order);
  book.keep(order);
  return order;
};
const fill = (book: Book, id: string, qty: number, price = '100', fee = '0') =>
  book.apply(eventOf('filled', id, { fill: fillOf(`x-${id}-${price}`, qty, price, fee) }));
const acc = (book: Book) => {
  const account = book.account('acc');
  if (account === undefined) throw new Error('no account');
  return account;
};
const shares = (book: Book) =>
  Array.from(book.cell('acc', 'GOLD')?.shares() ?? [], ({ strategyId, pos, buy, sell, cash }) => [
    strategyId,
    pos,
    buy,
    sell,
    cash.toFixed(),
  ]);

describe('claims', () => {
  test('are what working buys may still cost at their worst price', () => {
    const book = openBook();
    place(book, 'b', 's', 'buy', 10, 110);
    place(book, 's', 's', 'sell', 10, 90);
    expect([acc(book).claimed, acc(book).freeCash, acc(book).capital]).toEqual([
      1_100 * ONE,
      8_900 * ONE,
      1_100 * ONE,
    ]);
    fill(book, 'b', 4, '105');
    expect([acc(book).claimed, acc(book).freeCash, acc(book).capital]).toEqual([
      660 * ONE,
      8_920 * ONE,
      1_080 * ONE,
    ]);
    book.apply(eventOf('cancelled', 'b', { cumulative: 4 }));
    expect([acc(book).claimed, acc(book).freeCash]).toEqual([0, 9_580 * ONE]);
  });

  test('go with a hold that is dropped', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 10);
    book.hold(order);
    expect(acc(book).claimed).toBe(1_000 * ONE);
    book.drop(order);
    expect([acc(book).claimed, acc(book).freeCash]).toEqual([0, 10_000 * ONE]);
  });

  test('are at the worst of what an order is, may become and was', () => {
    const book = openBook();
    place(book, 'o', 's', 'buy', 10);
    book.apply(eventOf('accepted', 'o'));
    book.apply(eventOf('amendRequested', 'o', { to: amendmentOf(12, 120) }));
    expect(acc(book).claimed).toBe(1_440 * ONE);
    book.apply(eventOf('amended', 'o', { to: amendmentOf(12, 120) }));
    book.apply(eventOf('amendRequested', 'o', { to: amendmentOf(8, 90) }));
    book.apply(eventOf('amended', 'o', { to: amendmentOf(8, 90) }));
    // A report that is late may still have the price of before.
    expect(acc(book).claimed).toBe(960 * ONE);
  });

  test('that cannot be counted leave nothing free, and are right again afterwards', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 10, { worst: Number.MAX_SAFE_INTEGER as never });
    book.hold(order);
    place(book, 'b', 's', 'buy', 1);
    expect([acc(book).claimed, acc(book).freeCash, acc(book).capital]).toEqual([NaN, NaN, NaN]);
    book.drop(order);
    expect([acc(book).claimed, acc(book).freeCash]).toEqual([100 * ONE, 9_900 * ONE]);
  });

  test('count a fraction of a unit whole', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 1, {
      worst: 1 as never,
      instrument: { ...GOLD, grid: { ...GOLD.grid, numerator: 1, denominator: 3 } },
    });
    book.hold(order);
    expect(acc(book).claimed).toBe(1);
  });
});

describe('shares of strategies', () => {
  test('add up to the position and to what works', () => {
    const book = openBook();
    place(book, 'a', 'one', 'buy', 10);
    place(book, 'b', 'two', 'sell', 6);
    fill(book, 'a', 8, '100', '2');
    fill(book, 'b', 5, '110');
    expect(shares(book)).toEqual([
      ['one', 8, 2, 0, '-802'],
      ['two', -5, 0, 1, '550'],
    ]);
    expect(book.cell('acc', 'GOLD')).toMatchObject({ pos: 3, buy: 2, sell: 1 });
    expect(book.cell('acc', 'GOLD')?.share('three')).toBeUndefined();
  });

  test.each([
    ['buy', [['one', 0, 5, 0, '0']]],
    ['sell', [['one', 0, 0, 5, '0']]],
  ] as const)('is told of one that has only begun to %s', (side, expected) => {
    const book = openBook();
    place(book, 'a', 'one', side, 5);
    expect(shares(book)).toEqual(expected);
  });

  test('earn what they have made, also without a mark, where they hold nothing any more', () => {
    const book = openBook();
    place(book, 'a', 'one', 'buy', 5);
    place(book, 'b', 'one', 'sell', 5);
    place(book, 'c', 'two', 'buy', 1);
    fill(book, 'a', 5, '100');
    fill(book, 'b', 5, '102');
    fill(book, 'c', 1, '100');
    const twin = new Book();
    twin.restore(book.snapshot());
    expect([acc(twin).strategyPnl('one'), acc(twin).strategyPnl('two')]).toEqual([10 * ONE, NaN]);
  });

  test('a hold that is dropped leaves none to be told of', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 10);
    book.hold(order);
    book.drop(order);
    expect(shares(book)).toEqual([]);
  });

  test('earn what they were paid and what they hold, also where the position is flat', () => {
    const book = openBook();
    place(book, 'a', 'one', 'buy', 5);
    place(book, 'b', 'two', 'sell', 5);
    fill(book, 'a', 5, '100', '1');
    fill(book, 'b', 5, '102');
    book.mark(markOf(110));
    expect([acc(book).strategyPnl('one'), acc(book).strategyPnl('two')]).toEqual([49 * ONE, -40 * ONE]);
    expect(acc(book).dayPnl).toBe(9 * ONE);
    expect([acc(book).strategyPnl('nobody'), [...acc(book).strategies()]]).toEqual([0, ['one', 'two']]);
  });

  test('earn nobody knows what while something has no mark', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 5, { instrument: SILVER });
    book.hold(order);
    book.keep(order);
    expect(acc(book).strategyPnl('strat')).toBe(0);
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 5) }));
    expect([acc(book).strategyPnl('strat'), acc(book).strategyDayPnl('strat')]).toEqual([NaN, NaN]);
    book.mark(markOf(101, 'SILVER'));
    expect(acc(book).strategyPnl('strat')).toBe(5 * ONE);
  });

  test('of the day count from the roll; a day whose end is unknown goes on', () => {
    const book = openBook();
    place(book, 'a', 'one', 'buy', 5);
    fill(book, 'a', 5);
    book.mark(markOf(110));
    book.roll(book.planRoll('2026-01-02', 0));
    book.mark(markOf(107));
    expect([acc(book).strategyPnl('one'), acc(book).strategyDayPnl('one')]).toEqual([35 * ONE, -15 * ONE]);
    const twin = new Book();
    twin.restore(book.snapshot());
    expect(acc(twin).strategyDayPnl('one')).toBeNaN();
    twin.roll(twin.planRoll('2026-01-03', 0));
    twin.mark(markOf(107));
    expect(acc(twin).strategyDayPnl('one')).toBe(-15 * ONE);
  });

  test('of a day that was rolled before they were kept are unknown until the next', () => {
    const book = openBook();
    place(book, 'a', 'one', 'buy', 5);
    fill(book, 'a', 5);
    const old = { accountId: 'acc', dayOpen: units(10_000 * ONE), highWater: units(10_000 * ONE) };
    book.roll({ dayId: '2026-01-02', atMs: 0, accounts: [old] });
    expect(acc(book).strategyDayPnl('one')).toBeNaN();
    book.roll(book.planRoll('2026-01-03', 0));
    expect(acc(book).strategyDayPnl('one')).toBe(0);
  });

  test("an adjusted position is that of `adjustment`, one of a Book without shares nobody's", () => {
    const book = openBook();
    book.adjust({
      adjustmentId: 'a',
      accountId: 'acc',
      cash: decimal('0'),
      position: { instrument: GOLD, qty: lots(2), price: decimal('90') },
    });
    expect(shares(book)).toEqual([['adjustment', 2, 0, 0, '0']]);
    expect(acc(book).strategyPnl('adjustment')).toBe(200 * ONE);
    const saved = book.snapshot();
    const old = saved.accounts.map((account) => ({
      ...account,
      cells: account.cells.map(({ shares: _, ...cell }) => cell),
    }));
    const twin = new Book();
    twin.restore({ ...saved, accounts: old });
    expect(shares(twin)).toEqual([['unattributed', 2, 0, 0, '-180']]);
  });
});

test('the live orders on a side of an instrument are those of all accounts, oldest first, and none of others', () => {
  const book = openBook();
  for (const [id, accountId, instrument] of [
    ['a', 'acc', GOLD],
    ['b', 'other', GOLD],
    ['c', 'acc', SILVER],
    ['d', 'acc', GOLD],
  ] as const) {
    const order = bookedOf(id, 'buy', 1, { accountId, instrument });
    book.hold(order);
    expect([...book.workingOn('GOLD', 'buy')].some((row) => row.order === order)).toBe(false);
    book.keep(order);
  }
  const ids = () => Array.from(book.workingOn('GOLD', 'buy'), ({ order }) => order.clientOrderId);
  expect(ids()).toEqual(['a', 'b', 'd']);
  book.apply(eventOf('rejected', 'b'));
  expect(ids()).toEqual(['a', 'd']);
  book.apply(eventOf('accepted', 'b'));
  expect([ids(), [...book.workingOn('GOLD', 'sell')]]).toEqual([['a', 'b', 'd'], []]);
  expect([...book.workingOn('LEAD', 'buy')]).toEqual([]);
});
