import { describe, expect, test } from 'vitest';
import { ZERO, decimal, lots } from '../../src/core/index.ts';
import { type AccountStatement, statement } from '../../src/portfolio/index.ts';
import type { Adjustment, Book } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, markOf } from './builders.ts';
import { cell, fill, openBook, placed } from './book-world.ts';

const position = (qty: number, price = '100', instrument = GOLD) => ({
  instrument,
  qty: lots(qty),
  price: decimal(price),
});
const adjust = (book: Book, overrides: Partial<Adjustment>) =>
  book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: ZERO, ...overrides });

/** The money of a statement that the identity is made of. */
const money = (book: Book): Record<string, string | undefined> => {
  const found = statement(book, 'acc');
  const names = [
    'cash',
    'adjusted',
    'realised',
    'unrealised',
    'equity',
  ] as const satisfies readonly (keyof AccountStatement)[];
  return Object.fromEntries(names.map((name) => [name, found?.[name]?.toFixed()]));
};
/** Long 10 at 100, the mark at 100. */
const long = (): Book => {
  const book = placed();
  fill(book, 'x', 10);
  return book;
};
/** Short 10 at 100. */
const short = (): Book => {
  const book = placed('sell');
  fill(book, 'x', 10);
  return book;
};

describe('an adjustment of a position', () => {
  test('from nothing: it is worth what it is, and cost nobody anything', () => {
    const book = openBook();
    expect(adjust(book, { position: position(5, '80') })).toBe('applied');
    expect([cell(book), money(book)]).toEqual([
      { pos: 5, buy: 0, sell: 0 },
      { cash: '10000', adjusted: '400', realised: '0', unrealised: '100', equity: '10500' },
    ]);
  });

  test('short from nothing: it is owed', () => {
    const book = openBook();
    adjust(book, { position: position(-5, '80') });
    expect([cell(book), money(book)]).toEqual([
      { pos: -5, buy: 0, sell: 0 },
      { cash: '10000', adjusted: '-400', realised: '0', unrealised: '-100', equity: '9500' },
    ]);
  });

  test('that adds to a long', () => {
    const book = long();
    adjust(book, { position: position(5, '90') });
    expect([cell(book).pos, book.cell('acc', 'GOLD')?.cost.toFixed(), money(book)]).toEqual([
      15,
      '1450',
      { cash: '9000', adjusted: '450', realised: '0', unrealised: '50', equity: '10500' },
    ]);
  });

  test('that takes a part of a long away realises as if traded at its price', () => {
    const book = long();
    adjust(book, { position: position(-4, '110') });
    expect([cell(book).pos, money(book)]).toEqual([
      6,
      { cash: '9000', adjusted: '-440', realised: '40', unrealised: '0', equity: '9600' },
    ]);
  });

  test('that closes a short', () => {
    const book = short();
    adjust(book, { position: position(10, '90') });
    expect([cell(book).pos, book.account('acc')?.count, money(book)]).toEqual([
      0,
      0,
      { cash: '11000', adjusted: '900', realised: '100', unrealised: '0', equity: '11000' },
    ]);
  });

  test('that flips a long: the old one is realised, the new one begins at its price', () => {
    const book = long();
    adjust(book, { position: position(-15, '120') });
    expect([cell(book).pos, book.cell('acc', 'GOLD')?.cost.toFixed(), money(book)]).toEqual([
      -5,
      '-600',
      { cash: '9000', adjusted: '-1800', realised: '200', unrealised: '100', equity: '8500' },
    ]);
  });

  test('counts for limits at once: exposure, count, equity', () => {
    const book = openBook();
    adjust(book, { position: position(5, '80') });
    const { gross, count, equity, dayPnl, highWater } = book.account('acc') ?? {};
    expect({ gross, count, equity, dayPnl, highWater }).toEqual({
      gross: 500 * ONE,
      count: 1,
      equity: 10_500 * ONE,
      dayPnl: 500 * ONE,
      highWater: 10_500 * ONE,
    });
  });

  test('of what has no mark makes the equity unknown', () => {
    const book = openBook();
    adjust(book, { position: position(5, '80', SILVER) });
    expect(book.account('acc')?.equity).toBe(NaN);
    book.mark(markOf(80, 'SILVER'));
    expect(book.account('acc')?.equity).toBe(10_400 * ONE);
  });

  test('leaves what works alone', () => {
    const book = placed();
    adjust(book, { position: position(-3) });
    expect(cell(book)).toEqual({ pos: -3, buy: 10, sell: 0 });
  });
});

describe('an adjustment of cash', () => {
  test.each([
    ['more', '12.5', '10012.5'],
    ['less', '-12.5', '9987.5'],
  ])('to %s is profit or loss, not a deposit', (_, cash, equity) => {
    const book = openBook();
    adjust(book, { cash: decimal(cash) });
    expect([money(book), book.account('acc')?.flows.toFixed()]).toEqual([
      { cash: equity, adjusted: cash, realised: '0', unrealised: '0', equity },
      '10000',
    ]);
  });

  test('counts for the day, and raises the high-water mark', () => {
    const book = openBook();
    adjust(book, { cash: decimal('20') });
    adjust(book, { adjustmentId: 'b', cash: decimal('-5') });
    const { dayPnl, highWater, drawdownFraction } = book.account('acc') ?? {};
    expect({ dayPnl, highWater, drawdownFraction }).toEqual({
      dayPnl: 15 * ONE,
      highWater: 10_020 * ONE,
      drawdownFraction: 5 / 10_020,
    });
  });

  test('comes with a position: a conversion', () => {
    const book = long();
    adjust(book, { position: position(-10, '100'), cash: decimal('950') });
    expect([cell(book).pos, money(book)]).toEqual([
      0,
      { cash: '9950', adjusted: '-50', realised: '0', unrealised: '0', equity: '9950' },
    ]);
  });
});

describe('the same adjustment', () => {
  test('counts once, whatever it says the second time', () => {
    const book = openBook();
    adjust(book, { position: position(5) });
    expect(adjust(book, { position: position(7), cash: decimal('1') })).toBe('duplicate');
    expect([cell(book).pos, money(book)['cash']]).toEqual([5, '10000']);
  });

  test('under another id counts again', () => {
    const book = openBook();
    adjust(book, { position: position(5) });
    expect(adjust(book, { adjustmentId: 'b', position: position(5) })).toBe('applied');
    expect(cell(book).pos).toBe(10);
  });

  test('may be made again when its account was not there', () => {
    const book = openBook();
    expect(() => adjust(book, { accountId: 'nobody' })).toThrow(
      expect.objectContaining({ code: 'ACCOUNT_UNKNOWN' }),
    );
    expect(adjust(book, {})).toBe('applied');
  });
});
