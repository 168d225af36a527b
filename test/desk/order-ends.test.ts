import { describe, expect, test } from 'vitest';
import { OrderEnds } from '../../src/desk/order-ends.ts';
import { Book, type OrderEventType } from '../../src/trading/index.ts';
import { bookedOf, eventOf } from '../trading/builders.ts';

/** A Book with two kept orders, and waits for their ends. */
function waiting() {
  const book = new Book();
  book.openAccount('acc', 'USDT', '100000');
  for (const id of ['one', 'two']) {
    const order = bookedOf(id, 'buy', 10);
    book.hold(order);
    book.keep(order);
  }
  const ends = new OrderEnds(book);
  const giveUp = new AbortController();
  const happens = (type: OrderEventType, id: string): void => {
    book.apply(eventOf(type, id, type === 'cancelled' ? { cumulative: 0 } : {}));
    ends.note(id);
  };
  /** Whether the wait is over, once everything that is ready has run. */
  const wait = (ids: readonly string[], isAwaited?: Parameters<OrderEnds['of']>[2]) => {
    let isOver = false;
    void ends.of(ids, giveUp.signal, isAwaited).then(() => (isOver = true));
    return async (): Promise<boolean> => {
      await Promise.resolve();
      return isOver;
    };
  };
  return { ends, giveUp, happens, wait };
}

describe('a wait for the ends of orders', () => {
  test('is over at once where nothing is open', async () => {
    const { happens, wait, ends } = waiting();
    happens('cancelled', 'one');
    expect([await wait(['one', 'nobody'])(), await wait([])(), ends.waiting]).toEqual([true, true, 0]);
  });

  test('is over with the last of them, and forgotten', async () => {
    const { happens, wait, ends } = waiting();
    const isOver = wait(['one', 'two']);
    happens('accepted', 'one');
    happens('cancelled', 'two');
    expect([await isOver(), ends.waiting]).toEqual([false, 1]);
    happens('cancelled', 'one');
    expect([await isOver(), ends.waiting]).toEqual([true, 0]);
  });

  test('waits again for one that lives again', async () => {
    const { happens, wait } = waiting();
    const isOver = wait(['one', 'two']);
    happens('rejected', 'one');
    happens('accepted', 'one');
    happens('cancelled', 'two');
    expect(await isOver()).toBe(false);
    happens('cancelled', 'one');
    expect(await isOver()).toBe(true);
  });

  test('is not about other orders', async () => {
    const { happens, wait } = waiting();
    const isOver = wait(['one']);
    happens('cancelled', 'two');
    expect(await isOver()).toBe(false);
  });

  test('goes by the states that it is told', async () => {
    const { happens, wait } = waiting();
    const isOver = wait(['one'], (state) => state !== 'unknown');
    happens('timedOut', 'one');
    expect(await isOver()).toBe(true);
  });

  test('that is given up is forgotten, and never over', async () => {
    const { happens, wait, ends, giveUp } = waiting();
    const isOver = wait(['one']);
    giveUp.abort();
    expect(ends.waiting).toBe(0);
    happens('cancelled', 'one');
    expect(await isOver()).toBe(false);
  });
});
