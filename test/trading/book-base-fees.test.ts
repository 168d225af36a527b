import { describe, expect, test } from 'vitest';
import { Book, type Side, defineInstrument } from '../../src/trading/index.ts';
import { comparePositions } from '../../src/desk/reconcile/compare-holdings.ts';
import { bookedOf, eventOf, fillOf, markOf } from './builders.ts';

const BTC = defineInstrument({ instrumentId: 'BTC', base: 'BTC', quote: 'USDT', tick: '1', step: '0.01' });

const open = (): Book => {
  const book = new Book();
  book.openAccount('acc', 'USDT', '1000');
  book.mark(markOf(100, 'BTC'));
  return book;
};
let serial = 0;
const fill = (book: Book, side: Side, qty: number, price: string, fee: string): unknown => {
  const id = `o${String((serial += 1))}`;
  const order = bookedOf(id, side, qty, { instrument: BTC });
  book.hold(order);
  book.keep(order);
  return book.apply(eventOf('filled', id, { fill: fillOf(id, qty, price, fee, 'BTC') }));
};
const of = (book: Book) => {
  const { pos, dust, cost, realised, fees } = book.cell('acc', 'BTC') ?? {};
  const account = book.account('acc');
  return {
    pos,
    dust: dust?.toFixed(),
    cost: cost?.toFixed(),
    realised: realised?.toFixed(),
    fees: fees?.toFixed(),
    cash: account?.cash.toFixed(),
  };
};

describe('a fee in the base', () => {
  test('leaves the position, which is rounded down; the rest is dust', () => {
    const book = open();
    expect(fill(book, 'buy', 100, '100', '0.001')).toBe('applied');
    expect(of(book)).toEqual({
      pos: 99,
      dust: '0.009',
      cost: '99.9',
      realised: '0',
      fees: '0.1',
      cash: '900',
    });
    expect(
      book
        .account('acc')
        ?.feesPaid()
        .map(({ currency, amount }) => [currency, String(amount)]),
    ).toEqual([['BTC', '0.001']]);
  });

  test('of a rebate as large as what was paid leaves nothing paid, also after a restart', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0.001');
    fill(book, 'buy', 100, '100', '-0.001');
    expect(book.account('acc')?.feesPaid()).toEqual([]);
    const twin = new Book();
    twin.restore(book.snapshot());
    expect(twin.snapshot().accounts).toEqual(book.snapshot().accounts);
  });

  test('is what it was worth at the price of its fill, to twelve places', () => {
    const book = open();
    fill(book, 'buy', 100, '33.3333333', '0.0000001');
    expect(of(book)).toMatchObject({ fees: '0.000003333333', realised: '0' });
  });

  test('makes a lot of dust again', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0.004');
    fill(book, 'buy', 100, '100', '0.006');
    expect(of(book)).toMatchObject({ pos: 199, dust: '0', cost: '199', cash: '800' });
    expect(book.cell('acc', 'BTC')?.share('strat')?.pos).toBe(199);
  });

  test('of a rebate adds', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '-0.015');
    expect(of(book)).toMatchObject({ pos: 101, dust: '0.005', cost: '101.5', fees: '-1.5', cash: '900' });
  });

  test('of a sale leaves what is left', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0');
    fill(book, 'sell', 50, '110', '0.001');
    expect(of(book)).toEqual({
      pos: 49,
      dust: '0.009',
      cost: '49.9',
      realised: '5.01', // 5 for what was sold, and 0.01 for the fee, which went at 110 and cost 100
      fees: '0.11',
      cash: '955',
    });
  });

  test('that is more than there is makes a debt, which is rounded away from what is there', () => {
    const book = open();
    fill(book, 'buy', 1, '100', '0.011');
    expect(of(book)).toMatchObject({ pos: -1, dust: '0.009', cost: '-0.1' });
  });

  test('leaves dust with its cost when all whole lots are sold', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0.001');
    fill(book, 'sell', 99, '100', '0');
    expect(of(book)).toEqual({ pos: 0, dust: '0.009', cost: '0.9', realised: '0', fees: '0.1', cash: '999' });
    expect(book.account('acc')).toMatchObject({ count: 0, gross: 0, capital: 900_000 });
  });

  test('closes dust with the position that is turned', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0.001');
    fill(book, 'sell', 150, '100', '0');
    expect(of(book)).toMatchObject({ pos: -51, dust: '0.009', cost: '-50.1', realised: '0', cash: '1050' });
  });

  test('is there in the comparison with the venue', () => {
    const book = open();
    fill(book, 'buy', 100, '100', '0.001');
    const compare = (quantity: string) =>
      comparePositions(book, [{ accountId: 'acc', instrumentId: 'BTC', quantity }], new Set(['BTC']));
    expect(compare('0.999')).toEqual([]);
    expect(compare('0.99')).toMatchObject([
      {
        code: 'POSITION_MISMATCH',
        amount: '-0.009',
        detail: 'position 0.999 in the Book, 0.99 at the venue',
      },
    ]);
  });
});
