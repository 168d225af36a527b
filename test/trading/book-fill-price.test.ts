import { describe, expect, test } from 'vitest';
import { decimal, lots, ticks } from '../../src/core/index.ts';
import { Book, type Side, defineInstrument } from '../../src/trading/index.ts';
import { bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { amended, anomaly, ask, cell, openBook, order, place, placed, working } from './book-world.ts';

let executions = 0;
const at = (book: Book, price: string, quantity = 1) =>
  book.apply(eventOf('filled', 'o', { fill: fillOf(`x${String((executions += 1))}`, quantity, price) }));
const BEYOND = anomaly('FILL_PRICE');

describe('a fill at a price that its order did not allow', () => {
  test.each<[Side, string, unknown]>([
    ['buy', '100', 'applied'],
    ['buy', '99.99', 'applied'],
    ['buy', '1', 'applied'],
    ['buy', '100.000000001', BEYOND],
    ['buy', '100000', BEYOND],
    ['sell', '100', 'applied'],
    ['sell', '100.01', 'applied'],
    ['sell', '100000', 'applied'],
    ['sell', '99.999999999', BEYOND],
    ['sell', '1', BEYOND],
  ])('%s at 100, filled at %s', (side, price, expected) => {
    expect(at(placed(side), price)).toEqual(expected);
  });

  test('is a fact: it is booked, at its price', () => {
    const book = placed();
    at(book, '130', 4);
    expect([order(book), cell(book), book.account('acc')?.cash.toFixed()]).toEqual([
      { state: 'working', leaves: 6, cumulative: 4 },
      { pos: 4, buy: 6, sell: 0 },
      '9480',
    ]);
  });

  test.each([
    ['buy', [110, 105], '110', '110.01'],
    ['sell', [90, 95], '90', '89.99'],
  ] as const)('the worst that a %s ever was counts, not the last: %o', (side, prices, worst, beyond) => {
    const book = working(side);
    for (const price of prices) {
      ask(book, 10, price);
      amended(book, 10, price);
    }
    expect([at(book, worst), at(book, beyond)]).toEqual(['applied', BEYOND]);
  });

  test('is judged in the ticks of its instrument', () => {
    const btc = defineInstrument({
      instrumentId: 'BTC',
      base: 'BTC',
      quote: 'USDT',
      tick: '0.5',
      step: '0.001',
    });
    const book = openBook();
    place(book, 'o', 'buy', 10, { instrument: btc, worst: ticks(201) });
    expect([at(book, '100.5'), at(book, '100.50000001')]).toEqual(['applied', BEYOND]);
  });

  test.each([
    ['more than was ordered', 11, 'OVERFILL'],
    ['nothing else', 10, 'FILL_PRICE'],
  ] as const)('told as the worst of what is wrong with it: %s', (_, quantity, code) => {
    expect(at(placed(), '101', quantity)).toEqual(anomaly(code));
  });

  test('cannot be that of an external fill: what was asked for is not known', () => {
    const book = openBook();
    const external = bookedOf('e', 'buy', 1, { strategyId: 'external', worst: ticks(1_000) });
    expect(book.external(external, fillOf('x', 1, '1000'), 0)).toBe('applied');
  });

  test('whose order has no price that can be counted cannot be', () => {
    const book = openBook();
    const external = bookedOf('e', 'buy', 1, { strategyId: 'external', worst: ticks(NaN) });
    expect(book.external(external, fillOf('x', 1), 0)).toEqual(anomaly('FILL_INVALID'));
    expect(book.order('e')).toBeUndefined();
  });
});

describe('a fill of an order that is being changed', () => {
  test.each<[Side, number, string, unknown]>([
    ['buy', 110, '110', 'applied'],
    ['buy', 110, '110.1', BEYOND],
    ['buy', 90, '100', 'applied'],
    ['buy', 90, '100.1', BEYOND],
    ['sell', 90, '90', 'applied'],
    ['sell', 90, '89.9', BEYOND],
    ['sell', 110, '100', 'applied'],
    ['sell', 110, '99.9', BEYOND],
  ])('%s at 100, to be %d: at %s, by the worse of the two', (side, worst, price, expected) => {
    const book = working(side);
    ask(book, 10, worst);
    expect(at(book, price)).toEqual(expected);
  });

  test.each<[Side, number, string, unknown]>([
    ['buy', 110, '110', 'applied'],
    ['buy', 110, '110.1', BEYOND],
    ['buy', 90, '100', 'applied'],
    ['buy', 90, '100.1', BEYOND],
    ['sell', 110, '100', 'applied'],
    ['sell', 110, '99.9', BEYOND],
  ])('%s at 100, now %d: at %s, since it may be older than the change', (side, worst, price, expected) => {
    const book = working(side);
    ask(book, 10, worst);
    amended(book, 10, worst);
    expect(at(book, price)).toEqual(expected);
  });

  test('several times: by the worst that was ever in force', () => {
    const book = working();
    for (const worst of [105, 110, 103, 90]) {
      ask(book, 10, worst);
      amended(book, 10, worst);
    }
    expect([at(book, '110'), at(book, '110.1')]).toEqual(['applied', BEYOND]);
  });

  test('in vain: by what it is', () => {
    const book = working();
    ask(book, 10, 110);
    book.apply(eventOf('amendFailed', 'o'));
    expect([at(book, '100'), at(book, '100.1')]).toEqual(['applied', BEYOND]);
  });

  test('is judged the same after a restart from a snapshot', () => {
    const before = working();
    ask(before, 10, 90);
    amended(before, 10, 90);
    const book = new Book();
    book.restore(before.snapshot());
    expect([at(book, '100'), at(book, '100.1')]).toEqual(['applied', BEYOND]);
  });
});

describe('an adjustment that cannot be counted exactly', () => {
  const far = decimal('9007199254.740991');
  test.each([
    ['cash', { cash: far }],
    [
      'cost',
      {
        cash: decimal('0'),
        position: { instrument: bookedOf('a', 'buy', 1).instrument, qty: lots(2), price: far },
      },
    ],
  ])('leaves no trace, and may be made again: %s', (_, wrong) => {
    const book = openBook();
    book.mark(markOf(100));
    const was = JSON.stringify(book.snapshot());
    expect(book.adjust({ adjustmentId: 'a', accountId: 'acc', ...wrong })).toBe('unsafe');
    expect(JSON.stringify(book.snapshot())).toBe(was);
    expect(book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: decimal('1') })).toBe('applied');
  });

  test.each([
    ['254', 'applied'],
    ['256', 'unsafe'],
  ])('counts what the position is worth: %s more', (cash, expected) => {
    const book = new Book();
    book.openAccount('acc', 'USDT', '9000000000');
    book.mark(markOf(7_199_000));
    place(book, 'o', 'buy', 1);
    at(book, '1');
    expect(book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: decimal(cash) })).toBe(expected);
  });
});
