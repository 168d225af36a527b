import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Book, type SavedBook, type Side, isOpen } from '../../src/trading/index.ts';
import { GOLD, SILVER, markOf } from '../trading/builders.ts';
import { dayOf, digest, histories, newBook, plain, run } from '../trading/book-steps.ts';

describe('the live orders', () => {
  test.prop([histories], { numRuns: 1_000 })(
    'are those of all orders that are open or hold something, in the same order, after every step',
    (steps) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of steps.entries()) {
        run(book, change, serial, days);
        const all = [...book.orders()].filter(({ state, leaves }) => isOpen(state) || leaves > 0);
        expect([...book.liveOrders()]).toEqual(all);
      }
    },
  );
});

describe('what works', () => {
  test.prop([histories], { numRuns: 1_000 })(
    'is the sum of what the orders hold, on each side, after every step',
    (steps) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of steps.entries()) {
        run(book, change, serial, days);
        for (const account of book.accounts()) {
          for (const cell of account.cells()) {
            const held = (of: Side): number =>
              [...book.orders()]
                .filter(
                  ({ order }) =>
                    order.accountId === account.accountId && order.instrument === cell.instrument,
                )
                .reduce((sum, { order, leaves }) => sum + (order.side === of ? leaves : 0), 0);
            expect([cell.buy, cell.sell]).toEqual([held('buy'), held('sell')]);
          }
        }
      }
    },
  );
});

describe('a saved Book', () => {
  test.prop([histories, histories], { numRuns: 500 })(
    'restored is the Book it was, and goes on as that one does',
    (before, after) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of before.entries()) run(book, change, serial, days);
      const twin = new Book();
      twin.restore(book.snapshot());
      for (const { instrumentId } of [GOLD, SILVER])
        twin.mark(markOf(book.markOf(instrumentId)?.price ?? NaN, instrumentId));
      expect(digest(twin)).toEqual(digest(book));
      const twinDays = { ...days };
      for (const [serial, change] of after.entries()) {
        const said = run(book, change, 1_000 + serial, days);
        expect(run(twin, change, 1_000 + serial, twinDays)).toEqual(said);
      }
      expect(digest(twin)).toEqual(digest(book));
    },
  );

  test.prop([histories, histories], { numRuns: 500 })(
    'does not change while the Book goes on, also where it is read afterwards',
    (before, after) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of before.entries()) run(book, change, serial, days);
      const taken = book.snapshot();
      const was = plain(book.snapshot());
      for (const [serial, change] of after.entries()) run(book, change, 1_000 + serial, days);
      expect(plain(taken)).toEqual(was);
    },
  );

  test.prop([histories], { numRuns: 500 })(
    'of which the finished orders are retired and revived is the same, whatever becomes of the order of orders',
    (steps) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of steps.entries()) run(book, change, serial, days);
      const sorted = (saved: SavedBook): unknown =>
        plain({
          ...saved,
          orders: [...saved.orders].sort((a, b) => (a.order.clientOrderId < b.order.clientOrderId ? -1 : 1)),
        });
      const was = sorted(book.snapshot());
      const live = [...book.liveOrders()];
      const finished = book.finishedBefore(dayOf(days.now + 1));
      book.retire(dayOf(days.now + 1));
      expect([[...book.orders()], [...book.liveOrders()]]).toEqual([live, live]);
      for (const one of finished) book.revive(one);
      expect(sorted(book.snapshot())).toEqual(was);
    },
  );
});
