import { describe, expect, test } from 'vitest';
import { type Units, decimal, lots, person, system, ticks, units } from '../../src/core/index.ts';
import { Book, type BookedOrder, type Fill, type Side } from '../../src/trading/index.ts';
import { GOLD, ONE, SILVER, bookedOf, eventOf, fillOf, markOf, viewOf } from './builders.ts';

const openBook = (balance = '1000'): Book => {
  const book = new Book();
  book.openAccount('acc', 'USDT', balance);
  return book;
};

let orders = 0;
/** Trades as much as the fill says. */
const trade = (book: Book, side: Side, fill: Fill, overrides: Partial<BookedOrder> = {}) => {
  const order = bookedOf(`o${String((orders += 1))}`, side, fill.quantity, overrides);
  book.hold(order);
  book.keep(order);
  return book.apply(eventOf('filled', order.clientOrderId, { fill }));
};
let executions = 0;
const buy = (book: Book, quantity: number, price: string, fee = '0', currency = 'USDT') =>
  trade(book, 'buy', fillOf(`x${String((executions += 1))}`, quantity, price, fee, currency));
const sell = (book: Book, quantity: number, price: string, fee = '0') =>
  trade(book, 'sell', fillOf(`x${String((executions += 1))}`, quantity, price, fee));

const acc = (book: Book) => {
  const account = book.account('acc');
  if (account === undefined) throw new Error('no account');
  return account;
};
const ledger = (book: Book) => {
  const { pos, cost, realised, fees } = book.cell('acc', 'GOLD') ?? {};
  return {
    pos,
    cost: cost?.toFixed(),
    realised: realised?.toFixed(),
    fees: fees?.toFixed(),
    cash: acc(book).cash.toFixed(),
  };
};
const ADA = person('ada');

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

describe('marks', () => {
  test('value the position, and the worst case', () => {
    const book = openBook();
    buy(book, 2, '100');
    book.mark(markOf(110));
    expect([acc(book).equity, acc(book).gross, acc(book).dayPnl]).toEqual([1_020 * ONE, 220 * ONE, 20 * ONE]);
  });

  test.each([
    ['a blocking problem', { problems: [{ code: 'STALE', instrumentId: 'GOLD', blocking: true } as const] }],
    ['no mark', { mark: ticks(NaN) }],
    ['a mark of nothing', { mark: ticks(0) }],
    ['a mark between two ticks', { mark: ticks(200.5) }],
  ])('do not move with a view with %s; the view itself is kept', (_, bad) => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(100, 'GOLD', 5));
    const view = viewOf({ mark: ticks(200), receivedMonotonicMs: 9, ...bad });
    book.mark(view);
    expect([acc(book).equity, acc(book).highWater, book.markOf('GOLD'), book.view('GOLD')]).toEqual([
      1_000 * ONE,
      1_000 * ONE,
      { price: 100, monotonicMs: 5 },
      view,
    ]);
  });

  test('missing for what is held: money is unknown, and heals with the first mark', () => {
    const book = openBook();
    buy(book, 1, '100');
    const { gross, equity, dayPnl, drawdownFraction } = acc(book);
    expect([gross, equity, dayPnl, drawdownFraction]).toEqual([NaN, NaN, NaN, NaN]);
    book.mark(markOf(100));
    expect([acc(book).gross, acc(book).equity]).toEqual([100 * ONE, 1_000 * ONE]);
  });

  test('missing for what is no longer held do not matter', () => {
    const book = openBook();
    buy(book, 1, '100');
    sell(book, 1, '101');
    expect([acc(book).gross, acc(book).equity]).toEqual([0, 1_001 * ONE]);
  });

  test('of what nobody holds are remembered for the day it is', () => {
    const book = openBook();
    book.mark(markOf(100));
    buy(book, 1, '90');
    expect([acc(book).equity, book.markOf('SILVER'), book.view('SILVER')]).toEqual([
      1_010 * ONE,
      undefined,
      undefined,
    ]);
  });

  test('reach every account that holds the instrument', () => {
    const book = openBook();
    book.openAccount('other', 'USDT', '1000');
    buy(book, 1, '100');
    trade(book, 'sell', fillOf('y', 1), { accountId: 'other' });
    book.mark(markOf(110));
    expect([acc(book).equity, book.account('other')?.equity]).toEqual([1_010 * ONE, 990 * ONE]);
  });

  test('round the value down, for a short too', () => {
    const book = openBook('0.0000019');
    expect(acc(book).equity).toBe(1);
    const debt = openBook('-0.0000011');
    expect(acc(debt).equity).toBe(-2);
  });
});

describe('the age of the oldest mark', () => {
  const held = (): Book => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.mark(markOf(100, 'SILVER', 40));
    buy(book, 1, '100');
    trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
    return book;
  };

  test('is that of the oldest', () => {
    expect(acc(held()).oldestMarkAgeMs(50, 0)).toBe(40);
  });

  test('grows young with a new mark', () => {
    const book = held();
    book.mark(markOf(100, 'GOLD', 45));
    expect(acc(book).oldestMarkAgeMs(50, 20)).toBe(10);
  });

  test.each<[string, (book: Book) => void, number]>([
    [
      'an order',
      (book) => {
        book.hold(bookedOf('o', 'buy', 1));
      },
      40,
    ],
    [
      'an adjustment',
      (book) => {
        const position = { instrument: GOLD, qty: lots(1), price: decimal('100') };
        book.adjust({ adjustmentId: 'a', accountId: 'acc', cash: decimal('0'), position });
      },
      40,
    ],
    [
      'a mark that is older than the last',
      (book) => {
        book.mark(markOf(100, 'SILVER', 5));
      },
      45,
    ],
  ])('grows at once with %s, not only when it is looked for', (_what, happens, ageMs) => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.mark(markOf(100, 'SILVER', 40));
    trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
    const before = acc(book).oldestMarkAgeMs(50, 100);
    happens(book);
    expect([before, acc(book).oldestMarkAgeMs(50, 100)]).toEqual([10, ageMs]);
  });

  test('forgets what is no longer held', () => {
    const book = held();
    sell(book, 1, '100');
    expect(acc(book).oldestMarkAgeMs(50, 20)).toBe(10);
  });

  test('counts what is only being ordered', () => {
    const book = openBook();
    book.mark(markOf(100, 'GOLD', 10));
    book.hold(bookedOf('o', 'buy', 1));
    expect(acc(book).oldestMarkAgeMs(50, 0)).toBe(40);
  });

  test('is Infinity without a mark, and 0 when nothing is held', () => {
    const book = openBook();
    expect(acc(book).oldestMarkAgeMs(50, 0)).toBe(0);
    buy(book, 1, '100');
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(Infinity);
  });

  test('heals after a mark of unknown time', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(100, 'GOLD', NaN));
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(NaN);
    book.mark(markOf(100, 'GOLD', 45));
    expect(acc(book).oldestMarkAgeMs(50, 1_000)).toBe(5);
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

describe('the trading day', () => {
  test('opens with the equity at the last good marks: the night belongs to the day before', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(120));
    const plan = book.planRoll('2026-01-02', 5);
    expect(plan).toEqual({
      dayId: '2026-01-02',
      atMs: 5,
      accounts: [
        {
          accountId: 'acc',
          dayOpen: 1_020 * ONE,
          highWater: 1_020 * ONE,
          strategies: [{ strategyId: 'strat', pnl: 20 * ONE }],
        },
      ],
    });
    expect(acc(book).dayPnl).toBe(20 * ONE); // planned, not done
    book.roll(plan);
    book.mark(markOf(115));
    expect([acc(book).dayOpen, acc(book).dayPnl]).toEqual([1_020 * ONE, -5 * ONE]);
  });

  test('without known equity opens at the highest there was: no loss is forgiven', () => {
    const book = openBook();
    book.stampHighWater('acc', units(1_500 * ONE));
    buy(book, 1, '100');
    expect(book.planRoll('2026-01-02', 5).accounts).toEqual([
      { accountId: 'acc', dayOpen: 1_500 * ONE, highWater: 1_500 * ONE, strategies: [] },
    ]);
  });

  test('without known equity never opens lower than before', () => {
    const book = openBook();
    buy(book, 1, '100');
    expect(book.planRoll('2026-01-02', 5).accounts).toEqual([
      { accountId: 'acc', dayOpen: 1_000 * ONE, highWater: 1_000 * ONE, strategies: [] },
    ]);
  });

  const rolled = (dayId: string, dayOpen: number, highWater = 1_000 * ONE) => ({
    dayId,
    atMs: 0,
    accounts: [{ accountId: 'acc', dayOpen: units(dayOpen), highWater: units(highWater) }],
  });

  test.each(['2026-01-02', '2026-01-01'])(
    'never rolls backwards, nor twice: %s after 2026-01-02',
    (again) => {
      const book = openBook();
      book.roll(rolled('2026-01-02', 7));
      book.roll(rolled(again, 9));
      expect(acc(book).dayOpen).toBe(7);
    },
  );

  test('takes over a recorded high-water mark if it is higher', () => {
    const book = openBook();
    book.roll(rolled('2026-01-02', 0, 2_000 * ONE));
    book.roll(rolled('2026-01-03', 0, 1_500 * ONE));
    book.stampHighWater('acc', units(1_800 * ONE));
    expect(acc(book).highWater).toBe(2_000 * ONE);
    book.stampHighWater('acc', units(2_001 * ONE));
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([2_001 * ONE, 1_001 / 2_001]);
  });

  test('of an account that is not there throws, by name', () => {
    const book = openBook();
    expect(() => {
      book.roll({
        dayId: '2026-01-02',
        atMs: 0,
        accounts: [{ accountId: 'x', dayOpen: 0 as Units, highWater: 0 as Units }],
      });
    }).toThrow('accountId: expected a configured account, got x');
  });
});

describe('the high-water mark', () => {
  test('rises with good marks and realised profit, and never falls by itself', () => {
    const book = openBook();
    buy(book, 1, '100');
    book.mark(markOf(150));
    book.mark(markOf(110));
    const { highWater, drawdownFraction } = acc(book);
    expect([highWater, drawdownFraction]).toEqual([1_050 * ONE, 40 / 1_050]);
    sell(book, 1, '160');
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([1_060 * ONE, 0]);
  });

  test('of nothing: no drawdown at nothing, unknown below it', () => {
    const book = openBook('0');
    expect(acc(book).drawdownFraction).toBe(0);
    book.mark(markOf(100));
    buy(book, 1, '101');
    expect(acc(book).drawdownFraction).toBe(NaN);
  });
});

describe('deposits and withdrawals', () => {
  /** Equity 80 below a mark of 100: 20 %. */
  const down = (): Book => {
    const book = openBook('100');
    buy(book, 1, '100');
    book.mark(markOf(100));
    book.mark(markOf(80));
    return book;
  };

  test.each([
    ['-40', 40, 50],
    ['100', 180, 225],
    ['-0.000001', 79.999999, 99.999999],
  ])('scale the high-water mark: after %s, 20 %% below it stay 20 %%', (amount, equity, highWater) => {
    const book = down();
    book.flow('acc', amount, system('treasury'), '');
    const account = acc(book);
    expect([account.equity / ONE, account.highWater / ONE]).toEqual([equity, highWater]);
    expect(account.drawdownFraction).toBeCloseTo(0.2, 7);
  });

  test('are no profit and no loss of the day', () => {
    const book = down();
    book.flow('acc', '-40', ADA, 'rent');
    book.flow('acc', '15', ADA, 'refund');
    const { dayOpen, dayPnl, flows, cash } = acc(book);
    expect([dayOpen, dayPnl, flows.toFixed(), cash.toFixed()]).toEqual([75 * ONE, -20 * ONE, '75', '-25']);
  });

  test('with an id count once', () => {
    const book = openBook();
    const flow = { flowId: 'f', accountId: 'acc', amount: decimal('100') };
    const booked = [book.flowOnce(flow), book.flowOnce(flow)];
    expect([booked, acc(book).cash.toFixed(), acc(book).flows.toFixed()]).toEqual([
      ['applied', 'duplicate'],
      '1100',
      '1100',
    ]);
    expect(() => book.flowOnce({ ...flow, accountId: 'nobody' })).toThrow(/nobody/);
  });

  test('with more digits than units round against the trader', () => {
    const book = openBook('100');
    book.flow('acc', '0.0000001', ADA, 'dust');
    book.flow('acc', '-0.0000003', ADA, 'dust');
    expect([acc(book).equity, acc(book).dayOpen, acc(book).dayPnl]).toEqual([
      100 * ONE - 1,
      100 * ONE + 1,
      -2,
    ]);
  });

  test('at no equity take a person, and the mark starts anew', () => {
    const book = openBook('0');
    expect(() => {
      book.flow('acc', '10', system('treasury'), 'capital');
    }).toThrow(expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }));
    expect(acc(book).cash.toFixed()).toBe('0');
    book.flow('acc', '10', ADA, 'capital');
    expect(acc(book)).toMatchObject({ equity: 10 * ONE, highWater: 10 * ONE, drawdownFraction: 0 });
  });

  test('at unknown equity take a person, and the mark starts anew with the first equity that is known', () => {
    const book = openBook('100');
    buy(book, 1, '100');
    expect(() => {
      book.flow('acc', '10', ADA, ' ');
    }).toThrow(expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }));
    book.flow('acc', '10', ADA, 'capital');
    expect([acc(book).highWater, acc(book).drawdownFraction]).toEqual([NaN, NaN]);
    book.mark(markOf(100));
    expect(acc(book)).toMatchObject({ equity: 110 * ONE, highWater: 110 * ONE, drawdownFraction: 0 });
  });

  test('at unknown equity take over the mark that was recorded', () => {
    const book = openBook('100');
    buy(book, 1, '100');
    book.flow('acc', '10', ADA, 'capital');
    book.stampHighWater('acc', units(NaN));
    book.stampHighWater('acc', units(120 * ONE));
    expect(acc(book).highWater).toBe(120 * ONE);
  });

  test('of no plain decimal, or of an account that is not there, are refused', () => {
    const book = openBook();
    expect(() => {
      book.flow('acc', '1e9', ADA, 'x');
    }).toThrow(/^amount: expected a plain decimal/);
    expect(() => {
      book.flow('nobody', '1', ADA, 'x');
    }).toThrow(expect.objectContaining({ code: 'ACCOUNT_UNKNOWN' }));
  });
});

test('an account counts its cells, and keeps those that are flat', () => {
  const book = openBook();
  buy(book, 1, '100');
  trade(book, 'buy', fillOf('y', 1), { instrument: SILVER });
  sell(book, 1, '100');
  expect([acc(book).cellCount, [...acc(book).cells()].length]).toEqual([2, 2]);
});
