import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { InFlight } from '../../src/desk/in-flight.ts';
import { Book, type OrderEventType } from '../../src/trading/index.ts';
import { bookedOf, eventOf, fillOf } from '../trading/builders.ts';

/** A Book with one kept order to buy 10, and what is under way with it. */
function underWay() {
  const clock = new ManualClock();
  const book = new Book();
  book.openAccount('acc', 'USDT', '100000');
  const order = bookedOf('one', 'buy', 10);
  book.hold(order);
  book.keep(order);
  const inFlight = new InFlight(book, clock);
  inFlight.add({ clientOrderId: 'one' } as never);
  const count = (type: OrderEventType, detail: Parameters<typeof eventOf>[2] = {}) =>
    inFlight.around(eventOf(type, 'one', detail), () => book.apply(eventOf(type, 'one', detail)));
  return { inFlight, book, clock, count };
}

describe('an order', () => {
  test('is given out once, and sent from then on', () => {
    const { inFlight } = underWay();
    expect(inFlight.isUnsent('one')).toBe(true);
    expect(inFlight.take('one')).toEqual({ clientOrderId: 'one' });
    expect([inFlight.take('one'), inFlight.isUnsent('one')]).toEqual([undefined, false]);
  });

  test('that is over before it was sent is not given out', () => {
    const { inFlight, count } = underWay();
    count('abandoned');
    expect([inFlight.take('one'), inFlight.isUnderWay('one')]).toEqual([undefined, false]);
  });

  test.for<[OrderEventType, boolean]>([
    ['accepted', false],
    ['rejected', false],
    ['timedOut', false],
    ['cancelled', false],
    ['cancelRequested', true],
    ['filled', true],
  ])('that was sent, and %s: under way %s', ([type, isUnderWay]) => {
    const { inFlight, count } = underWay();
    inFlight.take('one');
    count(type);
    expect(inFlight.isUnderWay('one')).toBe(isUnderWay);
  });

  test('that is filled whole before its answer is under way no more', () => {
    const { inFlight, count } = underWay();
    inFlight.take('one');
    count('filled', { fill: fillOf('x', 10) });
    expect(inFlight.isUnderWay('one')).toBe(false);
  });

  test('is placed when it is answered; before it is sent nobody waits for that', async () => {
    const { inFlight, count } = underWay();
    expect(inFlight.placed('one')).toBeUndefined();
    inFlight.take('one');
    const placed = inFlight.placed('one');
    count('accepted');
    await placed;
    expect(inFlight.placed('one')).toBeUndefined();
  });
});

describe('a cancel', () => {
  test('is under way from before it is counted until it fails or the order is over', () => {
    const { inFlight, book, count } = underWay();
    inFlight.take('one');
    count('accepted');
    inFlight.around(eventOf('cancelRequested', 'one'), () => {
      expect(inFlight.isCancelling('one')).toBe(true);
      return book.apply(eventOf('cancelRequested', 'one'));
    });
    count('cancelFailed');
    expect(inFlight.isCancelling('one')).toBe(false);
    count('cancelRequested');
    count('cancelled', { cumulative: 0 });
    expect(inFlight.isCancelling('one')).toBe(false);
  });
});

describe('a cancel that the venue took', () => {
  test('counts for five seconds: an order that is open after that can be asked to go again', () => {
    const { inFlight, clock, count } = underWay();
    count('accepted');
    count('cancelRequested');
    clock.advance(4_999);
    expect(inFlight.isCancelling('one')).toBe(true);
    clock.advance(1);
    expect(inFlight.isCancelling('one')).toBe(false);
  });

  test('counts no more when an order turns up that was in doubt', () => {
    const { inFlight, count } = underWay();
    count('timedOut');
    count('cancelRequested');
    count('accepted');
    expect(inFlight.isCancelling('one')).toBe(false);
  });

  test('counts when an order that was known is accepted', () => {
    const { inFlight, count } = underWay();
    count('cancelRequested');
    count('accepted');
    expect(inFlight.isCancelling('one')).toBe(true);
  });

  test('is not kept of an order that is over, or of none', () => {
    const { inFlight, count } = underWay();
    count('abandoned');
    for (const id of ['one', 'two']) inFlight.cancelling(id);
    expect([inFlight.isCancelling('one'), inFlight.isCancelling('two')]).toEqual([false, false]);
  });
});

test.for<[OrderEventType, boolean]>([
  ['timedOut', true],
  ['rejected', true],
  ['accepted', false],
])('an order that is %s, and then accepted, turns up: %s', ([type, turnsUp]) => {
  const { inFlight, count } = underWay();
  count(type);
  expect([inFlight.turnsUp(eventOf('accepted', 'one')), inFlight.turnsUp(eventOf('filled', 'one'))]).toEqual([
    turnsUp,
    false,
  ]);
});

test('an amendment is waited for until the wait is disposed of', () => {
  const { inFlight } = underWay();
  {
    using _waiting = inFlight.amending('one');
    expect([inFlight.isAmending('one'), inFlight.isAmending('two')]).toEqual([true, false]);
  }
  expect(inFlight.isAmending('one')).toBe(false);
});
