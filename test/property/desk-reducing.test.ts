import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ordersToCancel } from '../../src/desk/cancel.ts';
import { FIRM, type Scope } from '../../src/risk/index.ts';
import { Book, type OrderView, type Side, isOpen } from '../../src/trading/index.ts';
import { GOLD, SILVER, bookedOf, eventOf, fillOf } from '../trading/builders.ts';

/*
 * Order-by-order rules for a trip to reducing are easy to get wrong: keeping all, or the reducing side, lets positions flip.
 * Books of any shape, also of shapes that no desk would let come about: positions on both sides of zero, orders on both
 * sides, sums beyond the position.
 */

const orders = fc.array(
  fc.record({
    accountId: fc.constantFrom('acc', 'other'),
    strategyId: fc.constantFrom('s1', 's2'),
    instrument: fc.constantFrom(GOLD, SILVER),
    side: fc.constantFrom<Side>('buy', 'sell'),
    quantity: fc.integer({ min: 1, max: 12 }),
    filled: fc.integer({ min: 0, max: 4 }),
    /** What happened to it before the trip. */
    then: fc.constantFrom('accepted', 'timedOut', 'cancelled', 'cancelRequested', undefined),
  }),
  { maxLength: 12 },
);
const positions = fc.record({
  GOLD: fc.integer({ min: -15, max: 15 }),
  SILVER: fc.integer({ min: -15, max: 15 }),
});
const scopes = fc.constantFrom<Scope>(
  FIRM,
  { kind: 'strategy', id: 's1' },
  { kind: 'account', id: 'acc' },
  { kind: 'instrument', id: 'GOLD' },
);

type Wish = typeof orders extends fc.Arbitrary<(infer O)[]> ? O : never;

function bookOf(start: Readonly<Record<string, number>>, wishes: readonly Wish[]): Book {
  const book = new Book();
  let fills = 0;
  const place = (id: string, side: Side, qty: number, rest: object): void => {
    const order = bookedOf(id, side, qty, rest);
    book.hold(order);
    book.keep(order);
  };
  for (const accountId of ['acc', 'other']) {
    book.openAccount(accountId, 'USDT', '100000');
    for (const instrument of [GOLD, SILVER]) {
      const position = start[instrument.instrumentId] ?? 0;
      if (position === 0) continue;
      const id = `${accountId} ${instrument.instrumentId}`;
      place(id, position > 0 ? 'buy' : 'sell', Math.abs(position), { accountId, instrument });
      book.apply(eventOf('filled', id, { fill: fillOf(`f${(fills += 1)}`, Math.abs(position)) }));
    }
  }
  for (const [at, { side, quantity, filled, then, ...rest }] of wishes.entries()) {
    const id = String(at);
    place(id, side, quantity, rest);
    if (filled > 0 && filled < quantity)
      book.apply(eventOf('filled', id, { fill: fillOf(`f${(fills += 1)}`, filled) }));
    if (then !== undefined) book.apply(eventOf(then, id));
  }
  return book;
}

const cellOf = ({ order }: OrderView): string => `${order.accountId} ${order.instrument.instrumentId}`;
const positionOf = (book: Book, { order }: OrderView): number =>
  book.cell(order.accountId, order.instrument.instrumentId)?.pos ?? 0;
const reduces = (book: Book, row: OrderView): boolean =>
  row.side === 'sell' ? positionOf(book, row) > 0 : positionOf(book, row) < 0;

describe('what a trip to reducing leaves working', () => {
  test.prop([positions, orders, scopes, fc.infiniteStream(fc.nat())], { numRuns: 1_000 })(
    'lets positions only shrink, whatever of it fills and in whatever order',
    (start, wishes, scope, whim) => {
      const book = bookOf(start, wishes);
      const gone = new Set(ordersToCancel(book, scope, 'not-reducing', 'venue'));
      const kept: OrderView[] = [];
      /** What the trip could not cancel, and reduces: it may fill before or after what was kept. */
      const beyond: OrderView[] = [];
      for (const row of book.orders()) {
        const { order, state } = row;
        const inside =
          scope.kind === 'firm' ||
          [order.accountId, order.strategyId, order.instrument.instrumentId].includes(scope.id);
        if (inside && isOpen(state)) {
          if (!gone.has(order.clientOrderId)) kept.push(row);
        } else if (row.leaves > 0 && reduces(book, row)) beyond.push(row);
      }
      for (const row of kept) expect(reduces(book, row)).toBe(true);

      const position = new Map(kept.map((row) => [cellOf(row), positionOf(book, row)]));
      const working = kept.map((row): { row: OrderView; left: number } => ({ row, left: row.leaves }));
      const whims = whim[Symbol.iterator]();
      const next = (max: number): number => (whims.next().value as number) % max;
      while (working.length > 0) {
        const [order] = working.splice(next(working.length), 1);
        if (order === undefined || order.left === 0) continue;
        const quantity = 1 + next(order.left);
        order.left -= quantity;
        working.push(order);
        const cell = cellOf(order.row);
        const before = position.get(cell) ?? 0;
        const after = before + (order.row.side === 'buy' ? quantity : -quantity);
        position.set(cell, after);
        expect(Math.abs(after)).toBeLessThan(Math.abs(before));
        expect(after * before).toBeGreaterThanOrEqual(0);
      }
      // What fits into the position without them still fits behind those that were kept.
      for (const row of kept) {
        const others = beyond.filter((other) => cellOf(other) === cellOf(row));
        const leaves = others.reduce((sum, other) => sum + other.leaves, 0);
        if (leaves <= Math.abs(positionOf(book, row)))
          expect(leaves).toBeLessThanOrEqual(Math.abs(position.get(cellOf(row)) ?? 0));
      }
    },
  );

  test.prop([positions, orders, scopes], { numRuns: 500 })(
    'a trip to halted leaves nothing, and cancels nothing twice',
    (start, wishes, scope) => {
      const book = bookOf(start, wishes);
      const all = ordersToCancel(book, scope, 'all', 'venue');
      expect(new Set(all).size).toBe(all.length);
      const some = ordersToCancel(book, scope, 'not-reducing', 'venue');
      expect(all).toEqual(expect.arrayContaining([...some]));
      for (const id of all) expect(isOpen(book.order(id)?.state ?? 'filled')).toBe(true);
    },
  );
});
