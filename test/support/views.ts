import { ZERO, lots, ticks, units } from '../../src/core/index.ts';
import type { ExecutionView } from '../../src/execution/index.ts';
import type { RiskView } from '../../src/risk/index.ts';
import type { AccountView, CellView, Instrument, Level, MarketView } from '../../src/trading/index.ts';

/** Whole currency in the millionths that limits and exposures are kept in. */
export const money = (amount: number) => units(amount * 1_000_000);

export const levels = (
  ...levels: readonly (readonly [price: number, quantity: number])[]
): readonly Level[] => levels.map(([price, quantity]) => ({ price: ticks(price), quantity: lots(quantity) }));

/** A good view of GOLD: 99 x 101, 50 lots on each side, 1,000 traded in the last minute, received at 0. */
export const marketOf = (overrides: Partial<MarketView> = {}): MarketView => ({
  instrumentId: 'GOLD',
  bids: levels([99, 50]),
  asks: levels([101, 50]),
  mark: ticks(100),
  recentVolume: lots(1_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: 0,
  receivedMs: 0,
  problems: [],
  ...overrides,
});

/** A good view around a mark. */
export const quotedAt = (mark: number, overrides: Partial<MarketView> = {}): MarketView =>
  marketOf({ bids: levels([mark - 1, 50]), asks: levels([mark + 1, 50]), mark: ticks(mark), ...overrides });

export interface CellOverrides {
  readonly pos?: number;
  readonly buy?: number;
  readonly sell?: number;
  readonly worst?: number;
}

export const cellOf = (
  instrument: Instrument,
  { pos = 0, buy = 0, sell = 0, worst = 0 }: CellOverrides,
): CellView => ({
  instrument,
  pos: lots(pos),
  buy: lots(buy),
  sell: lots(sell),
  worst: money(worst),
  value: money(0),
  cost: ZERO,
  realised: ZERO,
  fees: ZERO,
  margin: money(0),
  funding: ZERO,
  dust: ZERO,
  share: () => undefined,
  shares: () => [],
});

/** A flat account without history. */
export function accountOf(
  overrides: Partial<AccountView> & {
    readonly held?: readonly CellView[];
    readonly oldestMarkMs?: number;
  } = {},
): AccountView {
  const { held = [], oldestMarkMs = 0, ...rest } = overrides;
  return {
    accountId: 'acc',
    currency: 'USDT',
    cash: ZERO,
    fees: ZERO,
    flows: ZERO,
    adjusted: ZERO,
    gross: units(held.reduce((sum, { worst }) => sum + worst, 0)),
    count: 0,
    cellCount: held.length,
    equity: money(0),
    dayOpen: money(0),
    dayPnl: money(0),
    highWater: money(0),
    drawdownFraction: 0,
    oldestMarkAgeMs: (monotonicMs) => monotonicMs - oldestMarkMs,
    margin: money(0),
    claimed: money(0),
    freeCash: money(0),
    capital: money(0),
    strategyPnl: () => money(0),
    strategyDayPnl: () => money(0),
    strategies: () => [],
    currencies: () => [],
    feesPaid: () => [],
    inOwnCurrency: (_, amount) => amount,
    rateMonotonicMs: () => -Infinity,
    cell: (instrumentId) => held.find((cell) => cell.instrument.instrumentId === instrumentId),
    cells: () => held,
    ...rest,
  };
}

/** What a gate of the guard sees of an entry of 10 lots at a mark of 100, everything in order. */
export function riskViewOf({ account = accountOf(), ...overrides }: Partial<RiskView> = {}): RiskView {
  return {
    nowMs: 0,
    monotonicMs: 0,
    market: marketOf(),
    mark: { price: ticks(100), monotonicMs: 0 },
    account,
    row: account,
    cell: undefined,
    trading: 'active',
    qty: lots(10),
    isExit: false,
    worstBefore: money(0),
    worstAfter: money(1_000),
    ...overrides,
  };
}

/** What a gate of the policy sees: a mark of 100, nothing seen, nothing spent. */
export const executionViewOf = (overrides: Partial<ExecutionView> = {}): ExecutionView => ({
  nowMs: 0,
  monotonicMs: 0,
  dayId: '2026-01-02',
  mark: ticks(100),
  seen: new Set<string>(),
  spentSlippage: units(0),
  ...overrides,
});
