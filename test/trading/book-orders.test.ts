import { describe, expect, test } from 'vitest';
import { decimal } from '../../src/core/index.ts';
import { Book, type OrderEventType, nextState } from '../../src/trading/index.ts';
import { ONE, SILVER, bookedOf, eventOf, fillOf } from './builders.ts';
import { anomaly, cell, fill, openBook, order, place, placed } from './book-world.ts';

describe('a hold', () => {
  test('takes its quantity on its side at once, before the order is known', () => {
    const book = openBook();
    book.hold(bookedOf('o', 'sell', 4));
    expect([cell(book), book.order('o')]).toEqual([{ pos: 0, buy: 0, sell: 4 }, undefined]);
    expect(book.account('acc')).toMatchObject({ gross: 400 * ONE, count: 1 });
  });

  test('that is dropped never was', () => {
    const book = openBook();
    const held = bookedOf('o', 'buy', 4);
    book.hold(held);
    book.drop(held);
    expect([cell(book), book.order('o')]).toEqual([{ pos: 0, buy: 0, sell: 0 }, undefined]);
    expect(book.account('acc')).toMatchObject({ gross: 0, count: 0, equity: 10_000 * ONE });
  });

  test('that is kept makes the order known', () => {
    const book = placed();
    expect([...book.orders()]).toMatchObject([
      { state: 'submitting', side: 'buy', leaves: 10, cumulative: 0, order: { clientOrderId: 'o' } },
    ]);
  });

  test('cannot be kept under an id that is known: the first order stays', () => {
    const book = placed();
    fill(book, 'x', 4);
    const again = bookedOf('o', 'buy', 3);
    book.hold(again);
    expect(() => {
      book.keep(again);
    }).toThrow(expect.objectContaining({ code: 'RESERVATION_SPENT' }));
    expect(order(book)).toEqual({ state: 'working', leaves: 6, cumulative: 4 });
  });

  test('for an account that is not there throws, by name', () => {
    expect(() => {
      openBook().hold(bookedOf('o', 'buy', 1, { accountId: 'nobody' }));
    }).toThrow(
      expect.objectContaining({
        code: 'ACCOUNT_UNKNOWN',
        message: expect.stringMatching(/nobody$/) as unknown,
      }),
    );
  });
});

describe('what the venue says in the end', () => {
  test('is no contradiction when it is all that was asked for, and one more is', () => {
    const ends = (cumulative: number) => {
      const book = placed();
      return book.apply(eventOf('cancelled', 'o', { cumulative }));
    };
    expect([ends(10), ends(11)]).toEqual(['applied', anomaly('VENUE_CONTRADICTION')]);
  });

  test('twice that it was rejected says no more than once: a fill brings it back', () => {
    const book = placed();
    book.apply(eventOf('rejected', 'o'));
    book.apply(eventOf('rejected', 'o'));
    expect([fill(book, 'x', 4), order(book)]).toEqual([
      anomaly('RESURRECTED'),
      { state: 'working', leaves: 6, cumulative: 4 },
    ]);
  });

  test('of a sale gives back what it held, though it never cost anything', () => {
    const book = placed('sell');
    book.apply(eventOf('cancelled', 'o', { cumulative: 0 }));
    expect(cell(book)).toEqual({ pos: 0, buy: 0, sell: 0 });
  });

  test('a fill too many is that, whatever its fee', () => {
    const book = placed();
    const feeIn = (currency: string, quantity: number) =>
      book.apply(eventOf('filled', 'o', { fill: fillOf(currency, quantity, '100', '1', currency) }));
    expect([feeIn('BNB', 9), feeIn('DOGE', 2)]).toEqual([
      anomaly('FEE_CURRENCY_UNSUPPORTED'),
      anomaly('OVERFILL'),
    ]);
  });
});

describe('when the hold goes', () => {
  /** From `submitting`, each way to the event; what is left held of 10, of which 4 were filled. */
  const ways: readonly [OrderEventType[], OrderEventType, number][] = [
    [['accepted'], 'accepted', 6],
    [['accepted'], 'timedOut', 6],
    [['accepted'], 'cancelRequested', 6],
    [['accepted', 'cancelRequested'], 'cancelFailed', 6],
    [['accepted', 'cancelRequested'], 'timedOut', 6],
    [['accepted'], 'cancelled', 6],
    [['accepted'], 'expired', 6],
    [['timedOut'], 'cancelRequested', 6],
    [['timedOut'], 'accepted', 6],
    [['accepted'], 'rejected', 0],
    [['timedOut'], 'rejected', 0],
    [['timedOut'], 'absent', 0],
  ];

  test.each(ways)('after %j, %s leaves %d held', (before, event, leaves) => {
    const book = placed();
    fill(book, 'x', 4);
    for (const type of before) book.apply(eventOf(type, 'o'));
    expect(book.apply(eventOf(event, 'o'))).toBe('applied');
    expect(order(book)).toMatchObject({ leaves, cumulative: 4 });
    expect(cell(book)).toEqual({ pos: 4, buy: leaves, sell: 0 });
  });

  test.each([[[]], [['cancelRequested']]] as const)('abandoned after %j: all of it', (before) => {
    const book = placed();
    for (const type of before) book.apply(eventOf(type, 'o'));
    expect(book.apply(eventOf('abandoned', 'o'))).toBe('applied');
    expect([order(book), cell(book)]).toEqual([
      { state: 'abandoned', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
    ]);
    expect(book.account('acc')).toMatchObject({ gross: 0, count: 0 });
  });

  test('a fill turns it into position, in one step: the worst case stays', () => {
    const book = placed();
    expect(fill(book, 'x', 4)).toBe('applied');
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 6, cumulative: 4 },
      { pos: 4, buy: 6, sell: 0 },
    ]);
    expect(book.account('acc')?.gross).toBe(1_000 * ONE);
  });

  test('the last fill ends the order', () => {
    const book = placed('sell');
    fill(book, 'x', 4);
    fill(book, 'y', 6);
    expect([order(book), cell(book)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 10 },
      { pos: -10, buy: 0, sell: 0 },
    ]);
  });

  test.each(['timedOut', 'cancelRequested'] as const)(
    'a partial fill after %s keeps the state, the last one ends it',
    (type) => {
      const book = placed();
      book.apply(eventOf(type, 'o'));
      fill(book, 'x', 4);
      const between = order(book).state;
      fill(book, 'y', 6);
      expect([between, order(book).state]).toEqual([
        type === 'timedOut' ? 'unknown' : 'cancelPending',
        'filled',
      ]);
    },
  );

  test('the second report of an execution does nothing', () => {
    const book = placed();
    fill(book, 'x', 4);
    const before = { cash: book.account('acc')?.cash.toFixed(), ...order(book), ...cell(book) };
    expect(fill(book, 'x', 4)).toBe('duplicate');
    expect({ cash: book.account('acc')?.cash.toFixed(), ...order(book), ...cell(book) }).toEqual(before);
  });

  test.each(['cancelled', 'expired'] as const)(
    '%s with a cumulative quantity: down to the fills still to come',
    (type) => {
      const book = placed();
      fill(book, 'x', 2);
      book.apply(eventOf(type, 'o', { cumulative: 5 }));
      const waiting = order(book);
      fill(book, 'y', 3);
      expect([waiting, order(book), cell(book)]).toEqual([
        { state: type, leaves: 3, cumulative: 2 },
        { state: type, leaves: 0, cumulative: 5 },
        { pos: 5, buy: 0, sell: 0 },
      ]);
    },
  );

  test('cancelled before any fill was seen, none to come: all of it', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 0 }));
    expect([order(book), cell(book)]).toEqual([
      { state: 'cancelled', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
    ]);
  });

  test('cancelled without a quantity: nothing, until a lookup says it', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o'));
    fill(book, 'x', 2);
    const waiting = order(book);
    book.apply(eventOf('cancelled', 'o', { cumulative: 2 }));
    expect([waiting, order(book)]).toEqual([
      { state: 'cancelled', leaves: 8, cumulative: 2 },
      { state: 'cancelled', leaves: 0, cumulative: 2 },
    ]);
  });

  test('overfilled: booked, nothing left, and told', () => {
    const book = placed();
    fill(book, 'x', 8);
    expect(fill(book, 'y', 5)).toEqual(anomaly('OVERFILL'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 13 },
      { pos: 13, buy: 0, sell: 0 },
    ]);
  });
});

describe('late and contradicting facts', () => {
  test('a fill after the cancel is booked', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    expect(fill(book, 'x', 4)).toBe('applied');
    expect(cell(book)).toEqual({ pos: 4, buy: 0, sell: 0 });
  });

  test('a fill beyond the final report is booked, and told', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    expect(fill(book, 'x', 5)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'cancelled', leaves: 0, cumulative: 5 },
      { pos: 5, buy: 0, sell: 0 },
    ]);
  });

  test('a second final report with a higher quantity holds the difference, and is told', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    fill(book, 'x', 4);
    expect(book.apply(eventOf('cancelled', 'o', { cumulative: 6 }))).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect(order(book)).toEqual({ state: 'cancelled', leaves: 2, cumulative: 4 });
  });

  test('a second final report with a lower quantity keeps the higher, and is told', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    expect(book.apply(eventOf('expired', 'o', { cumulative: 3 }))).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect(order(book)).toEqual({ state: 'cancelled', leaves: 4, cumulative: 0 });
  });

  test('a repeated final report changes nothing', () => {
    const book = placed();
    book.apply(eventOf('cancelled', 'o', { cumulative: 4 }));
    expect(book.apply(eventOf('cancelled', 'o', { cumulative: 4 }))).toBe('applied');
    expect(order(book).leaves).toBe(4);
  });

  test.each([3, 11])(
    'a final report of %d, of an order of 10 of which 4 were filled, is told',
    (cumulative) => {
      const book = placed();
      fill(book, 'x', 4);
      expect(book.apply(eventOf('cancelled', 'o', { cumulative }))).toEqual(anomaly('VENUE_CONTRADICTION'));
      expect(order(book).leaves).toBe(Math.max(0, cumulative - 4));
    },
  );

  test.each([NaN, -1, 0.5, Infinity])('a final report of %d releases nothing, and is told', (cumulative) => {
    const book = placed();
    expect(book.apply(eventOf('cancelled', 'o', { cumulative }))).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'cancelled', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
    ]);
  });

  test('accepted after rejected: the hold rises from the dead, and is told', () => {
    const book = placed();
    book.apply(eventOf('rejected', 'o'));
    expect(book.apply(eventOf('accepted', 'o'))).toEqual(anomaly('RESURRECTED'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
    ]);
  });

  test('filled after rejected: booked, the rest is held again, and told', () => {
    const book = placed();
    book.apply(eventOf('rejected', 'o'));
    expect(fill(book, 'x', 4)).toEqual(anomaly('RESURRECTED'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 6, cumulative: 4 },
      { pos: 4, buy: 6, sell: 0 },
    ]);
  });

  test('found after absent: the same', () => {
    const book = placed();
    book.apply(eventOf('timedOut', 'o'));
    book.apply(eventOf('absent', 'o'));
    expect(fill(book, 'x', 10)).toEqual(anomaly('RESURRECTED'));
    expect(order(book)).toEqual({ state: 'filled', leaves: 0, cumulative: 10 });
  });

  test('rejected after accepted and filled keeps the fills', () => {
    const book = placed();
    book.apply(eventOf('accepted', 'o'));
    fill(book, 'x', 4);
    book.apply(eventOf('rejected', 'o'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'rejected', leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
    ]);
  });

  test('the acknowledgement of an immediate order may come after its end', () => {
    const book = placed();
    book.apply(eventOf('expired', 'o', { cumulative: 0 }));
    expect(book.apply(eventOf('accepted', 'o'))).toBe('applied');
    expect(order(book)).toEqual({ state: 'expired', leaves: 0, cumulative: 0 });
  });

  test('of two cancels of a working order, both may fail', () => {
    const book = placed();
    for (const type of ['accepted', 'cancelRequested', 'cancelRequested', 'cancelFailed'] as const)
      book.apply(eventOf(type, 'o'));
    expect([book.apply(eventOf('cancelFailed', 'o')), order(book).state]).toEqual(['applied', 'working']);
  });

  test('a fill of an order that was never sent is booked, and told', () => {
    const book = placed();
    book.apply(eventOf('abandoned', 'o'));
    expect(fill(book, 'x', 4)).toEqual(anomaly('ILLEGAL_TRANSITION'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'abandoned', leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
    ]);
  });

  test('an event that the table does not have changes nothing, and is told', () => {
    const book = placed();
    expect(nextState('submitting', 'absent')).toBeUndefined();
    expect(book.apply(eventOf('absent', 'o'))).toEqual(anomaly('ILLEGAL_TRANSITION'));
    expect(order(book)).toEqual({ state: 'submitting', leaves: 10, cumulative: 0 });
  });

  test('an event of an order that is not known is told', () => {
    expect(openBook().apply(eventOf('filled', 'stranger'))).toEqual(anomaly('ORDER_UNKNOWN'));
  });
});

describe('execution ids', () => {
  test('reused by another order of the account in the instrument: booked, and told', () => {
    const book = placed();
    place(book, 'p');
    fill(book, 'x', 4);
    expect(fill(book, 'x', 3, 'p')).toEqual(anomaly('EXECUTION_ID_REUSED'));
    expect(cell(book)).toEqual({ pos: 7, buy: 13, sell: 0 });
  });

  test('count per instrument and account, as venues do', () => {
    const book = placed();
    place(book, 'p', 'buy', 10, { instrument: SILVER });
    place(book, 'q', 'buy', 10, { accountId: 'other' });
    expect([fill(book, '1', 4), fill(book, '1', 4, 'p'), fill(book, '1', 4, 'q')]).toEqual([
      'applied',
      'applied',
      'applied',
    ]);
  });
});

describe('a fill that cannot be', () => {
  test.each([
    ['no quantity', fillOf('x', 0)],
    ['a negative quantity', fillOf('x', -1)],
    ['a fraction of a lot', fillOf('x', 0.5)],
    ['NaN', fillOf('x', NaN)],
    ['no price', fillOf('x', 1, '0')],
    ['a negative price', fillOf('x', 1, '-1')],
  ])('with %s is told and poisons nothing: the right report is still booked', (_, bad) => {
    const book = placed();
    expect(book.apply(eventOf('filled', 'o', { fill: bad }))).toEqual(anomaly('FILL_INVALID'));
    expect([order(book), cell(book), book.account('acc')?.cash.toFixed()]).toEqual([
      { state: 'submitting', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
      '10000',
    ]);
    expect(fill(book, 'x', 1)).toBe('applied');
  });
});

describe('an order without an answer', () => {
  test('keeps its hold in full', () => {
    const book = openBook();
    const lost = bookedOf('o', 'buy', 10);
    book.hold(lost);
    book.keep(lost);
    expect([book.apply(eventOf('timedOut', 'o')), order(book), cell(book)]).toEqual([
      'applied',
      { state: 'unknown', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
    ]);
  });

  test('is not absent before the venue was asked', () => {
    expect(placed().apply(eventOf('absent', 'o'))).toEqual(anomaly('ILLEGAL_TRANSITION'));
  });
});

describe('an order that is over, of which nothing more will come', () => {
  test.each([
    ['cancelled', undefined],
    ['cancelled', 7],
    ['expired', 7],
  ] as const)('%s at %s in all: holds nothing any more', (type, cumulative) => {
    const book = placed();
    fill(book, 'x', 4);
    book.apply(eventOf(type, 'o', cumulative === undefined ? {} : { cumulative }));
    expect(book.apply(eventOf('absent', 'o'))).toBe('applied');
    expect([order(book), cell(book), book.order('o')?.finalCumulative]).toEqual([
      { state: type, leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
      4,
    ]);
    expect(fill(book, 'y', 1)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect(cell(book)).toEqual({ pos: 5, buy: 0, sell: 0 });
  });
});

describe('an order of very many fills', () => {
  test('costs no more with each of them: 40,000 take seconds at most', { timeout: 120_000 }, () => {
    const book = placed('buy', 40_000);
    const before = process.cpuUsage();
    for (let n = 1; n <= 40_000; n += 1) fill(book, `x${String(n)}`, 1);
    expect([order(book), fill(book, 'x7', 1)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 40_000 },
      'duplicate',
    ]);
    // Of the processor, not of the clock: others may be at work.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
  });
});

describe('opening accounts', () => {
  test('refuses the same account twice', () => {
    expect(() => {
      openBook().openAccount('acc', 'USDT', '1');
    }).toThrow('accountId: expected a new account, got acc again');
  });

  test.each(['x', '1e9'])('refuses a balance of %s', (balance) => {
    expect(() => {
      new Book().openAccount('a', 'USDT', balance);
    }).toThrow(/^balance: expected a plain decimal/);
  });

  test('starts flat', () => {
    const book = new Book();
    book.openAccount('a', 'EUR', decimal('12.5'));
    expect([...book.accounts()].map((a) => ({ ...pick(a), cells: [...a.cells()] }))).toEqual([
      {
        accountId: 'a',
        currency: 'EUR',
        gross: 0,
        count: 0,
        equity: 12.5 * ONE,
        dayOpen: 12.5 * ONE,
        dayPnl: 0,
        highWater: 12.5 * ONE,
        drawdownFraction: 0,
        cells: [],
      },
    ]);
    expect([book.account('b'), book.cell('b', 'GOLD'), book.cell('a', 'GOLD')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

const pick = (a: NonNullable<ReturnType<Book['account']>>) => ({
  accountId: a.accountId,
  currency: a.currency,
  gross: a.gross,
  count: a.count,
  equity: a.equity,
  dayOpen: a.dayOpen,
  dayPnl: a.dayPnl,
  highWater: a.highWater,
  drawdownFraction: a.drawdownFraction,
});
