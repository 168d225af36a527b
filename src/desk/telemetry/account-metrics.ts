import type { Decimal } from '../../core/decimal.ts';
import { abs, neg, notional } from '../../core/units.ts';
import { statement } from '../../portfolio/statement.ts';
import type { RiskLimits } from '../../risk/risk-limits.ts';
import type { Gauge, MetricsRegistry } from '../../telemetry/index.ts';
import type { AccountView } from '../../trading/account-view.ts';
import type { BookReader } from '../../trading/book.ts';
import {
  DRAWDOWN,
  DRAWDOWN_LIMIT,
  EQUITY,
  LIMIT_USAGE,
  POSITION_NOTIONAL,
  REALIZED,
  RISK_LIMITS,
  UNREALIZED,
} from './account-vocabulary.ts';

type RiskLimit = (typeof RISK_LIMITS)[number];

export interface AccountMetricsDeps {
  readonly metrics: MetricsRegistry;
  readonly book: BookReader;
  readonly guard: { readonly limits: RiskLimits };
}

const PER_ONE = 1_000_000;

/** What accounts have and how much of their limits they use, read from the Book at each scrape. What is unknown is absent. */
export class AccountMetrics {
  readonly #venue: string;
  readonly #deps: AccountMetricsDeps;
  readonly #equity;
  readonly #realized;
  readonly #unrealized;
  readonly #drawdown;
  readonly #drawdownLimit;
  readonly #usage;
  readonly #notional;

  constructor(venue: string, deps: AccountMetricsDeps) {
    const { metrics } = deps;
    this.#venue = venue;
    this.#deps = deps;
    this.#equity = metrics.gauge(EQUITY);
    this.#realized = metrics.gauge(REALIZED);
    this.#unrealized = metrics.gauge(UNREALIZED);
    this.#drawdown = metrics.gauge(DRAWDOWN);
    this.#drawdownLimit = metrics.gauge(DRAWDOWN_LIMIT);
    this.#usage = metrics.gauge(LIMIT_USAGE);
    this.#notional = metrics.gauge(POSITION_NOTIONAL);
  }

  read(): void {
    const { limits } = this.#deps.guard;
    for (const account of this.#deps.book.accounts()) {
      this.#money(account);
      const { accountId, drawdownFraction } = account;
      show(this.#drawdown, { account: accountId }, drawdownFraction);
      this.#drawdownLimit.set({ account: accountId }, drawdownLimit(limits, accountId));
      const used = usage(account, limits);
      for (const limit of RISK_LIMITS) show(this.#usage, { limit, account: accountId }, used[limit]);
    }
    this.#positions();
  }

  #money({ accountId, currency }: AccountView): void {
    const found = statement(this.#deps.book, accountId);
    if (found === undefined) return;
    const { equity, realised, funding, fees, unrealised } = found;
    const labels = { account: accountId, currency };
    show(this.#equity, labels, toNumber(equity));
    show(this.#realized, labels, toNumber(realised.plus(funding).minus(fees)));
    show(this.#unrealized, labels, toNumber(unrealised));
  }

  #positions(): void {
    const { book } = this.#deps;
    const bySymbol = new Map<string, number>();
    for (const account of book.accounts()) {
      for (const { instrument, pos } of account.cells()) {
        const { instrumentId, grid } = instrument;
        const mark = book.markOf(instrumentId)?.price;
        const value = pos === 0 ? 0 : mark === undefined ? NaN : notional(grid, abs(pos), mark);
        bySymbol.set(instrumentId, (bySymbol.get(instrumentId) ?? 0) + value / PER_ONE);
      }
    }
    for (const [symbol, value] of bySymbol) show(this.#notional, { venue: this.#venue, symbol }, value);
  }
}

/** A gauge never shows what is not known: then the series is gone, until it is. */
function show<L extends Readonly<Record<string, string>>>(gauge: Gauge<L>, labels: L, value: number): void {
  if (Number.isFinite(value)) (gauge as Gauge<Readonly<Record<string, string>>>).set(labels, value);
  else gauge.remove(labels);
}

const toNumber = (amount: Decimal | undefined): number =>
  amount === undefined ? NaN : Number(amount.toFixed());

function drawdownLimit({ maxDrawdownFraction, scopes }: RiskLimits, accountId: string): number {
  const own = scopes
    .filter(({ scope }) => scope.kind === 'account' && scope.id === accountId)
    .map((one) => one.maxDrawdownFraction ?? Infinity);
  return Math.min(maxDrawdownFraction, ...own);
}

function usage(account: AccountView, limits: RiskLimits): Readonly<Record<RiskLimit, number>> {
  let largest = 0;
  for (const { worst } of account.cells()) largest = Math.max(largest, worst);
  return {
    'daily-loss': share(Math.max(0, neg(account.dayPnl)), limits.maxDailyLoss),
    drawdown: share(account.drawdownFraction, limits.maxDrawdownFraction),
    'position-count': share(account.count, limits.maxPositions),
    'position-size': share(largest, limits.maxPositionNotional),
    'total-exposure': share(account.gross, limits.maxTotalExposure),
  };
}

/** A limit of 0 allows exits only: all of it is used. */
const share = (used: number, limit: number): number => (limit > 0 ? used / limit : 1);
