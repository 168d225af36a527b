import { describe, expect, test } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { InFlight } from '../../src/desk/in-flight.ts';
import { Book, type OrderEventType } from '../../src/trading/index.ts';
import { bookedOf, eventOf, fillOf } from '../trading/builders.ts';

/** A Book with one kept order to buy 10, and what is under way with it. */
function underWay() {
  const book = new Book();
  book.openAccount('acc', 'USDT', '100000');
  const order = bookedOf('one', 'buy', 10);
  book.hold(order);
  book.keep(order);
  const inFlight = new InFlight(book);
  inFlight.add({ clientOrderId: 'one' } as never);
  const count = (type: OrderEventType, detail: Parameters<typeof eventOf>[2] = {}) =>
    inFlight.around(eventOf(type, 'one', detail), () => book.apply(eventOf(type, 'one', detail)));
  return { inFlight, book, count };
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

test('an amendment is waited for until the wait is disposed of', () => {
  const { inFlight } = underWay();
  {
    using _waiting = inFlight.amending('one');
    expect([inFlight.isAmending('one'), inFlight.isAmending('two')]).toEqual([true, false]);
  }
  expect(inFlight.isAmending('one')).toBe(false);
});

describe('until', () => {
  test('resolves at once for what is true already', async () => {
    const { inFlight } = underWay();
    await inFlight.until(() => true);
  });

  test('resolves with the event that makes it true, and looks no more after that', async () => {
    const { inFlight, book, count } = underWay();
    inFlight.take('one');
    let looks = 0;
    let done = false;
    const waiting = inFlight
      .until(() => {
        looks += 1;
        return (book.order('one')?.leaves ?? 0) < lots(10);
      })
      .then(() => (done = true));
    count('accepted');
    await Promise.resolve();
    expect(done).toBe(false);
    count('filled', { fill: fillOf('x', 1) });
    await waiting;
    const before = looks;
    count('filled', { fill: fillOf('y', 1) });
    expect([done, looks]).toEqual([true, before]);
  });
});
