import { type DecimalInput, ManualClock, decimal, lots, ticks } from '../../src/core/index.ts';
import {
  type ReserveVerdict,
  RiskGuard,
  type RiskGuardDeps,
  type RiskLimitsInput,
  type TradingState,
} from '../../src/risk/index.ts';
import { Book, type BookReader, type OrderEvent } from '../../src/trading/index.ts';
import { type PricedOverrides, pricedOf } from './orders.ts';
import { quotedAt } from './views.ts';

/** Limits that nothing in a test reaches unless it sets one. */
export const WIDE: RiskLimitsInput = {
  maxDailyLoss: '1000000',
  maxDrawdownFraction: 1,
  maxPositions: 100,
  maxPositionNotional: '1000000',
  maxTotalExposure: '1000000',
  maxClusterExposure: '1000000',
  buyingPower: 'none',
};

export interface GuardOptions {
  readonly limits?: Partial<RiskLimitsInput>;
  readonly balance?: DecimalInput;
  readonly deps?: Partial<RiskGuardDeps>;
}

/** A guard over a Book with one account, `acc`, and a mark of 100 for GOLD; the clock stands at 0. */
export function guardOf({ limits = {}, balance = '10000', deps = {} }: GuardOptions = {}) {
  const clock = new ManualClock();
  const book = new Book();
  book.openAccount('acc', 'USDT', balance);
  book.mark(quotedAt(100));
  const trading: { state: TradingState } = { state: 'active' };
  const guard = new RiskGuard(
    { ...WIDE, ...limits },
    { book, clock, killSwitch: { tradingState: () => trading.state }, ...deps },
  );
  return {
    clock,
    book,
    trading,
    guard,
    /** Reserves and keeps; throws when it is not approved as asked. Returns the client order id. */
    work(order: PricedOverrides): string {
      const verdict = guard.reserve(pricedOf(order));
      if (verdict.decision !== 'approve') throw new Error(JSON.stringify(verdict));
      verdict.reservation.keep();
      return verdict.reservation.order.clientOrderId;
    },
    /** The same, filled at once. */
    trade(order: PricedOverrides): void {
      const clientOrderId = this.work(order);
      guard.apply(filledEvent(clientOrderId, order.qty ?? 10, order.worst ?? 100));
    },
  };
}

export const filledEvent = (
  clientOrderId: string,
  quantity: number,
  price = 100,
  executionId = `${clientOrderId}-1`,
): OrderEvent => ({
  type: 'filled',
  clientOrderId,
  atMs: 0,
  fill: {
    executionId,
    quantity: lots(quantity),
    price: decimal(String(price)),
    fee: { amount: decimal('0'), currency: 'USDT' },
    liquidity: 'taker',
  },
});

/** A verdict without its reservation, to compare `reserve` with `evaluate`. */
export function withoutReservation(verdict: ReserveVerdict) {
  if (verdict.decision === 'reject') return verdict;
  const { reservation, ...rest } = verdict;
  reservation[Symbol.dispose]();
  return rest;
}

/** Everything that can be seen of a Book. A cell in which nothing ever happened counts as none. */
export const bookDigest = (book: BookReader, monotonicMs = 0): unknown => ({
  accounts: [...book.accounts()].map((account) => ({
    accountId: account.accountId,
    cash: account.cash.toFixed(),
    fees: account.fees.toFixed(),
    flows: account.flows.toFixed(),
    gross: account.gross,
    count: account.count,
    equity: account.equity,
    dayOpen: account.dayOpen,
    highWater: account.highWater,
    oldestMarkAgeMs: account.oldestMarkAgeMs(monotonicMs, -Infinity),
    cells: [...account.cells()]
      .map(({ instrument, pos, buy, sell, worst, value, cost, realised, fees }) => ({
        instrumentId: instrument.instrumentId,
        sums: [pos, buy, sell, worst, value],
        money: [cost, realised, fees].map((amount) => amount.toFixed()),
      }))
      .filter(({ sums, money }) => sums.some((sum) => sum !== 0) || money.some((amount) => amount !== '0')),
  })),
  orders: [...book.orders()].map(({ order, state, leaves, cumulative }) => ({
    clientOrderId: order.clientOrderId,
    qty: order.qty,
    state,
    leaves,
    cumulative,
  })),
  marks: ['GOLD', 'SILVER', 'WHEAT'].map((id) => book.markOf(id)?.price ?? ticks(NaN)),
});
