import { z } from 'zod';
import type { Decimal } from '../core/decimal.ts';
import { parseOptions } from '../core/options.ts';
import { type Units, unitsToDecimal } from '../core/units.ts';
import { BackgroundPublisher, type PublisherDeps } from '../events/background-publisher.ts';
import { decimalOf, numberOf } from '../events/catalogue/event-fields.ts';
import { PORTFOLIO_UPDATED, type PortfolioUpdated } from '../events/catalogue/portfolio-events.ts';
import type { AccountView } from '../trading/account-view.ts';
import type { BookReader } from '../trading/book-reader.ts';
import { type AccountStatement, type PositionStatement, statement } from './statement.ts';

const schema = z.strictObject({
  /** How often accounts are looked at, milliseconds: what has changed meanwhile is one event for each of them. */
  everyMs: z.number().min(1).default(1_000),
});

/** @interface */
export type PortfolioPublisherOptions = z.input<typeof schema>;

export interface PortfolioPublisherDeps extends PublisherDeps {
  readonly book: BookReader;
}

/**
 * Tells the bus `portfolio.updated`, until disposed: of each account of the Book that has changed, by a fill or by a mark, at most
 * once for each interval. It looks for itself, so that nobody has to tell it anything.
 */
export class PortfolioPublisher implements Disposable {
  readonly #deps: PortfolioPublisherDeps;
  readonly #publisher: BackgroundPublisher;
  readonly #looking: Disposable;
  /** What was published last, by account. */
  readonly #told = new Map<string, string>();

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has another metric of the name */
  constructor(options: PortfolioPublisherOptions, deps: PortfolioPublisherDeps) {
    const { everyMs } = parseOptions('PortfolioPublisher', schema, options);
    this.#deps = deps;
    this.#publisher = new BackgroundPublisher('portfolio', deps);
    this.#looking = deps.clock.every(everyMs, () => {
      this.check();
    });
  }

  /** Looks now. */
  check(): void {
    for (const account of this.#deps.book.accounts()) this.#look(account);
  }

  /** Looks for the last time. */
  [Symbol.dispose](): void {
    this.#looking[Symbol.dispose]();
    this.check();
  }

  #look(account: AccountView): void {
    const found = statement(this.#deps.book, account.accountId);
    if (found === undefined) return;
    const data = portfolioOf(account, found);
    const text = JSON.stringify(data);
    if (this.#told.get(account.accountId) === text) return;
    this.#told.set(account.accountId, text);
    this.#publisher.publish(PORTFOLIO_UPDATED, () => data);
  }
}

function portfolioOf(
  { dayPnl, highWater, drawdownFraction }: AccountView,
  of: AccountStatement,
): PortfolioUpdated {
  return {
    accountId: of.accountId,
    currency: of.currency,
    equity: maybe(of.equity),
    unrealised: maybe(of.unrealised),
    realised: decimalOf(of.realised),
    fees: decimalOf(of.fees),
    funding: decimalOf(of.funding),
    dayPnl: money(dayPnl),
    highWater: money(highWater),
    drawdownFraction: numberOf(drawdownFraction),
    cash: of.currencies.map(({ currency, cash }) => ({ currency, amount: decimalOf(cash) })),
    positions: of.positions.map(positionOf),
  };
}

const positionOf = (of: PositionStatement): PortfolioUpdated['positions'][number] => ({
  instrumentId: of.instrumentId,
  quantity: of.quantity,
  quote: of.quote,
  averagePrice: maybe(of.averagePrice),
  mark: of.mark,
  value: maybe(of.value),
  unrealised: maybe(of.unrealised),
  realised: decimalOf(of.realised),
  fees: decimalOf(of.fees),
  funding: decimalOf(of.funding),
});

const maybe = (amount: Decimal | undefined): string | undefined => amount && decimalOf(amount);

/** Unknown while it is NaN, and beyond what can be counted. */
const money = (amount: Units): string | undefined =>
  Number.isSafeInteger(amount) ? decimalOf(unitsToDecimal(amount)) : undefined;
