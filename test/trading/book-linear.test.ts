import { describe, expect, test } from 'vitest';
import { decimal, ticks, units } from '../../src/core/index.ts';
import { Book, type Side, claimOf, defineInstrument } from '../../src/trading/index.ts';
import { ONE, amendmentOf, bookedOf, eventOf, fillOf, markOf } from './builders.ts';

const PERP = defineInstrument({
  instrumentId: 'PERP',
  kind: 'linear',
  base: 'BTC',
  quote: 'USDT',
  tick: '1',
  step: '1',
  initialMarginFraction: '0.1',
});

const open = (): Book => {
  const book = new Book();
  book.openAccount('acc', 'USDT', '1000');
  book.mark(markOf(100, 'PERP'));
  return book;
};
let serial = 0;
const place = (book: Book, side: Side, qty: number): string => {
  const id = `o${String((serial += 1))}`;
  const order = bookedOf(id, side, qty, { instrument: PERP });
  book.hold(order);
  book.keep(order);
  return id;
};
const fill = (book: Book, side: Side, qty: number, price: string, fee = '0', currency = 'USDT'): unknown => {
  const id = place(book, side, qty);
  return book.apply(eventOf('filled', id, { fill: fillOf(id, qty, price, fee, currency) }));
};
const of = (book: Book) => {
  const { cash, equity, gross, margin, freeCash, capital } = book.account('acc') ?? {};
  return { cash: cash?.toFixed(), equity, gross, margin, freeCash, capital };
};

describe('a linear instrument', () => {
  test('moves cash by its fee only when it is opened, and ties up margin', () => {
    const book = open();
    fill(book, 'buy', 20, '100', '1');
    expect(of(book)).toEqual({
      cash: '999',
      equity: 999 * ONE,
      gross: 2_000 * ONE,
      margin: 200 * ONE,
      freeCash: 799 * ONE,
      capital: 200 * ONE,
    });
  });

  test('has its margin tied up by working orders too, at worst case, and no claim', () => {
    const book = open();
    fill(book, 'buy', 5, '100');
    place(book, 'buy', 5);
    place(book, 'sell', 20);
    expect([of(book).gross, of(book).margin, book.account('acc')?.claimed]).toEqual([
      1_500 * ONE,
      150 * ONE,
      0,
    ]);
    expect(claimOf({ side: 'buy', instrument: PERP, worst: 100 as never }, 5 as never)).toBe(0);
  });

  test('counts a loss that is not realised against what is free, and a profit not for it', () => {
    const book = open();
    fill(book, 'buy', 10, '100');
    book.mark(markOf(90, 'PERP'));
    expect(of(book)).toMatchObject({
      cash: '1000',
      equity: 900 * ONE,
      margin: 90 * ONE,
      freeCash: 810 * ONE,
    });
    book.mark(markOf(120, 'PERP'));
    expect(of(book)).toMatchObject({
      cash: '1000',
      equity: 1_200 * ONE,
      margin: 120 * ONE,
      freeCash: 880 * ONE,
    });
  });

  test('may be short', () => {
    const book = open();
    fill(book, 'sell', 10, '100');
    book.mark(markOf(90, 'PERP'));
    expect([book.cell('acc', 'PERP')?.pos, of(book).equity]).toEqual([-10, 1_100 * ONE]);
    book.mark(markOf(130, 'PERP'));
    expect(of(book)).toMatchObject({ equity: 700 * ONE, freeCash: 570 * ONE });
  });

  test('moves cash by what is realised when it is closed, turned included', () => {
    const book = open();
    fill(book, 'buy', 10, '100');
    fill(book, 'sell', 4, '110');
    expect([of(book).cash, book.cell('acc', 'PERP')?.cost.toFixed()]).toEqual(['1040', '600']);
    fill(book, 'sell', 10, '120');
    expect([of(book).cash, book.cell('acc', 'PERP')?.cost.toFixed()]).toEqual(['1160', '-480']);
    fill(book, 'buy', 4, '100');
    expect([of(book).cash, book.cell('acc', 'PERP')?.cost.toFixed(), of(book).margin]).toEqual([
      '1240',
      '0',
      0,
    ]);
  });

  test('has earned for its strategy what it has for the account', () => {
    const book = open();
    fill(book, 'sell', 10, '100', '1');
    book.mark(markOf(90, 'PERP'));
    expect(book.account('acc')?.strategyPnl('strat')).toBe(99 * ONE);
    fill(book, 'buy', 15, '80', '1');
    book.mark(markOf(82, 'PERP'));
    expect(book.account('acc')?.strategyPnl('strat')).toBe(208 * ONE);
    expect(book.account('acc')?.dayPnl).toBe(208 * ONE);
  });

  test('rounds margin up, and what is not realised down', () => {
    const book = open();
    book.mark(markOf(100, 'FINE'));
    const fine = defineInstrument({
      instrumentId: 'FINE',
      kind: 'linear',
      base: 'X',
      quote: 'USDT',
      tick: '0.0000005',
      step: '1',
      initialMarginFraction: '0.3',
    });
    const order = bookedOf('fine', 'buy', 1, { instrument: fine });
    book.hold(order);
    book.keep(order);
    book.apply(eventOf('filled', 'fine', { fill: fillOf('fine', 1, '0.0000495') }));
    // worth 50 units, cost 49.5: half a unit is not there; 15 units of margin
    expect(book.cell('acc', 'FINE')).toMatchObject({ worst: 50, value: 0, margin: 15 });
    book.mark(markOf(101, 'FINE'));
    expect(book.cell('acc', 'FINE')).toMatchObject({ worst: 51, value: 0, margin: 16 });
  });

  test('is settled in the quote currency: a fee in the base cannot be booked', () => {
    const book = open();
    expect(fill(book, 'buy', 1, '100', '0.1', 'BTC')).toEqual({ anomaly: 'FEE_CURRENCY_UNSUPPORTED' });
  });

  test('is adjusted without cash', () => {
    const book = open();
    const adjust = (adjustmentId: string, qty: number, price: string) =>
      book.adjust({
        adjustmentId,
        accountId: 'acc',
        cash: decimal('0'),
        position: { instrument: PERP, qty: qty as never, price: decimal(price) },
      });
    adjust('a', 10, '90');
    expect(of(book)).toMatchObject({ cash: '1000', equity: 1_100 * ONE });
    expect(book.account('acc')?.strategyPnl('adjustment')).toBe(100 * ONE);
    adjust('b', -10, '110');
    expect([of(book).cash, book.account('acc')?.adjusted.toFixed()]).toEqual(['1000', '-200']);
  });

  test('takes funding as profit of the day, apart from fees', () => {
    const book = open();
    fill(book, 'buy', 10, '100');
    const funding = { fundingId: 'f', accountId: 'acc', instrument: PERP, amount: decimal('-0.75') };
    expect([book.fund(funding), book.fund(funding)]).toEqual(['applied', 'duplicate']);
    expect([of(book).cash, book.account('acc')?.dayPnl]).toEqual(['999.25', -750_000]);
    expect(book.cell('acc', 'PERP')?.funding.toFixed()).toBe('-0.75');
    expect(book.account('acc')?.strategyPnl('funding')).toBe(-750_000);
  });

  test('without a mark leaves nothing that is free', () => {
    const book = new Book();
    book.openAccount('acc', 'USDT', '1000');
    fill(book, 'buy', 1, '100');
    expect(of(book)).toMatchObject({ equity: NaN, margin: NaN, freeCash: NaN });
  });
});

describe('its margin fraction', () => {
  const define = (initialMarginFraction?: string, kind = 'linear') =>
    defineInstrument({
      instrumentId: 'P',
      kind,
      base: 'B',
      quote: 'Q',
      tick: '1',
      step: '1',
      ...(initialMarginFraction !== undefined && { initialMarginFraction }),
    });

  test('is all of it when it is left out, and may be', () => {
    expect([define().initialMargin.up(units(7)), define('1').initialMargin.up(units(7))]).toEqual([7, 7]);
  });

  test.each(['0', '-0.1', '1.0001'])('cannot be %s', (fraction) => {
    expect(() => define(fraction)).toThrow(
      `Instrument P: initialMarginFraction: expected more than 0 and at most 1, got ${fraction}`,
    );
  });

  test('is not for spot', () => {
    expect(() => define('0.5', 'spot')).toThrow('initialMarginFraction: expected 1 for spot, got 0.5');
  });
});

describe('the claim of an order on margin', () => {
  const held = (side: Side, qty: number, worst: number, mark: number | undefined = 100) => {
    const book = open();
    const order = bookedOf('o', side, qty, {
      instrument: PERP,
      worst: ticks(worst),
      ...(mark !== undefined && { mark: ticks(mark) }),
    });
    book.hold(order);
    book.keep(order);
    return book;
  };
  const claimed = (book: Book) => (book.account('acc')?.claimed ?? NaN) / ONE;
  const change = (qty: number, worst: number, mark?: number) => ({
    to: { ...amendmentOf(qty, worst), ...(mark !== undefined && { mark: ticks(mark) }) },
  });

  test.each([
    ['buy', 140, 200],
    ['buy', 101, 5],
    ['buy', 100, 0],
    ['buy', 60, 0],
    ['sell', 60, 200],
    ['sell', 100, 0],
    ['sell', 140, 0],
  ] as const)('is what it loses at once at its worst price: %s at %s claims %s', (side, worst, expected) => {
    expect(claimed(held(side, 5, worst))).toBe(expected);
  });

  test('stays at the mark of the decision, and is taken from what is free', () => {
    const book = held('buy', 5, 140);
    book.mark(markOf(120, 'PERP'));
    expect(claimed(book)).toBe(200);
    expect(of(book)).toMatchObject({ freeCash: (1_000 - 200 - 60) * ONE, capital: 260 * ONE });
  });

  test('is none where nobody wrote down the mark', () => {
    const book = open();
    book.hold(bookedOf('o', 'buy', 5, { instrument: PERP, worst: ticks(140) }));
    expect(claimed(book)).toBe(0);
  });

  test('shrinks with fills, and ends with the order or with the hold', () => {
    const book = held('buy', 5, 140);
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 2, '140') }));
    expect(claimed(book)).toBe(120);
    book.apply(eventOf('cancelled', 'o', { cumulative: 3 }));
    expect(claimed(book)).toBe(40);
    book.apply(eventOf('filled', 'o', { fill: fillOf('y', 1, '140') }));
    expect(claimed(book)).toBe(0);
    const order = bookedOf('p', 'sell', 5, { instrument: PERP, worst: ticks(90), mark: ticks(100) });
    book.hold(order);
    expect(claimed(book)).toBe(50);
    book.drop(order);
    expect(claimed(book)).toBe(0);
  });

  test.each([
    ['buy', 120, 90, 30],
    ['buy', 120, 110, 20],
    ['sell', 80, 110, 30],
    ['sell', 80, 90, 20],
  ] as const)('is at the worst mark once it is changed: %s at %s, mark %s', (side, worst, mark, per) => {
    const book = held(side, 5, worst);
    book.apply(eventOf('accepted', 'o'));
    book.apply(eventOf('amendRequested', 'o', change(5, worst, mark)));
    expect(claimed(book)).toBe(5 * per);
    book.apply(eventOf('amended', 'o', change(5, worst)));
    expect(claimed(book)).toBe(5 * per);
    const twin = new Book();
    twin.restore(book.snapshot());
    expect(claimed(twin)).toBe(5 * per);
  });

  test('is as before where the change did not come about', () => {
    const book = held('buy', 5, 120);
    book.apply(eventOf('accepted', 'o'));
    book.apply(eventOf('amendRequested', 'o', change(9, 130, 80)));
    expect(claimed(book)).toBe(9 * 50);
    book.apply(eventOf('amendFailed', 'o'));
    expect(claimed(book)).toBe(100);
  });

  test('counts in another currency at its rate, rounded up', () => {
    const book = new Book({ fxRates: () => ({ rate: () => ({ rate: decimal('1.5'), monotonicMs: 0 }) }) });
    book.openAccount('acc', 'USD', '1000');
    book.mark(markOf(100, 'PERP'));
    book.hold(bookedOf('o', 'buy', 5, { instrument: PERP, worst: ticks(140), mark: ticks(100) }));
    expect(claimed(book)).toBe(300);
  });
});
