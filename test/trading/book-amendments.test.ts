import { describe, expect, test } from 'vitest';
import { ONE, eventOf } from './builders.ts';
import { amended, anomaly, ask, cell, fill, order, place, placed, terms, working } from './book-world.ts';

describe('a change that was asked for', () => {
  test('to more holds the larger at once', () => {
    const book = working();
    expect(ask(book, 15)).toBe('applied');
    expect([order(book), cell(book), book.account('acc')?.gross]).toEqual([
      { state: 'working', leaves: 15, cumulative: 0 },
      { pos: 0, buy: 15, sell: 0 },
      1_500 * ONE,
    ]);
  });

  test('to less releases nothing yet', () => {
    const book = working('sell');
    ask(book, 4);
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 0, sell: 10 },
    ]);
  });

  test('leaves a spot order without the mark that it never had', () => {
    const book = working();
    ask(book, 15);
    amended(book, 15);
    expect(book.order('o')?.order).not.toHaveProperty('mark');
  });

  test('is seen beside what the order still is', () => {
    const book = working();
    ask(book, 15, 120, true);
    expect(terms(book)).toEqual({ is: [10, 100, false], toBe: [15, 120, true] });
  });

  test('counts what has been filled before', () => {
    const book = working();
    fill(book, 'x', 4);
    ask(book, 15);
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 11, cumulative: 4 },
      { pos: 4, buy: 11, sell: 0 },
    ]);
  });

  test('is not taken while another one waits: either may be in force', () => {
    const book = working();
    ask(book, 20);
    expect(ask(book, 12)).toEqual(anomaly('ILLEGAL_TRANSITION'));
    expect([terms(book).toBe, order(book).leaves]).toEqual([[20, 100, false], 20]);
  });

  test.each([
    ['submitting', []],
    ['cancelPending', ['accepted', 'cancelRequested']],
    ['unknown', ['timedOut']],
    ['cancelled', ['cancelled']],
    ['rejected', ['rejected']],
  ] as const)('is not taken of an order that is %s', (state, before) => {
    const book = placed();
    for (const type of before) book.apply(eventOf(type, 'o'));
    const was = order(book);
    expect(ask(book, 15)).toEqual(anomaly('ILLEGAL_TRANSITION'));
    expect([order(book), terms(book).toBe]).toEqual([{ ...was, state }, undefined]);
  });
});

describe('a change that is in force', () => {
  test('to more: the hold is as it was, the order is larger', () => {
    const book = working();
    ask(book, 15, 120, true);
    expect(amended(book, 15, 120)).toBe('applied');
    expect([order(book), terms(book)]).toEqual([
      { state: 'working', leaves: 15, cumulative: 0 },
      { is: [15, 120, true], toBe: undefined },
    ]);
  });

  test('to less: now the difference is released', () => {
    const book = working();
    ask(book, 4);
    amended(book, 4);
    expect([order(book), cell(book), book.account('acc')?.gross]).toEqual([
      { state: 'working', leaves: 4, cumulative: 0 },
      { pos: 0, buy: 4, sell: 0 },
      400 * ONE,
    ]);
  });

  test('to less, partly filled in the meantime: what is left of the smaller', () => {
    const book = working();
    ask(book, 6);
    fill(book, 'x', 5);
    const waiting = order(book);
    amended(book, 6);
    expect([waiting, order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 5, cumulative: 5 },
      { state: 'working', leaves: 1, cumulative: 5 },
      { pos: 5, buy: 1, sell: 0 },
    ]);
  });

  test('to less, when that much has been filled: the order is over', () => {
    const book = working();
    ask(book, 4);
    fill(book, 'x', 4);
    const waiting = order(book);
    expect(amended(book, 4)).toBe('applied');
    expect([waiting, order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 6, cumulative: 4 },
      { state: 'filled', leaves: 0, cumulative: 4 },
      { pos: 4, buy: 0, sell: 0 },
    ]);
  });

  test('repeated changes nothing', () => {
    const book = working();
    ask(book, 15);
    amended(book, 15);
    expect(amended(book, 15)).toBe('applied');
    expect(order(book)).toEqual({ state: 'working', leaves: 15, cumulative: 0 });
  });

  test('repeated while the next one waits ends not the wait: the larger stays held', () => {
    const book = working();
    ask(book, 15);
    amended(book, 15);
    ask(book, 20);
    expect(amended(book, 15)).toBe('applied');
    expect([order(book).leaves, terms(book)]).toEqual([20, { is: [15, 100, false], toBe: [20, 100, false] }]);
  });

  test('lets the next one be asked for', () => {
    const book = working();
    ask(book, 15);
    amended(book, 15);
    expect(ask(book, 20)).toBe('applied');
    expect(order(book).leaves).toBe(20);
  });
});

describe('fills while nobody knows which of the two is in force', () => {
  test('that fill the smaller leave the order open', () => {
    const book = working();
    ask(book, 15);
    expect(fill(book, 'x', 10)).toBe('applied');
    expect([order(book), cell(book)]).toEqual([
      { state: 'working', leaves: 5, cumulative: 10 },
      { pos: 10, buy: 5, sell: 0 },
    ]);
  });

  test('that fill the larger end it', () => {
    const book = working();
    ask(book, 15);
    expect(fill(book, 'x', 15)).toBe('applied');
    expect(order(book)).toEqual({ state: 'filled', leaves: 0, cumulative: 15 });
  });

  test('beyond the larger are an overfill', () => {
    const book = working();
    ask(book, 15);
    expect(fill(book, 'x', 16)).toEqual(anomaly('OVERFILL'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 16 },
      { pos: 16, buy: 0, sell: 0 },
    ]);
  });

  test('beyond what it was are none after the change is in force', () => {
    const book = working();
    ask(book, 15);
    amended(book, 15);
    expect(fill(book, 'x', 12)).toBe('applied');
    expect(order(book)).toEqual({ state: 'working', leaves: 3, cumulative: 12 });
  });

  test('beyond what it is are an overfill after the change to less', () => {
    const book = working();
    ask(book, 4);
    amended(book, 4);
    expect(fill(book, 'x', 5)).toEqual(anomaly('OVERFILL'));
    expect(order(book)).toEqual({ state: 'filled', leaves: 0, cumulative: 5 });
  });
});

describe('a change that failed', () => {
  test('to more: the difference is released', () => {
    const book = working();
    ask(book, 15);
    expect(book.apply(eventOf('amendFailed', 'o'))).toBe('applied');
    expect([order(book), cell(book), terms(book)]).toEqual([
      { state: 'working', leaves: 10, cumulative: 0 },
      { pos: 0, buy: 10, sell: 0 },
      { is: [10, 100, false], toBe: undefined },
    ]);
  });

  test('to more, when the order has been filled as it was: it is over', () => {
    const book = working();
    ask(book, 15);
    fill(book, 'x', 10);
    book.apply(eventOf('amendFailed', 'o'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 10 },
      { pos: 10, buy: 0, sell: 0 },
    ]);
  });

  test('to less: the order is what it was', () => {
    const book = working();
    ask(book, 4);
    fill(book, 'x', 4);
    book.apply(eventOf('amendFailed', 'o'));
    expect(order(book)).toEqual({ state: 'working', leaves: 6, cumulative: 4 });
  });
});

describe('a change that nobody asked for', () => {
  test.each([
    ['more', 15],
    ['less', 4],
  ])('to %s is taken, since it is a fact, and told', (_, qty) => {
    const book = working();
    expect(amended(book, qty)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect([order(book), cell(book), terms(book).is]).toEqual([
      { state: 'working', leaves: qty, cumulative: 0 },
      { pos: 0, buy: qty, sell: 0 },
      [qty, 100, false],
    ]);
  });

  test('of the price alone is taken, and told', () => {
    const book = working();
    expect(amended(book, 10, 120)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect(terms(book).is).toEqual([10, 120, false]);
  });

  test('to what the order is tells nothing', () => {
    const book = working();
    expect(amended(book, 10)).toBe('applied');
    expect([order(book).leaves, terms(book).is]).toEqual([10, [10, 100, false]]);
  });

  test.each([
    ['another quantity', 12, 100],
    ['another price', 15, 101],
  ])('in place of one that was asked for, with %s, is taken, and told', (_, qty, worst) => {
    const book = working();
    ask(book, 15, 100, true);
    expect(amended(book, qty, worst)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect([order(book).leaves, terms(book)]).toEqual([qty, { is: [qty, worst, false], toBe: undefined }]);
  });

  test('to less than has been filled is taken, and told', () => {
    const book = working();
    fill(book, 'x', 6);
    ask(book, 5);
    expect(amended(book, 5)).toEqual(anomaly('VENUE_CONTRADICTION'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'filled', leaves: 0, cumulative: 6 },
      { pos: 6, buy: 0, sell: 0 },
    ]);
  });
});

describe('the end of an order while a change waits', () => {
  test('with a quantity: the hold is what is still to arrive, whichever was in force', () => {
    const book = working();
    ask(book, 15);
    expect(book.apply(eventOf('cancelled', 'o', { cumulative: 12 }))).toBe('applied');
    expect(order(book)).toEqual({ state: 'cancelled', leaves: 12, cumulative: 0 });
  });

  test('with more than the larger contradicts', () => {
    const book = working();
    ask(book, 15);
    expect(book.apply(eventOf('expired', 'o', { cumulative: 16 }))).toEqual(anomaly('VENUE_CONTRADICTION'));
  });

  test('without a quantity: the larger stays held, also when the change is heard of afterwards', () => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('cancelled', 'o'));
    const waiting = order(book);
    expect(amended(book, 15)).toBe('applied');
    expect([waiting, order(book), terms(book)]).toEqual([
      { state: 'cancelled', leaves: 15, cumulative: 0 },
      { state: 'cancelled', leaves: 15, cumulative: 0 },
      { is: [15, 100, false], toBe: undefined },
    ]);
  });

  test.each(['amended', 'amendFailed'] as const)('%s afterwards opens nothing', (type) => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('cancelled', 'o', { cumulative: 0 }));
    const event = type === 'amended' ? amended(book, 15) : book.apply(eventOf(type, 'o'));
    expect([event, order(book), cell(book)]).toEqual([
      'applied',
      { state: 'cancelled', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
    ]);
  });

  test('by its last fill: the change that is heard of afterwards holds nothing', () => {
    const book = working();
    ask(book, 4);
    fill(book, 'x', 10);
    expect([amended(book, 4), order(book), cell(book)]).toEqual([
      anomaly('VENUE_CONTRADICTION'),
      { state: 'filled', leaves: 0, cumulative: 10 },
      { pos: 10, buy: 0, sell: 0 },
    ]);
  });

  test('by a rejection: all of it is released, and no change waits any more', () => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('rejected', 'o'));
    expect([order(book), cell(book), terms(book).toBe]).toEqual([
      { state: 'rejected', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
      undefined,
    ]);
  });
});

describe('a cancel while a change waits', () => {
  test('keeps the larger held until the end', () => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('cancelRequested', 'o'));
    expect(order(book)).toEqual({ state: 'cancelPending', leaves: 15, cumulative: 0 });
  });

  test('the change is taken on the way', () => {
    const book = working();
    ask(book, 4);
    book.apply(eventOf('cancelRequested', 'o'));
    expect(amended(book, 4)).toBe('applied');
    expect(order(book)).toEqual({ state: 'cancelPending', leaves: 4, cumulative: 0 });
  });

  test('the change may complete the order first', () => {
    const book = working();
    ask(book, 4);
    book.apply(eventOf('cancelRequested', 'o'));
    fill(book, 'x', 4);
    amended(book, 4);
    expect(order(book)).toEqual({ state: 'filled', leaves: 0, cumulative: 4 });
  });

  test('a cancel that fails leaves the change waiting', () => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('cancelRequested', 'o'));
    book.apply(eventOf('cancelFailed', 'o'));
    expect([order(book), terms(book).toBe]).toEqual([
      { state: 'working', leaves: 15, cumulative: 0 },
      [15, 100, false],
    ]);
  });
});

describe('no answer while a change waits', () => {
  test.each([
    ['it is in force', 'amended', 4],
    ['it failed', 'amendFailed', 10],
  ] as const)('keeps the larger, until it is heard that %s', (_, type, leaves) => {
    const book = working();
    ask(book, 4);
    book.apply(eventOf('timedOut', 'o'));
    const waiting = order(book);
    if (type === 'amended') amended(book, 4);
    else book.apply(eventOf(type, 'o'));
    expect([waiting, order(book)]).toEqual([
      { state: 'unknown', leaves: 10, cumulative: 0 },
      { state: 'unknown', leaves, cumulative: 0 },
    ]);
  });

  test('an order that turns out absent releases the larger', () => {
    const book = working();
    ask(book, 15);
    book.apply(eventOf('timedOut', 'o'));
    book.apply(eventOf('absent', 'o'));
    expect([order(book), cell(book)]).toEqual([
      { state: 'rejected', leaves: 0, cumulative: 0 },
      { pos: 0, buy: 0, sell: 0 },
    ]);
  });

  test('a change of one order leaves the others alone', () => {
    const book = working();
    place(book, 'p', 'buy', 3);
    ask(book, 15);
    expect([order(book, 'p').leaves, cell(book).buy]).toEqual([3, 18]);
  });
});
