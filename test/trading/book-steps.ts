import { fc } from '@fast-check/vitest';
import { decimal, lots, person, ticks } from '../../src/core/index.ts';
import { Book, type OrderEventType, type SavedBook, type Side } from '../../src/trading/index.ts';
import { GOLD, SILVER, amendmentOf, bookedOf, eventOf, fillOf, markOf } from './builders.ts';

/*
 * Random histories of a Book, in which everything that can happen to it does.
 */

const pick = fc.nat({ max: 999 });
const quantity = fc.integer({ min: 1, max: 9 });
const accountId = fc.constantFrom('acc', 'other');
const instrument = fc.constantFrom(GOLD, SILVER);
/** Few, so that executions are reported twice and shared by orders. */
const execution = fc.integer({ min: 1, max: 30 }).map((n) => `x${String(n)}`);
const side = fc.constantFrom<Side>('buy', 'sell');
const strategyId = fc.constantFrom('strat', 'other strategy', 'flatten');
/** Also such that an order costs more than can be counted. */
const worst = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 90, max: 110 }) },
  { weight: 1, arbitrary: fc.constantFrom(4_000_000_000, Number.MAX_SAFE_INTEGER) },
);
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
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      accountId,
      strategyId,
      instrument,
      side,
      quantity,
      worst,
    }),
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
      worst,
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
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export const dayOf = (day: number): string => `2026-01-${String(10 + day)}`;

export function newBook(): Book {
  const book = new Book();
  for (const id of ['acc', 'other']) book.openAccount(id, 'USDT', '100000');
  for (const { instrumentId } of [GOLD, SILVER]) book.mark(markOf(100, instrumentId));
  return book;
}

/** Does a step; the same serial and day do the same to the same Book. Returns what the Book said, or threw. */
export function run(book: Book, change: Step, serial: number, days: { now: number }): unknown {
  const pickId = (at: number): string => {
    const ids = [...book.orders()].map(({ order }) => order.clientOrderId);
    return ids[at % Math.max(1, ids.length)] ?? 'nobody';
  };
  switch (change.do) {
    case 'place': {
      const order = bookedOf(`o${String(serial)}`, change.side, change.quantity, {
        accountId: change.accountId,
        strategyId: change.strategyId,
        instrument: change.instrument,
        worst: ticks(change.worst),
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
        to: amendmentOf(Math.max(1, qty ?? 7), change.worst),
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

export const plain = (saved: SavedBook): unknown =>
  JSON.parse(JSON.stringify({ ...saved, orders: [...saved.orders] }));

/** What a Book says of everything but marks: sums, money, orders. */
export const digest = (book: Book): unknown =>
  JSON.parse(
    JSON.stringify({
      accounts: [...book.accounts()].map((account) => ({
        ...account,
        gross: String(account.gross),
        equity: String(account.equity),
        claimed: String(account.claimed),
        freeCash: String(account.freeCash),
        capital: String(account.capital),
        strategies: [...account.strategies()]
          .sort()
          .filter((id) => account.strategyDayPnl(id) !== 0)
          .map((id) => [id, account.strategyDayPnl(id)]),
        count: account.count,
        oldestMarkAgeMs: account.oldestMarkAgeMs(0, 0),
        cells: [...account.cells()].map((cell) => ({
          ...cell,
          worst: String(cell.worst),
          shares: [...cell.shares()]
            .map((share) => ({ ...share, cash: share.cash.toFixed() }))
            .sort((a, b) => (a.strategyId < b.strategyId ? -1 : 1)),
          mark: undefined,
        })),
      })),
      saved: plain(book.snapshot()),
      live: [...book.liveOrders()].map(({ order }) => order.clientOrderId),
    }),
  );

export const histories = fc.array(step, { maxLength: 60, size: 'max' });
