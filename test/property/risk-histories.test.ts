import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import type { RiskGuard } from '../../src/risk/index.ts';
import type { Book } from '../../src/trading/index.ts';
import { WIDE } from '../support/guard.ts';
import {
  ACCOUNTS,
  INSTRUMENTS,
  METALS,
  exposure,
  exposureLimits,
  market,
  markPrice,
  orders,
  otherSteps,
  steps,
} from '../support/order-arbitraries.ts';
import { type Lots3, OrderHistory, type Step } from '../support/order-history.ts';
import { quotedAt } from '../support/views.ts';
import { runs } from '../support/runs.ts';

const RUNS = runs(1_000);
const histories = fc.array(steps, { minLength: 1, maxLength: 60, size: 'max' });

const most = ({ pos, buy, sell }: Lots3): number => Math.max(Math.abs(pos + buy), Math.abs(pos - sell));

/** Exposures of an account, computed anew from what the venue said. */
function bruteForce(history: OrderHistory, book: Book, accountId: string) {
  const cells = INSTRUMENTS.map(({ instrumentId }) => {
    const held = history.held(accountId, instrumentId);
    const worst = exposure(instrumentId, most(held), markPrice(book, instrumentId));
    return { instrumentId, held, worst };
  });
  const total = (those: readonly { readonly worst: number }[]): number =>
    those.reduce((sum, { worst }) => sum + worst, 0);
  return {
    cells,
    gross: total(cells),
    metals: total(cells.filter(({ instrumentId }) => METALS.correlated('GOLD', instrumentId))),
    wheat: total(cells.filter(({ instrumentId }) => instrumentId === 'WHEAT')),
    count: cells.filter(({ held }) => held.pos !== 0 || held.buy > 0 || held.sell > 0).length,
  };
}

function expectBookToAgree(history: OrderHistory, book: Book): void {
  for (const accountId of ACCOUNTS) {
    const { cells, gross, count } = bruteForce(history, book, accountId);
    const account = book.account(accountId);
    expect([account?.gross, account?.count]).toEqual([gross, count]);
    for (const { instrumentId, held, worst } of cells) {
      const { pos = 0, buy = 0, sell = 0, worst: booked = 0 } = book.cell(accountId, instrumentId) ?? {};
      expect({ pos, buy, sell, worst: booked }).toEqual({ ...held, worst });
    }
  }
}

/** Whatever the venue still does, it stays within what is held; and nothing can become short. */
function expectHoldsToCover(history: OrderHistory): void {
  for (const accountId of ACCOUNTS) {
    for (const { instrumentId } of INSTRUMENTS) {
      const held = history.held(accountId, instrumentId);
      const truth = history.truth(accountId, instrumentId);
      expect(truth.pos + truth.buy).toBeLessThanOrEqual(held.pos + held.buy);
      expect(truth.pos - truth.sell).toBeGreaterThanOrEqual(held.pos - held.sell);
      expect(held.pos - held.sell).toBeGreaterThanOrEqual(0);
    }
  }
}

function expectLimitsToHold(history: OrderHistory, book: Book, { limits }: RiskGuard): void {
  for (const accountId of ACCOUNTS) {
    const { cells, gross, metals, wheat, count } = bruteForce(history, book, accountId);
    expect(gross).toBeLessThanOrEqual(limits.maxTotalExposure);
    expect(Math.max(metals, wheat)).toBeLessThanOrEqual(limits.maxClusterExposure);
    expect(Math.max(...cells.map(({ worst }) => worst))).toBeLessThanOrEqual(limits.maxPositionNotional);
    expect(count).toBeLessThanOrEqual(limits.maxPositions);
  }
}

describe('any history of reservations, trades, late and repeated reports', () => {
  test.prop([histories], RUNS)('the sums of the Book are those of a computation from nothing', (history) => {
    const { book, guardOf } = market();
    const run = new OrderHistory(guardOf(WIDE));
    for (const step of history) {
      run.run(step);
      expectBookToAgree(run, book);
    }
  });

  test.prop([exposureLimits, histories], RUNS)(
    'at frozen marks every limit holds after every step',
    (limits, history) => {
      const { book, guardOf } = market();
      const guard = guardOf(limits);
      const run = new OrderHistory(guard);
      for (const step of history) {
        run.run(step);
        expectLimitsToHold(run, book, guard);
      }
    },
  );

  test.prop([histories], RUNS)(
    'what is held covers all that the venue may still do, and no exit flips',
    (history) => {
      const { guardOf } = market();
      const run = new OrderHistory(guardOf(WIDE));
      for (const step of history) {
        run.run(step);
        expectHoldsToCover(run);
      }
    },
  );

  test.prop([histories], RUNS)('no hold outlives its order', (history) => {
    const { book, guardOf } = market();
    const run = new OrderHistory(guardOf(WIDE));
    for (const step of history) run.run(step);
    run.finish();
    for (const accountId of ACCOUNTS) {
      for (const { instrumentId } of INSTRUMENTS) {
        const { pos = 0, buy = 0, sell = 0 } = book.cell(accountId, instrumentId) ?? {};
        expect({ pos, buy, sell }).toEqual({ pos: run.truth(accountId, instrumentId).pos, buy: 0, sell: 0 });
      }
    }
  });

  test.prop([histories, otherSteps], RUNS)(
    'only a reservation makes the worst case larger',
    (history, step) => {
      const { guardOf } = market();
      const run = new OrderHistory(guardOf(WIDE));
      for (const earlier of history) run.run(earlier);
      const worst = () =>
        ACCOUNTS.flatMap((accountId) =>
          INSTRUMENTS.map(({ instrumentId }) => most(run.held(accountId, instrumentId))),
        );
      const before = worst();
      run.run(step);
      expect(worst().every((now, index) => now <= (before[index] ?? NaN))).toBe(true);
    },
  );
});

type Move = { readonly kind: 'mark'; readonly of: number; readonly price: number };
const moves: fc.Arbitrary<Move> = fc.record({
  kind: fc.constant('mark'),
  of: fc.nat({ max: INSTRUMENTS.length - 1 }),
  price: fc.integer({ min: 2, max: 4_000 }),
});
const moving: fc.Arbitrary<readonly (Step | Move)[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: steps }, { weight: 1, arbitrary: moves }),
  { minLength: 1, maxLength: 60, size: 'max' },
);

describe('any history at moving marks', () => {
  test.prop([exposureLimits, moving], RUNS)(
    'no entry makes an exposure larger than its limit',
    (limits, history) => {
      const { book, guardOf } = market();
      const guard = guardOf(limits);
      const run = new OrderHistory(guard);
      const measure = () =>
        ACCOUNTS.map((accountId) => {
          const { cells, gross, metals, wheat, count } = bruteForce(run, book, accountId);
          return [
            [gross, guard.limits.maxTotalExposure],
            [metals, guard.limits.maxClusterExposure],
            [wheat, guard.limits.maxClusterExposure],
            [count, guard.limits.maxPositions],
            ...cells.map(({ worst }) => [worst, guard.limits.maxPositionNotional] as const),
          ] as const;
        }).flat();
      for (const step of history) {
        if (step.kind === 'mark') {
          const { instrumentId } = INSTRUMENTS[step.of] ?? { instrumentId: '' };
          book.mark(quotedAt(step.price, { instrumentId }));
          continue;
        }
        const before = measure();
        run.run(step);
        for (const [index, [now, limit]] of measure().entries()) {
          expect(now <= limit || now <= (before[index]?.[0] ?? NaN)).toBe(true);
        }
        expectBookToAgree(run, book);
      }
    },
  );

  test.prop([fc.array(steps, { maxLength: 40, size: 'max' }), moves, orders], RUNS)(
    'an account that the market pushed over every limit can shrink',
    (history, move, order) => {
      const { book, guardOf } = market();
      const run = new OrderHistory(guardOf(WIDE));
      for (const step of history) run.run(step);
      const { instrumentId } = INSTRUMENTS[move.of] ?? { instrumentId: '' };
      book.mark(quotedAt(move.price, { instrumentId }));
      const strict = new OrderHistory(
        guardOf({
          maxDailyLoss: '0',
          maxDrawdownFraction: 0,
          maxPositions: 0,
          maxPositionNotional: '0',
          maxTotalExposure: '0',
          maxClusterExposure: '0',
        }),
      );
      const { accountId = '', instrument = INSTRUMENTS[0], qty = 0 } = order;
      const { pos, sell } = run.held(accountId, instrument?.instrumentId ?? '');
      const verdict = strict.run({ kind: 'reserve', order: { ...order, reduceOnly: false }, keep: false });
      const isExit = order.side === 'sell' && sell + qty <= pos;
      expect(verdict?.decision).toBe(isExit ? 'approve' : 'reject');
    },
  );
});
