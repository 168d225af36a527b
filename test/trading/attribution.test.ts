import { describe, expect, test } from 'vitest';
import { decimal, lots } from '../../src/core/index.ts';
import { Book, type Instrument, RESERVED_STRATEGIES, type Side } from '../../src/trading/index.ts';
import { GOLD, ONE, bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { openBook } from './book-world.ts';

interface Trade {
  readonly price?: string;
  readonly fee?: string;
  readonly currency?: string;
  readonly instrument?: Instrument;
}
let serial = 0;
const trade = (
  book: Book,
  strategyId: string,
  side: Side,
  qty: number,
  { price = '100', fee = '0', currency = 'USDT', instrument = GOLD }: Trade = {},
) => {
  const id = `o${String((serial += 1))}`;
  const order = bookedOf(id, side, qty, { strategyId, instrument });
  book.hold(order);
  book.keep(order);
  book.apply(eventOf('filled', id, { fill: fillOf(id, qty, price, fee, currency) }));
};
const adjust = (book: Book, qty: number, price: string, instrument = GOLD) =>
  book.adjust({
    adjustmentId: `a${String((serial += 1))}`,
    accountId: 'acc',
    cash: decimal('0'),
    position: { instrument, qty: lots(qty), price: decimal(price) },
  });
const shares = (book: Book) =>
  Array.from(
    book.cell('acc', 'GOLD')?.shares() ?? [],
    ({ strategyId, pos, cash }) => [strategyId, pos, cash.toFixed()] as const,
  );
const earned = (book: Book, ...ids: readonly string[]) =>
  ids.map((id) => (book.account('acc')?.strategyPnl(id) ?? NaN) / ONE);

describe('what is closed for a strategy', () => {
  test('leaves its share, at the price of the fill; the fee is that of who closed it', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    trade(book, 'flatten', 'sell', 10, { price: '103', fee: '2' });
    expect(shares(book)).toEqual([
      ['A', 0, '30'],
      ['flatten', 0, '-2'],
    ]);
    book.mark(markOf(500));
    expect(earned(book, 'A', 'flatten')).toEqual([30, -2]);
    expect(book.account('acc')?.dayPnl).toBe(28 * ONE);
  });

  test.each(['flatten', 'external', 'adjustment'])('is so by %s', (who) => {
    const book = openBook();
    trade(book, 'A', 'sell', 4);
    trade(book, who, 'buy', 3, { price: '90' });
    expect(RESERVED_STRATEGIES.has(who)).toBe(true);
    expect(shares(book)).toEqual([['A', -1, '130']]);
  });

  test('is not what another strategy trades: the shares stay apart', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    trade(book, 'B', 'sell', 10);
    expect(shares(book)).toEqual([
      ['A', 10, '-1000'],
      ['B', -10, '1000'],
    ]);
  });

  test('is taken off the largest share first, and of equal ones by strategy id', () => {
    const book = openBook();
    for (const [id, qty] of [
      ['C', 3],
      ['B', 3],
      ['A', 1],
      ['D', 5],
    ] as const)
      trade(book, id, 'buy', qty);
    trade(book, 'flatten', 'sell', 9);
    expect(shares(book)).toEqual([
      ['C', 2, '-200'],
      ['A', 1, '-100'],
    ]);
  });

  test('is taken off its own share before any other: a report that is taken back changes nobody else', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    adjust(book, 5, '100');
    adjust(book, -5, '100');
    expect(shares(book)).toEqual([['A', 10, '-1000']]);
    trade(book, 'external', 'buy', 2);
    trade(book, 'external', 'sell', 3);
    expect(shares(book)).toEqual([['A', 9, '-900']]);
  });

  test('leaves what strategies hold on the other side alone', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 15);
    trade(book, 'B', 'sell', 5);
    trade(book, 'flatten', 'sell', 10);
    expect(shares(book)).toEqual([
      ['A', 5, '-500'],
      ['B', -5, '500'],
    ]);
  });

  test('beyond the position is the share of who traded it', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 4);
    trade(book, 'external', 'sell', 7, { price: '110', fee: '1' });
    expect(shares(book)).toEqual([
      ['A', 0, '40'],
      ['external', -3, '329'],
    ]);
  });

  test('is nothing where the position grows', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 4);
    trade(book, 'external', 'buy', 2);
    expect(shares(book)).toEqual([
      ['A', 4, '-400'],
      ['external', 2, '-200'],
    ]);
  });

  test('leaves what works with its own strategy', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    const order = bookedOf('f', 'sell', 10, { strategyId: 'flatten' });
    book.hold(order);
    book.keep(order);
    book.apply(eventOf('filled', 'f', { fill: fillOf('f1', 4) }));
    const of = (id: string) => book.cell('acc', 'GOLD')?.share(id);
    expect([of('A')?.pos, of('A')?.sell, of('flatten')?.pos, of('flatten')?.sell]).toEqual([6, 0, 0, 6]);
  });

  test('adjusted away at a price earns the strategy that price, and the adjustment loses what was not paid', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    adjust(book, -10, '120');
    expect(shares(book)).toEqual([
      ['A', 0, '200'],
      ['adjustment', 0, '-1200'],
    ]);
    expect(book.account('acc')?.dayPnl).toBe(-1_000 * ONE);
  });

  test('on margin as well: the shares together earn what the account does', () => {
    const book = openBook();
    const instrument: Instrument = { ...GOLD, kind: 'linear' };
    trade(book, 'A', 'buy', 10, { instrument });
    trade(book, 'external', 'sell', 4, { instrument, price: '120' });
    adjust(book, -6, '110', instrument);
    expect(shares(book)).toEqual([
      ['A', 0, '140'],
      ['adjustment', 0, '-60'],
    ]);
    expect(book.account('acc')?.dayPnl).toBe(80 * ONE);
  });

  test('with a fee in the base takes that off as well, for no cash', () => {
    const book = openBook();
    trade(book, 'A', 'buy', 10);
    trade(book, 'flatten', 'sell', 4, { price: '110', fee: '1', currency: 'XAU' });
    expect(shares(book)).toEqual([['A', 5, '-560']]);
    trade(book, 'flatten', 'sell', 5, { price: '110', fee: '1', currency: 'XAU' });
    expect(shares(book)).toEqual([
      ['A', 0, '-10'],
      ['flatten', -1, '0'],
    ]);
  });

  test('is the same after a restart', () => {
    const book = openBook();
    trade(book, 'B', 'buy', 5);
    trade(book, 'A', 'buy', 5);
    const twin = new Book();
    twin.restore(book.snapshot());
    trade(book, 'flatten', 'sell', 7);
    trade(twin, 'flatten', 'sell', 7);
    expect(shares(book)).toEqual([['B', 3, '-300']]);
    expect(shares(twin)).toEqual([['B', 3, '-300']]);
  });
});
