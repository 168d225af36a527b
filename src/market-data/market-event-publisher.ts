import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { toText } from '../core/increment.ts';
import { parseOptions } from '../core/options.ts';
import { BackgroundPublisher, type PublisherDeps } from '../events/background-publisher.ts';
import {
  BAR_CLOSED,
  QUOTE_UPDATED,
  type QuoteUpdated,
  TRADE_PRINTED,
} from '../events/catalogue/market-events.ts';
import { ChangeInterval } from '../events/change-interval.ts';
import { eventId } from '../events/event-id.ts';
import type { Bar } from '../trading/bar.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { PublicTrade } from '../trading/market-event.ts';
import { type Level, type MarketView, isGood } from '../trading/market-view.ts';

const schema = z.strictObject({
  /** At most one quote of an instrument for each interval, milliseconds: the last. */
  everyMs: z.number().min(1).default(250),
  /**
   * Prices that stay the same are told again once the market has confirmed them this much later, milliseconds: whoever denies orders
   * on data of some age must hear that a quiet market is still there. Default: not told again.
   */
  refreshMs: z.number().min(1).optional(),
});

/** @interface */
export type MarketEventPublisherOptions = z.input<typeof schema>;

export interface MarketEventPublisherDeps extends PublisherDeps {
  /** For the grids of prices and quantities. What is told of others is not published, and counted. */
  readonly instruments: readonly Instrument[];
}

/** Tells the bus `market.quote-updated`, `market.bar-closed` and `market.trade-printed`: of what it is given, until disposed. */
export class MarketEventPublisher implements Disposable {
  readonly #publisher: BackgroundPublisher;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #interval: ChangeInterval;
  readonly #views = new Map<string, MarketView>();
  readonly #refreshMs: number;
  /** What was published last, and when that was received. */
  readonly #told = new Map<string, { readonly prices: string; readonly receivedMs: number }>();

  /** @throws {PortcullisError} `OPTION_INVALID`; `METRIC_CONFLICT` when the registry has another metric of the name */
  constructor(options: MarketEventPublisherOptions, deps: MarketEventPublisherDeps) {
    const { everyMs, refreshMs = Infinity } = parseOptions('MarketEventPublisher', schema, options);
    this.#refreshMs = refreshMs;
    this.#publisher = new BackgroundPublisher('market-data', deps);
    this.#instruments = new Map(deps.instruments.map((one) => [one.instrumentId, one]));
    this.#interval = new ChangeInterval({ everyMs, firstAtOnce: false }, deps.clock, (instrumentId) => {
      this.#tell(instrumentId);
    });
  }

  /** The market of an instrument now. At the end of the interval its best prices are told, if they are others than before or due again. */
  quote(view: MarketView): void {
    this.#views.set(view.instrumentId, view);
    this.#interval.changed(view.instrumentId);
  }

  /** A bar that is over. Told again it is a duplicate. */
  bar(bar: Bar): void {
    const { instrumentId, openMs, closeMs, open, high, low, close, volume, trades } = bar;
    this.#publisher.publish(
      BAR_CLOSED,
      () => ({ instrumentId, openMs, closeMs, open, high, low, close, volume, trades }),
      { id: eventId('bar', instrumentId, openMs, closeMs), atMs: closeMs },
    );
  }

  /** A trade at the venue, told one by one. Told again it is a duplicate. */
  trade({ instrumentId, tradeId, aggressor, receivedMs, exchangeMs, ...trade }: PublicTrade): void {
    this.#publisher.publish(
      TRADE_PRINTED,
      () => ({
        ...{ instrumentId, tradeId: String(tradeId), aggressor, receivedMs, exchangeMs },
        ...this.#text(instrumentId, trade),
      }),
      { id: eventId('trade', instrumentId, tradeId), atMs: exchangeMs ?? receivedMs },
    );
  }

  [Symbol.dispose](): void {
    this.#interval[Symbol.dispose]();
  }

  #tell(instrumentId: string): void {
    const view = this.#views.get(instrumentId);
    // Until there is a price there is nothing to tell.
    if (view === undefined || view.receivedMs === -Infinity) return;
    const { bids, asks, mark, receivedMs } = view;
    const prices = JSON.stringify([bids[0], asks[0], isGood(view)]);
    const told = this.#told.get(instrumentId);
    // By either direction: a wall clock that was set back must not silence it.
    if (told?.prices === prices && Math.abs(receivedMs - told.receivedMs) < this.#refreshMs) return;
    this.#told.set(instrumentId, { prices, receivedMs });
    this.#publisher.publish(
      QUOTE_UPDATED,
      (): QuoteUpdated => ({
        ...{ instrumentId, receivedMs, exchangeMs: view.exchangeMs, isGood: isGood(view) },
        bid: bids[0] && this.#text(instrumentId, bids[0]),
        ask: asks[0] && this.#text(instrumentId, asks[0]),
        mark: mark > 0 ? toText(mark, this.#of(instrumentId).grid.tick) : undefined,
      }),
      { atMs: receivedMs },
    );
  }

  #text(instrumentId: string, { price, quantity }: Level): { price: string; quantity: string } {
    const { tick, step } = this.#of(instrumentId).grid;
    return { price: toText(price, tick), quantity: toText(quantity, step) };
  }

  #of(instrumentId: string): Instrument {
    const instrument = this.#instruments.get(instrumentId);
    if (instrument !== undefined) return instrument;
    throw new PortcullisError(
      'INPUT_INVALID',
      `MarketEventPublisher: ${instrumentId} is not among its instruments`,
    );
  }
}
