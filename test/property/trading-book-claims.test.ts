import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { type Decimal, ZERO, decimal } from '../../src/core/index.ts';
import type { AccountView, Book, OrderView, Side } from '../../src/trading/index.ts';
import { ONE } from '../trading/builders.ts';
import { type Step, histories, newBook, run } from '../trading/book-steps.ts';
import { runs } from '../support/runs.ts';

const TOP = BigInt(Number.MAX_SAFE_INTEGER);

/** What an order may still cost, worked out anew: the worst of all prices that are in its snapshot. */
function claimOf(book: Book, { order, leaves, amendment }: OrderView): bigint {
  if (order.side === 'sell') return 0n;
  const saved = [...book.snapshot().orders].find((one) => one.order.clientOrderId === order.clientOrderId);
  const prices = [order.worst, amendment?.worst ?? 0, saved?.formerWorst ?? 0];
  return BigInt(leaves) * BigInt(Math.max(...prices)) * BigInt(ONE);
}

/** As numbers of the Book: NaN when a part is beyond what can be counted, and something beyond when the sum is. */
function expectSum(found: number | undefined, parts: readonly bigint[]): void {
  const sum = parts.reduce((total, part) => total + part, 0n);
  if (parts.some((part) => part > TOP)) expect(found).toBeNaN();
  else if (sum > TOP) expect(found).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  else expect(found).toBe(Number(sum));
}

const ceil = (account: AccountView): bigint[] =>
  [...account.cells()].map(({ cost }) => BigInt(cost.abs().times(String(ONE)).round(0, 3).toFixed()));

describe('what the Book keeps for strategies and for buying power', () => {
  test.prop([histories], runs(1_000))(
    'equals everything added up anew, after every step of every history',
    (steps) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of steps.entries()) {
        const moved = shareMove(book, change);
        run(book, change, serial, days);
        moved?.();
        const live = [...book.liveOrders()];
        for (const account of book.accounts()) {
          const claims = live
            .filter(({ order }) => order.accountId === account.accountId)
            .map((row) => claimOf(book, row));
          expectSum(account.claimed, claims);
          const claimed = claims.reduce((sum, one) => sum + one, 0n);
          if (claimed <= TOP) {
            expect(account.capital).toBe(Number(ceil(account).reduce((sum, one) => sum + one, claimed)));
            const cash = BigInt(account.cash.times(String(ONE)).round(0, 0).toFixed());
            const free = cash - claimed;
            expect(account.freeCash).toBe(free >= -TOP && free <= TOP ? Number(free) : NaN);
          } else {
            expect(account.freeCash).toBeNaN();
          }
          expectShares(book, account);
        }
        for (const instrumentId of ['GOLD', 'SILVER']) {
          for (const side of ['buy', 'sell'] as const) {
            expect([...book.workingOn(instrumentId, side)]).toEqual(
              live.filter(
                ({ order }) => order.instrument.instrumentId === instrumentId && order.side === side,
              ),
            );
          }
        }
      }
    },
  );
});

/** The shares of a cell add up to it, and each holds what its orders hold. */
function expectShares(book: Book, account: AccountView): void {
  for (const cell of account.cells()) {
    const shares = [...cell.shares()];
    const sum = (of: 'pos' | 'buy' | 'sell') => shares.reduce((total, share) => total + share[of], 0);
    expect([sum('pos'), sum('buy'), sum('sell')]).toEqual([cell.pos, cell.buy, cell.sell]);
    for (const { strategyId, buy, sell } of shares) {
      const held = (side: Side) =>
        [...book.workingOn(cell.instrument.instrumentId, side)]
          .filter(({ order }) => order.accountId === account.accountId && order.strategyId === strategyId)
          .reduce((total, row) => total + row.leaves, 0);
      expect([buy, sell]).toEqual([held('buy'), held('sell')]);
    }
    // What was adjusted moves a position without cash: but for that, the cash is what the ledger says.
    const cash = shares.reduce((total, share) => total.plus(share.cash), ZERO);
    if (cell.share('adjustment') === undefined) {
      expect(cash.toFixed()).toBe(cell.realised.minus(cell.cost).minus(cell.fees).toFixed());
    }
  }
}

/**
 * Moves the shares lot by lot as they should move, and compares them with those of the Book once it has taken the step.
 */
function shareMove(book: Book, change: Step): (() => void) | undefined {
  const made = moverOf(book, change);
  const cell = made && book.account(made.accountId)?.cell(made.instrumentId);
  if (made === undefined || cell === undefined) return undefined;
  const { accountId, instrumentId, strategyId, price } = made;
  const held = (): Map<string, { pos: number; cash: Decimal }> =>
    new Map(
      Array.from(book.account(accountId)?.cell(instrumentId)?.shares() ?? [], (share) => [
        share.strategyId,
        { pos: share.pos, cash: share.cash },
      ]),
    );
  const [before, was] = [held(), cell.pos];
  const order = [...before]
    .filter(([, { pos }]) => Math.sign(pos) === Math.sign(was))
    .sort(([a, { pos: x }], [b, { pos: y }]) => Math.abs(y) - Math.abs(x) || (a < b ? -1 : 1))
    .map(([id]) => id);
  const own = order.filter((id) => id === strategyId);
  const queue = [...own, ...order.filter((id) => id !== strategyId)];
  return () => {
    const after = held();
    const sign = Math.sign(cell.pos - was);
    let pos: number = was;
    const isReserved = ['flatten', 'external', 'adjustment'].includes(strategyId);
    for (; pos !== cell.pos; pos += sign) {
      const reduces = isReserved && pos !== 0 && Math.sign(pos) !== sign;
      const id = reduces ? queue.find((one) => before.get(one)?.pos !== 0) : strategyId;
      if (id === undefined) throw new Error('nobody holds it');
      const share = before.get(id) ?? { pos: 0, cash: ZERO };
      before.set(id, { pos: share.pos + sign, cash: share.cash.minus(price.times(String(sign))) });
    }
    for (const [id, { pos: expected, cash }] of before) {
      expect([id, after.get(id)?.pos ?? 0]).toEqual([id, expected]);
      // Fees, and what was not paid at all, are that of who traded.
      if (id !== strategyId)
        expect([id, (after.get(id)?.cash ?? ZERO).toFixed()]).toEqual([id, cash.toFixed()]);
    }
  };
}

function moverOf(book: Book, change: Step) {
  switch (change.do) {
    case 'fill': {
      const rows = [...book.orders()];
      const order = rows[change.pick % Math.max(1, rows.length)]?.order;
      if (order === undefined) return undefined;
      const { accountId, strategyId, instrument } = order;
      return { accountId, strategyId, instrumentId: instrument.instrumentId, price: decimal('100.5') };
    }
    case 'external': {
      const { accountId, instrument } = change;
      const { instrumentId } = instrument;
      return { accountId, strategyId: 'external', instrumentId, price: decimal('99.5') };
    }
    case 'adjust': {
      const { accountId, instrument } = change;
      const { instrumentId } = instrument;
      return { accountId, strategyId: 'adjustment', instrumentId, price: decimal('101.25') };
    }
    default:
      return undefined;
  }
}
