import { toText } from 'portcullis/core';
import {
  type Instrument,
  type MarketView,
  type OrderOutcome,
  type Strategy,
  type StrategyContext,
  isOpen,
} from 'portcullis/trading';

export interface TouchTraderOptions {
  readonly id: string;
  readonly accountId: string;
  readonly instrument: Instrument;
  /** Of each order, in units of the base. */
  readonly clip: string;
  readonly everyMs: number;
  /** Orders that may work at once; the oldest goes for a new one. */
  readonly atOnce: number;
}

/** Rests an order at the bid and one at the ask in turn, and now and then takes what is there. It earns nothing. */
export class TouchTrader implements Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  readonly #options: TouchTraderOptions;
  readonly #working: string[] = [];
  #nextMs = -Infinity;
  #count = 0;

  constructor(options: TouchTraderOptions) {
    this.#options = options;
    this.id = options.id;
    this.instruments = [options.instrument.instrumentId];
  }

  onMarket(view: MarketView, ctx: StrategyContext): void {
    const { accountId, instrument, clip, everyMs } = this.#options;
    const nowMs = ctx.clock.monotonicMs();
    const [bid, ask] = [view.bids[0]?.price, view.asks[0]?.price];
    if (nowMs < this.#nextMs || bid === undefined || ask === undefined) return;
    this.#nextMs = nowMs + everyMs;
    this.#cancelOldest(ctx);
    this.#count += 1;
    const { instrumentId, grid } = instrument;
    const { pos = 0, sell = 0 } = ctx.book.cell(accountId, instrumentId) ?? {};
    const sells = this.#count % 2 === 0 && pos > sell;
    const takes = this.#count % 5 === 0;
    const limit = toText(sells === takes ? bid : ask, grid.tick);
    void ctx
      .submit({
        // Unique also over a restart.
        intentId: `${Math.floor(ctx.clock.nowMs())}-${this.#count}`,
        accountId,
        instrumentId,
        side: sells ? 'sell' : 'buy',
        quantity: clip,
        ...(sells && { reduceOnly: true }),
        price: { type: 'limit', limit, ...(takes && { timeInForce: 'IOC', postOnly: false }) },
      })
      .then((outcome: OrderOutcome) => {
        if (outcome.kind === 'accepted') this.#working.push(outcome.clientOrderId);
      });
  }

  #cancelOldest(ctx: StrategyContext): void {
    const open = this.#working.filter((id) => isOpen(ctx.book.order(id)?.state ?? 'rejected'));
    const [oldest] = open.length >= this.#options.atOnce ? open : [];
    this.#working.splice(0, Infinity, ...open);
    if (oldest !== undefined) void ctx.cancel(oldest);
  }
}
