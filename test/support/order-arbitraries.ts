import { fc } from '@fast-check/vitest';
import { ManualClock, ticks } from '../../src/core/index.ts';
import { type Clusters, type RiskLimitsInput, RiskGuard } from '../../src/risk/index.ts';
import { Book } from '../../src/trading/index.ts';
import { WIDE } from './guard.ts';
import { OrderHistory, type Step } from './order-history.ts';
import { type PricedOverrides, instrumentOf } from './orders.ts';
import { quotedAt } from './views.ts';

/** A lot is worth about a thousandth of the currency at these marks; GOLD's money has to be rounded. */
const GOLD = instrumentOf({ instrumentId: 'GOLD', tick: '0.01', step: '0.00007' });
const SILVER = instrumentOf({ instrumentId: 'SILVER', tick: '0.01', step: '0.001' });
const WHEAT = instrumentOf({ instrumentId: 'WHEAT', tick: '0.0001', step: '0.1' });
export const INSTRUMENTS = [GOLD, SILVER, WHEAT];
export const ACCOUNTS = ['acc', 'other'];
const MARKS = [1_733, 101, 97];

/** Metals move together. */
export const METALS: Clusters = { correlated: (a, b) => a !== 'WHEAT' && b !== 'WHEAT' };

const instruments = fc.constantFrom(...INSTRUMENTS);
const quantities = fc.integer({ min: 1, max: 3_000 });

const common = {
  accountId: fc.constantFrom('acc', 'acc', 'other'),
  instrument: instruments,
  qty: quantities,
  /** Plays no part in exposure. */
  worst: fc.integer({ min: 1, max: 3_000 }),
};
const buys = fc.record({ ...common, side: fc.constant('buy' as const) });
const sells = fc.record({ ...common, side: fc.constant('sell' as const), reduceOnly: fc.boolean() });
export const orders: fc.Arbitrary<PricedOverrides> = fc.oneof(buys, sells);

const pick = fc.nat({ max: 20 });
const reserveSteps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('reserve'),
  order: orders,
  keep: fc.constantFrom<boolean | 'later'>(true, true, false, 'later'),
});
export const otherSteps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('trade'), pick, amount: quantities }),
  fc.record({ kind: fc.constantFrom('fill', 'fill', 'report', 'report-again'), pick }),
  fc.record({
    kind: fc.constantFrom(
      'keep',
      'drop',
      'accept',
      'time-out',
      'cancel',
      'cancel-unclear',
      'reject',
      'look-up',
    ),
    pick,
  }),
);
export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: reserveSteps },
  { weight: 3, arbitrary: otherSteps },
);

const money = (most: number) =>
  fc.integer({ min: 0, max: most * 100 }).map((cents) => (cents / 100).toFixed(2));

/** Limits that random orders run into; loss and drawdown stay wide, so that there is something to run into. */
export const exposureLimits: fc.Arbitrary<RiskLimitsInput> = fc
  .record({
    maxPositions: fc.integer({ min: 0, max: 3 }),
    maxPositionNotional: money(8),
    maxTotalExposure: money(16),
    maxClusterExposure: money(12),
  })
  .map((limits) => ({ ...WIDE, ...limits }));

/** A Book with two accounts and marks for everything, and a clock that stands at 0. */
export function market() {
  const clock = new ManualClock();
  const book = new Book();
  for (const accountId of ACCOUNTS) book.openAccount(accountId, 'USDT', '1000');
  for (const [index, { instrumentId }] of INSTRUMENTS.entries()) {
    book.mark(quotedAt(MARKS[index] ?? NaN, { instrumentId }));
  }
  const guardOf = (limits: RiskLimitsInput, deps: { readonly gates?: RiskGuardGates } = {}) =>
    new RiskGuard(limits, {
      book,
      clock,
      clusters: METALS,
      killSwitch: { tradingState: () => 'active' },
      ...deps,
    });
  return { clock, book, guardOf };
}
type RiskGuardGates = NonNullable<ConstructorParameters<typeof RiskGuard>[1]['gates']>;

/** The same after some history under wide limits. */
export function marketAfter(history: readonly Step[]) {
  const setup = market();
  const past = new OrderHistory(setup.guardOf(WIDE));
  for (const step of history) past.run(step);
  return setup;
}

/** Money for lots at a tick, in millionths, rounded up: an arithmetic of its own, in whole numbers. */
const MICRO_PER_LOT_TICK: Readonly<Record<string, readonly [numerator: bigint, denominator: bigint]>> = {
  GOLD: [7n, 10n],
  SILVER: [10n, 1n],
  WHEAT: [10n, 1n],
};
export function exposure(instrumentId: string, quantity: number, mark: number): number {
  const [numerator, denominator] = MICRO_PER_LOT_TICK[instrumentId] ?? [NaN as never, 1n];
  const product = BigInt(quantity) * BigInt(mark) * numerator;
  return Number((product + denominator - 1n) / denominator);
}

export const markPrice = (book: Book, instrumentId: string): number =>
  book.markOf(instrumentId)?.price ?? ticks(NaN);
