import { describe, expect, test } from 'vitest';
import { Holdings, compareBalances } from '../../src/desk/reconcile/compare-holdings.ts';
import { decimal } from '../../src/core/index.ts';
import { Book, type FxRate, defineInstrument, markedFxRates } from '../../src/trading/index.ts';
import { ONE, bookedOf, eventOf, fillOf, markOf } from './builders.ts';

const BUND = defineInstrument({ instrumentId: 'BUND', base: 'BUND', quote: 'EUR', tick: '1', step: '1' });
const EURUSD = defineInstrument({
  instrumentId: 'EURUSD',
  base: 'EUR',
  quote: 'USD',
  tick: '0.0001',
  step: '1',
});

const open = (currency = 'USD'): Book => {
  const book = new Book({ fxRates: markedFxRates([EURUSD]) });
  book.openAccount('acc', currency, '10000');
  book.mark(markOf(100, 'BUND'));
  return book;
};
const acc = (book: Book) => {
  const account = book.account('acc');
  if (account === undefined) throw new Error('no account');
  return account;
};
const place = (book: Book, id: string, qty: number): void => {
  const order = bookedOf(id, 'buy', qty, { instrument: BUND });
  book.hold(order);
  book.keep(order);
};
const buy = (book: Book, qty: number, fee = '0', feeIn = 'EUR'): unknown => {
  place(book, `b${String(qty)}`, qty);
  const fill = fillOf(`x${String(qty)}`, qty, '100', fee, feeIn);
  return book.apply(eventOf('filled', `b${String(qty)}`, { fill }));
};
const rate = (book: Book, ticks: number, monotonicMs = 0): void => {
  book.mark(markOf(ticks, 'EURUSD', monotonicMs));
};

describe('an account that trades what is quoted in another currency', () => {
  test('keeps a ledger for each, and its own equity in its own', () => {
    const book = open();
    rate(book, 11_000);
    expect(buy(book, 10, '2')).toBe('applied');
    book.mark(markOf(110, 'BUND'));
    const account = acc(book);
    expect(
      Array.from(account.currencies(), ({ currency, cash, fees }) => [currency, String(cash), String(fees)]),
    ).toEqual([
      ['USD', '10000', '0'],
      ['EUR', '-1002', '2'],
    ]);
    // 10,000 USD, less 1,002 EUR, and 1,100 EUR worth of it, at 1.1
    expect([account.equity, account.gross, account.dayPnl]).toEqual([
      10_107_800_000,
      1_210 * ONE,
      107_800_000,
    ]);
    expect(account.feesPaid().map(({ currency, amount }) => [currency, amount.toFixed()])).toEqual([
      ['EUR', '2'],
    ]);
  });

  test('is valued anew at once when the rate moves', () => {
    const book = open();
    rate(book, 10_000);
    buy(book, 10);
    book.mark(markOf(110, 'BUND'));
    expect(acc(book).equity).toBe(10_100 * ONE);
    rate(book, 20_000);
    expect([acc(book).equity, acc(book).gross, acc(book).capital]).toEqual([
      10_200 * ONE,
      2_200 * ONE,
      2_000 * ONE,
    ]);
    expect(acc(book).highWater).toBe(10_200 * ONE);
  });

  test('is of unknown worth while there is no rate', () => {
    const book = open();
    buy(book, 10);
    expect([acc(book).equity, acc(book).gross, acc(book).freeCash]).toEqual([NaN, NaN, NaN]);
    expect(acc(book).oldestMarkAgeMs(5, 100)).toBe(Infinity);
    rate(book, 10_000);
    expect([acc(book).equity, acc(book).gross]).toEqual([10_000 * ONE, 1_000 * ONE]);
  });

  test('rounds exposure and claims up, and value down', () => {
    const book = open('EUR');
    rate(book, 30_000); // USD in EUR: a third
    const dollars = defineInstrument({ instrumentId: 'T', base: 'T', quote: 'USD', tick: '1', step: '1' });
    book.mark(markOf(1, 'T'));
    const order = bookedOf('o', 'buy', 2, { instrument: dollars, worst: 1 as never });
    book.hold(order);
    book.keep(order);
    expect([acc(book).claimed, acc(book).gross]).toEqual([666_667, 666_667]);
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 1, '1', '0', 'USD') }));
    expect(book.cell('acc', 'T')?.value).toBe(333_333);
    expect([acc(book).claimed, acc(book).freeCash]).toEqual([333_334, 10_000 * ONE - 333_334 - 333_334]);
    expect(acc(book).equity).toBe(10_000 * ONE - 1);
  });

  test('pays a fee in its own currency from that', () => {
    const book = open();
    rate(book, 10_000);
    expect(buy(book, 10, '3', 'USD')).toBe('applied');
    expect([acc(book).cash.toFixed(), acc(book).fees.toFixed()]).toEqual(['9997', '3']);
    expect([book.cell('acc', 'BUND')?.fees.toFixed(), acc(book).strategyPnl('strat')]).toEqual([
      '0',
      -3 * ONE,
    ]);
  });

  test('counts the age of a rate like the age of a mark', () => {
    const book = open();
    rate(book, 10_000, 50);
    buy(book, 10);
    book.mark(markOf(100, 'BUND', 90));
    expect(acc(book).oldestMarkAgeMs(100, 10)).toBe(50);
    rate(book, 10_000, 95);
    expect(acc(book).oldestMarkAgeMs(100, 5)).toBe(10);
  });

  test('counts the age of a rate also after a restart, for the cash that is left', () => {
    const fxRates = () => ({ rate: () => ({ rate: decimal('2'), monotonicMs: 10 }) });
    const book = new Book({ fxRates });
    book.openAccount('acc', 'USD', '10000');
    book.mark(markOf(100, 'BUND', 10));
    buy(book, 10);
    const order = bookedOf('s', 'sell', 10, { instrument: BUND });
    book.hold(order);
    book.keep(order);
    book.apply(eventOf('filled', 's', { fill: fillOf('s', 10, '110', '0', 'EUR') }));
    const twin = new Book({ fxRates });
    twin.restore(book.snapshot());
    expect([acc(book).oldestMarkAgeMs(60, 5), acc(twin).oldestMarkAgeMs(60, 5)]).toEqual([50, 50]);
    expect(acc(twin).equity).toBe(10_200 * ONE);
  });

  test('is as old as its rate from its first fill on, though its mark is young', () => {
    const book = open();
    rate(book, 10_000, 10);
    book.mark(markOf(100, 'BUND', 90));
    expect(acc(book).oldestMarkAgeMs(100, 100)).toBe(0);
    buy(book, 10);
    expect(acc(book).oldestMarkAgeMs(100, 100)).toBe(90);
  });

  test('has a rate to be asked for before it has traded', () => {
    const book = open();
    expect([acc(book).rateMonotonicMs('EUR'), acc(book).rateMonotonicMs('USD')]).toEqual([
      -Infinity,
      Infinity,
    ]);
    expect(acc(book).inOwnCurrency('EUR', ONE as never)).toBeNaN();
    rate(book, 15_000, 7);
    expect([acc(book).rateMonotonicMs('EUR'), acc(book).inOwnCurrency('EUR', ONE as never)]).toEqual([
      7,
      1.5 * ONE,
    ]);
    expect(acc(book).inOwnCurrency('USD', ONE as never)).toBe(ONE);
  });
});

describe('rates of another source', () => {
  test('count from the next mark, or when they are asked for', () => {
    let now: FxRate | undefined = { rate: decimal('2'), monotonicMs: 0 };
    const book = new Book({ fxRates: () => ({ rate: () => now }) });
    book.openAccount('acc', 'USD', '10000');
    book.mark(markOf(100, 'BUND'));
    buy(book, 10);
    expect(acc(book).gross).toBe(2_000 * ONE);
    now = { rate: decimal('3'), monotonicMs: 1 };
    expect(acc(book).gross).toBe(2_000 * ONE);
    book.refreshRates();
    expect(acc(book).gross).toBe(3_000 * ONE);
    expect([acc(book).equity, acc(book).highWater]).toEqual([10_000 * ONE, 10_000 * ONE]);
    now = { rate: decimal('0'), monotonicMs: 1 };
    book.refreshRates();
    expect(acc(book).gross).toBeNaN();
    now = undefined;
    book.refreshRates();
    expect(acc(book).gross).toBeNaN();
  });
});

test('a rate that makes an account worth more raises its high-water mark', () => {
  let now: FxRate = { rate: decimal('2'), monotonicMs: 0 };
  const book = new Book({ fxRates: () => ({ rate: () => now }) });
  book.openAccount('acc', 'USD', '10000');
  book.mark(markOf(100, 'BUND'));
  buy(book, 10);
  book.mark(markOf(110, 'BUND'));
  now = { rate: decimal('3'), monotonicMs: 1 };
  book.refreshRates();
  expect([acc(book).equity, acc(book).highWater]).toEqual([10_300 * ONE, 10_300 * ONE]);
});

test('markedFxRates gives the same object while the mark is the same, both ways, and no crosses', () => {
  const book = new Book();
  const rates = markedFxRates([EURUSD])(book);
  expect(rates.rate('EUR', 'USD')).toBeUndefined();
  book.mark(markOf(12_500, 'EURUSD', 3));
  const there = rates.rate('EUR', 'USD');
  expect([there?.rate.toFixed(), there?.monotonicMs, rates.rate('USD', 'EUR')?.rate.toFixed()]).toEqual([
    '1.25',
    3,
    '0.8',
  ]);
  expect(rates.rate('EUR', 'USD')).toBe(there);
  expect(rates.rate('EUR', 'JPY')).toBeUndefined();
});

test('the cash of each currency is compared with the venue', () => {
  const book = open();
  rate(book, 11_000);
  buy(book, 10, '2');
  const said = (currency: string, amount: string) => [{ accountId: 'acc', currency, amount }];
  expect(
    compareBalances(book, [...said('EUR', '-1002'), ...said('USD', '10000'), ...said('JPY', '5')]),
  ).toEqual([]);
  expect(compareBalances(book, said('EUR', '-1000'))).toMatchObject([
    { code: 'BALANCE_MISMATCH', detail: 'cash in EUR -1002 in the Book, -1000 at the venue', amount: '2' },
  ]);
  const before = new Holdings(book);
  const about = { code: 'BALANCE_MISMATCH', settled: false, detail: '', accountId: 'acc' } as const;
  expect(before.are(about)).toBe(true);
  buy(book, 1);
  expect(before.are(about)).toBe(false);
});
