import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { decimal, lots, person } from '../../src/core/index.ts';
import { Book, type OrderEventType, type SavedBook, type Side, isOpen } from '../../src/trading/index.ts';
import { GOLD, SILVER, amendmentOf, bookedOf, eventOf, fillOf, markOf } from '../trading/builders.ts';

const pick = fc.nat({ max: 999 });
const quantity = fc.integer({ min: 1, max: 9 });
const accountId = fc.constantFrom('acc', 'other');
const instrument = fc.constantFrom(GOLD, SILVER);
/** Few, so that executions are reported twice and shared by orders. */
const execution = fc.integer({ min: 1, max: 30 }).map((n) => `x${String(n)}`);
const side = fc.constantFrom<Side>('buy', 'sell');
const fee = fc.constantFrom('0', '0.125', '-0.01');
const anything: readonly OrderEventType[] = [
  'abandoned',
  'accepted',
  'rejected',
  'timedOut',
  'cancelRequested',
  'cancelFailed',
  'cancelled',
  'expired',
  'absent',
  'amendRequested',
  'amended',
  'amendFailed',
];
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('place' as const), accountId, instrument, side, quantity }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('fill' as const), pick, execution, quantity, fee }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('event' as const),
      pick,
      type: fc.constantFrom(...anything),
      quantity: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    }),
  },
  fc.record({ do: fc.constant('external' as const), accountId, instrument, side, execution, quantity, fee }),
  fc.record({
    do: fc.constant('adjust' as const),
    id: fc.constantFrom('a', 'b', 'c'),
    accountId,
    instrument,
    quantity: fc.integer({ min: -9, max: 9 }),
    cash: fc.integer({ min: -9, max: 9 }),
  }),
  fc.record({ do: fc.constant('flow' as const), accountId, amount: fc.integer({ min: 1, max: 50 }) }),
  fc.record({ do: fc.constant('mark' as const), instrument, price: fc.integer({ min: 50, max: 150 }) }),
  fc.record({ do: fc.constantFrom('roll' as const, 'retire' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const dayOf = (day: number): string => `2026-01-${String(10 + day)}`;

function newBook(): Book {
  const book = new Book();
  for (const id of ['acc', 'other']) book.openAccount(id, 'USDT', '100000');
  for (const { instrumentId } of [GOLD, SILVER]) book.mark(markOf(100, instrumentId));
  return book;
}

/** Does a step; the same serial and day do the same to the same Book. Returns what the Book said, or threw. */
function run(book: Book, change: Step, serial: number, days: { now: number }): unknown {
  const pickId = (at: number): string => {
    const ids = [...book.orders()].map(({ order }) => order.clientOrderId);
    return ids[at % Math.max(1, ids.length)] ?? 'nobody';
  };
  switch (change.do) {
    case 'place': {
      const order = bookedOf(`o${String(serial)}`, change.side, change.quantity, {
        accountId: change.accountId,
        instrument: change.instrument,
      });
      book.hold(order);
      book.keep(order);
      return 'kept';
    }
    case 'fill': {
      const fill = fillOf(change.execution, change.quantity, '100.5', change.fee);
      return book.apply(eventOf('filled', pickId(change.pick), { fill }));
    }
    case 'event': {
      const { quantity: qty } = change;
      const detail = {
        ...(qty !== undefined && { cumulative: qty }),
        to: amendmentOf(Math.max(1, qty ?? 7)),
      };
      return book.apply(eventOf(change.type, pickId(change.pick), detail));
    }
    case 'external': {
      const order = bookedOf(`e${String(serial)}`, change.side, change.quantity, {
        accountId: change.accountId,
        instrument: change.instrument,
        strategyId: 'external',
      });
      return book.external(order, fillOf(change.execution, change.quantity, '99.5', change.fee), 0);
    }
    case 'adjust': {
      const position = {
        instrument: change.instrument,
        qty: lots(change.quantity),
        price: decimal('101.25'),
      };
      return book.adjust({
        adjustmentId: change.id,
        accountId: change.accountId,
        cash: decimal(String(change.cash)),
        ...(change.quantity !== 0 && { position }),
      });
    }
    case 'flow':
      book.flow(change.accountId, String(change.amount), person('ada'), 'test');
      return 'flowed';
    case 'mark':
      book.mark(markOf(change.price, change.instrument.instrumentId));
      return 'marked';
    case 'roll':
      book.roll(book.planRoll(dayOf((days.now += 1)), 0));
      return 'rolled';
    case 'retire':
      book.retire(dayOf(days.now));
      return 'retired';
  }
}

const plain = (saved: SavedBook): unknown =>
  JSON.parse(JSON.stringify({ ...saved, orders: [...saved.orders] }));

/** What a Book says of everything but marks: sums, money, orders. */
const digest = (book: Book): unknown =>
  JSON.parse(
    JSON.stringify({
      accounts: [...book.accounts()].map((account) => ({
        ...account,
        gross: String(account.gross),
        equity: String(account.equity),
        count: account.count,
        oldestMarkAgeMs: account.oldestMarkAgeMs(0, 0),
        cells: [...account.cells()].map((cell) => ({
          ...cell,
          worst: String(cell.worst),
          markMonotonicMs: undefined,
        })),
      })),
      saved: plain(book.snapshot()),
      live: [...book.liveOrders()].map(({ order }) => order.clientOrderId),
    }),
  );

const histories = fc.array(step, { maxLength: 60, size: 'max' });

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
