import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ZERO } from '../../src/core/index.ts';
import type { AccountView, Book, OrderView } from '../../src/trading/index.ts';
import { ONE } from '../trading/builders.ts';
import { histories, newBook, run } from '../trading/book-steps.ts';

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
  test.prop([histories], { numRuns: 1_000 })(
    'equals everything added up anew, after every step of every history',
    (steps) => {
      const book = newBook();
      const days = { now: 0 };
      for (const [serial, change] of steps.entries()) {
        run(book, change, serial, days);
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
          expect([...book.workingOn(instrumentId)]).toEqual(
            live.filter(({ order }) => order.instrument.instrumentId === instrumentId),
          );
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
      const held = (side: string) =>
        [...book.workingOn(cell.instrument.instrumentId)]
          .filter(({ order }) => order.accountId === account.accountId && order.strategyId === strategyId)
          .reduce((total, row) => total + (row.side === side ? row.leaves : 0), 0);
      expect([buy, sell]).toEqual([held('buy'), held('sell')]);
    }
    // What was adjusted moves a position without cash: but for that, the cash is what the ledger says.
    const cash = shares.reduce((total, share) => total.plus(share.cash), ZERO);
    if (cell.share('adjustment') === undefined) {
      expect(cash.toFixed()).toBe(cell.realised.minus(cell.cost).minus(cell.fees).toFixed());
    }
  }
}
