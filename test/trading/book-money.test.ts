import { describe, expect, test } from 'vitest';
import { ticks, units } from '../../src/core/index.ts';
import { Book, type Side } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, bookedOf, eventOf, fillOf, markOf } from './builders.ts';
import { acc, buy, ledger, openBook, sell, trade } from './money-book.ts';

describe('the ledger', () => {
  test('of a long: cost, cash, realised profit', () => {
    const book = openBook();
    buy(book, 4, '100');
    sell(book, 1, '130');
    expect(ledger(book)).toEqual({ pos: 3, cost: '300', realised: '30', fees: '0', cash: '730' });
  });

  test('of a short: the cost is negative', () => {
    const book = openBook();
    sell(book, 4, '100');
    buy(book, 1, '130');
    expect(ledger(book)).toEqual({ pos: -3, cost: '-300', realised: '-30', fees: '0', cash: '1270' });
  });

  test('of a position that flips: the old one is closed, the new one begins at its price', () => {
    const book = openBook();
    buy(book, 2, '100');
    sell(book, 5, '110');
    expect(ledger(book)).toEqual({ pos: -3, cost: '-330', realised: '20', fees: '0', cash: '1350' });
  });

  test('of a closed position: no cost is left', () => {
    const book = openBook();
    buy(book, 3, '33.1');
    sell(book, 3, '33.3');
    expect(ledger(book)).toEqual({ pos: 0, cost: '0', realised: '0.6', fees: '0', cash: '1000.6' });
  });

  test('takes fees from the cash, and gives rebates', () => {
    const book = openBook();
    buy(book, 1, '100', '0.25');
    sell(book, 1, '100', '-0.1');
    expect([ledger(book), acc(book).fees.toFixed()]).toEqual([
      { pos: 0, cost: '0', realised: '0', fees: '0.15', cash: '999.85' },
      '0.15',
    ]);
  });

  test('books a fill with a fee in a third currency without the fee, and tells', () => {
    const book = openBook();
    expect(buy(book, 1, '100', '0.001', 'BNB')).toEqual({ anomaly: 'FEE_CURRENCY_UNSUPPORTED' });
    expect(ledger(book)).toEqual({ pos: 1, cost: '100', realised: '0', fees: '0', cash: '900' });
  });

  test('does not mind in which currency no fee was taken', () => {
    expect(buy(openBook(), 1, '100', '0', 'BNB')).toBe('applied');
  });

  test('releases cost half-even at twelve places, and the remainder stays with the position', () => {
    const book = openBook();
    buy(book, 1, '34');
    buy(book, 2, '33');
    const costs = [1, 1, 1].map(() => {
      sell(book, 1, '40');
      return book.cell('acc', 'GOLD')?.cost.toFixed();
    });
    // 100 / 3 = 33.333333333333|3, then 66.666666666667 / 2 = 33.333333333333|5, which goes to the even 4
    expect(costs).toEqual(['66.666666666667', '33.333333333333', '0']);
    expect(book.cell('acc', 'GOLD')?.realised.toFixed()).toBe('20');
  });

  test('leaves no crumb of a price finer than that when the position is closed', () => {
    const book = openBook();
    buy(book, 3, '33.33333333333333');
    sell(book, 3, '33.33333333333333');
    expect(ledger(book)).toEqual({ pos: 0, cost: '0', realised: '0', fees: '0', cash: '1000' });
  });

  test('keeps prices between two ticks exactly', () => {
    const book = openBook();
    buy(book, 3, '33.333333333333');
    expect(ledger(book)).toMatchObject({ cost: '99.999999999999', cash: '900.000000000001' });
  });
});

describe('the count of positions', () => {
  test('counts what is held, and what either side could make a position', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.hold(bookedOf('a', 'buy', 1));
    book.hold(bookedOf('b', 'sell', 1, { instrument: SILVER }));
    expect(acc(book).count).toBe(2);
  });

  test('forgets a position that was closed', () => {
    const book = openBook();
    buy(book, 1, '100');
    sell(book, 1, '100');
    expect(acc(book).count).toBe(0);
  });
});

describe('exposure', () => {
  test('is not netted over instruments', () => {
    const book = openBook();
    book.mark(markOf(100));
    book.mark(markOf(10, 'SILVER'));
    buy(book, 2, '100');
    trade(book, 'sell', fillOf('y', 3), { instrument: SILVER });
    expect(acc(book).gross).toBe(230 * ONE);
  });

  test('is unknown while it leaves the exact range, and exact again afterwards', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(9_007_199_255));
    const beyond = [acc(book).gross, acc(book).equity];
    book.mark(markOf(100));
    expect([beyond, acc(book).gross, acc(book).equity]).toEqual([[NaN, NaN], 100 * ONE, 1_000 * ONE]);
  });

  test('as a sum beyond the exact range denies every limit, and does not drift on its way back', () => {
    const fine = { ...GOLD, instrumentId: 'FINE', grid: { ...GOLD.grid, numerator: 1, denominator: 1 } };
    const book = openBook();
    book.mark(markOf(Number.MAX_SAFE_INTEGER, 'FINE'));
    book.mark(markOf(2, 'DUST')); // 2^53 + 1 in all, which a float cannot hold
    book.hold(bookedOf('a', 'buy', 1, { instrument: fine }));
    const dust = bookedOf('b', 'buy', 1, { instrument: { ...fine, instrumentId: 'DUST' } });
    book.hold(dust);
    expect(acc(book).gross).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
    book.drop(dust);
    expect(acc(book).gross).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('money that cannot be counted exactly', () => {
  /** Holds one lot, bought at 100; the next lot at `price` is bought or sold. */
  const attempt = (side: Side, price: string, fee = '0') => {
    const book = openBook();
    book.mark(markOf(100));
    buy(book, 1, '100');
    const before = ledger(book);
    const said = trade(book, side, fillOf('far', 1, price, fee), { worst: ticks(side === 'buy' ? 1e15 : 1) });
    return { book, said, isAsBefore: JSON.stringify(ledger(book)) === JSON.stringify(before) };
  };
  const FAR = '9007199254.740991'; // the largest that can be counted
  const refused = { said: { anomaly: 'FILL_INVALID' }, isAsBefore: true };

  test.each<[string, ReturnType<typeof attempt>]>([
    ['cash above the range', attempt('sell', '9007198354.740992')],
    ['cash below the range', attempt('buy', '9007200154.740992')],
    ['a fee beyond the range', attempt('sell', '100', '9007200254.740992')],
    ['a price of another world', attempt('sell', '900000000000000')],
  ])('is not booked, and told: %s', (_, { said, isAsBefore }) => {
    expect({ said, isAsBefore }).toEqual(refused);
  });

  test('is not booked for what it would cost', () => {
    const book = openBook('9000000000');
    book.mark(markOf(1));
    const worst = { worst: ticks(1e15) };
    trade(book, 'buy', fillOf('x', 1, '9000000000'), worst);
    expect(trade(book, 'buy', fillOf('y', 1, '7199254.740992'), worst)).toEqual({ anomaly: 'FILL_INVALID' });
    expect(trade(book, 'buy', fillOf('z', 1, '7199254.740991'), worst)).toBe('applied');
    expect(ledger(book)).toMatchObject({ pos: 2, cost: FAR });
  });

  test.each([
    [7_199_255, 'applied'],
    [7_199_256, { anomaly: 'FILL_INVALID' }],
  ])('is not booked for what it would make of the equity: mark %d', (mark, expected) => {
    const book = openBook('9000000000');
    book.mark(markOf(mark));
    expect(buy(book, 1, '1')).toEqual(expected);
  });

  test.each([
    ['9007198254.740991', 'applied'],
    ['9007198254.740992', { anomaly: 'FILL_INVALID' }],
  ])('is not booked for what it would make of the cash, also without a mark: %s', (price, expected) => {
    expect(trade(openBook(), 'sell', fillOf('x', 1, price), { worst: ticks(1) })).toEqual(expected);
  });

  test('is not booked for a position of which no lot more can be counted', () => {
    const book = openBook();
    const most = Number.MAX_SAFE_INTEGER;
    expect(buy(book, most, '0.0000001')).toBe('applied');
    expect(buy(book, 1, '0.0000001')).toEqual({ anomaly: 'FILL_INVALID' });
    expect(sell(book, 1, '100')).toBe('applied');
    expect(ledger(book).pos).toBe(most - 1);
  });

  test('up to the last unit of the range is booked', () => {
    const { book, said } = attempt('sell', '9007198354.740991');
    expect([said, ledger(book).cash]).toEqual(['applied', '9007199254.740991']);
  });

  test('leaves the order as it was: it still holds, and the same execution may come right', () => {
    const book = openBook();
    const order = bookedOf('o', 'buy', 1, { worst: ticks(1e15) });
    book.hold(order);
    book.keep(order);
    book.apply(eventOf('filled', 'o', { fill: fillOf('x', 1, '900000000000000') }));
    expect(book.order('o')).toMatchObject({ state: 'submitting', leaves: 1, cumulative: 0 });
    expect(book.apply(eventOf('filled', 'o', { fill: fillOf('x', 1, '100') }))).toBe('applied');
  });

  test('stops no fact where the market has carried it out of the range before', () => {
    const book = openBook();
    book.mark(markOf(100));
    buy(book, 2, '100');
    book.mark(markOf(9_007_199_255));
    expect(sell(book, 1, '100')).toBe('applied');
    expect(ledger(book)).toMatchObject({ pos: 1, cash: '900' });
  });

  test('is unknown: it neither raises the high-water mark nor opens a day', () => {
    const book = openBook('9000000000');
    book.mark(markOf(1));
    buy(book, 1, '1');
    book.mark(markOf(7_199_256));
    expect(acc(book)).toMatchObject({ equity: NaN, dayPnl: NaN, drawdownFraction: NaN });
    expect(acc(book).highWater).toBe(9_000_000_000 * ONE);
    expect(book.planRoll('2026-01-02', 0).accounts).toMatchObject([
      { dayOpen: 9_000_000_000 * ONE, highWater: 9_000_000_000 * ONE },
    ]);
    book.mark(markOf(2));
    expect(acc(book)).toMatchObject({ equity: 9_000_000_001 * ONE, highWater: 9_000_000_001 * ONE });
  });

  test.each([Infinity, -Infinity, 2 ** 53, 0.5])('is not taken over from a record: %d', (amount) => {
    const book = openBook();
    book.stampHighWater('acc', units(amount));
    book.roll({
      dayId: '2026-01-02',
      atMs: 0,
      accounts: [{ accountId: 'acc', dayOpen: units(amount), highWater: units(amount) }],
    });
    expect(acc(book)).toMatchObject({ dayOpen: 1_000 * ONE, highWater: 1_000 * ONE, drawdownFraction: 0 });
  });

  test.each([Infinity, 2 ** 53])('comes out of a snapshot as unknown, and heals: %d', (amount) => {
    const saved = openBook().snapshot();
    const [account] = saved.accounts;
    if (account === undefined) throw new Error('no account');
    const book = new Book();
    book.restore({ ...saved, accounts: [{ ...account, dayOpen: units(amount), highWater: units(amount) }] });
    expect(acc(book)).toMatchObject({ dayOpen: NaN, highWater: NaN });
    book.stampHighWater('acc', units(1_000 * ONE));
    book.roll(book.planRoll('2026-01-02', 0));
    expect(acc(book)).toMatchObject({ dayOpen: 1_000 * ONE, highWater: 1_000 * ONE, drawdownFraction: 0 });
  });

  test('of a new account is unknown, and denies', () => {
    const book = openBook('9007199255');
    expect(acc(book)).toMatchObject({ equity: NaN, dayOpen: NaN, highWater: NaN, drawdownFraction: NaN });
  });
});

test('an account counts its cells, and keeps those that are flat', () => {
  const book = openBook();
  buy(book, 1, '100');
  trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
  sell(book, 1, '100');
  expect([acc(book).cellCount, [...acc(book).cells()].length]).toEqual([2, 2]);
});
