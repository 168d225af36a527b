import { toText } from 'portcullis/core';
import { BollingerBands, Rsi } from 'portcullis/indicators';
import {
  type Bar,
  type Instrument,
  type MarketView,
  type OrderIntent,
  type OrderOutcome,
  type Strategy,
  type StrategyContext,
  isOpen,
} from 'portcullis/trading';

export interface BandReversionOptions {
  readonly id: string;
  readonly accountId: string;
  readonly instrument: Instrument;
  /** Bought at each signal, in units of the base. */
  readonly clip: string;
  /** Bars after which an entry that has not filled is cancelled. */
  readonly patienceBars: number;
}

const OVERSOLD = 40;
const FRESH_MS = 250;

/**
 * Buys below the lower Bollinger band while the RSI is low, resting at the bid; sells the lot above the middle, at once.
 * It adds to what falls and has no stop: a strategy that needs a risk guard.
 */
export class BandReversion implements Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  readonly #options: BandReversionOptions;
  readonly #bands = new BollingerBands({ period: 20, deviations: 1.5 });
  readonly #rsi = new Rsi({ period: 14 });
  #wanted: 'enter' | 'exit' | undefined;
  #entry: { id: string; bars: number } | undefined;
  #count = 0;
  #asking = 0;

  constructor(options: BandReversionOptions) {
    this.#options = options;
    this.id = options.id;
    this.instruments = [options.instrument.instrumentId];
  }

  /** Whether an order that it asked for has no outcome yet. */
  get isAsking(): boolean {
    return this.#asking > 0;
  }

  onBar(bar: Bar, ctx: StrategyContext): void {
    const { middle, lower } = this.#bands.update(bar.close);
    const rsi = this.#rsi.update(bar.close);
    this.#cancelOld(ctx);
    const { pos, sell, buy } = this.#position(ctx);
    if (bar.close > middle && pos > sell) {
      this.#wanted = 'exit';
      this.#tell(ctx, 'flat', 1, `close ${bar.close} above the middle band ${middle.toFixed(2)}`);
    } else if (bar.close < lower && rsi < OVERSOLD && buy === 0) {
      this.#wanted = 'enter';
      this.#tell(
        ctx,
        'buy',
        1 - rsi / OVERSOLD,
        `close ${bar.close} below the lower band ${lower.toFixed(2)}, RSI ${rsi.toFixed(1)}`,
      );
    }
  }

  onMarket(view: MarketView, ctx: StrategyContext): void {
    const wanted = this.#wanted;
    const bid = view.bids[0]?.price;
    if (wanted === undefined || bid === undefined) return;
    if (ctx.clock.monotonicMs() - view.receivedMonotonicMs > FRESH_MS) return; // wait for prices of now
    this.#wanted = undefined;
    const { instrument, accountId, clip } = this.#options;
    const { pos, sell } = this.#position(ctx);
    this.#count += 1;
    // Unique also over a restart, and the same in every replay.
    const intentId = `${wanted}-${Math.floor(ctx.clock.nowMs())}-${this.#count}`;
    const order = { intentId, accountId, instrumentId: instrument.instrumentId };
    const limit = toText(bid, instrument.grid.tick);
    if (wanted === 'exit') {
      const quantity = toText(pos - sell, instrument.grid.step);
      void this.#submit(ctx, {
        ...order,
        side: 'sell',
        quantity,
        reduceOnly: true,
        price: { type: 'limit', limit, timeInForce: 'IOC' },
      });
      return;
    }
    const price = { type: 'limit', limit } as const;
    void this.#submit(ctx, { ...order, side: 'buy', quantity: clip, price }).then((outcome) => {
      if (outcome.kind === 'accepted') this.#entry = { id: outcome.clientOrderId, bars: 0 };
    });
  }

  async #submit(ctx: StrategyContext, intent: Omit<OrderIntent, 'strategyId'>): Promise<OrderOutcome> {
    this.#asking += 1;
    try {
      return await ctx.submit(intent);
    } finally {
      this.#asking -= 1;
    }
  }

  #cancelOld(ctx: StrategyContext): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    entry.bars += 1;
    if (entry.bars < this.#options.patienceBars) return;
    this.#entry = undefined;
    const order = ctx.book.order(entry.id);
    if (order !== undefined && isOpen(order.state)) void ctx.cancel(entry.id);
  }

  #position(ctx: StrategyContext): { pos: number; buy: number; sell: number } {
    const { accountId, instrument } = this.#options;
    return ctx.book.cell(accountId, instrument.instrumentId) ?? { pos: 0, buy: 0, sell: 0 };
  }

  #tell(ctx: StrategyContext, direction: 'buy' | 'flat', confidence: number, reason: string): void {
    ctx.signal({
      signalId: `${this.id}-${ctx.clock.nowMs()}`,
      instrumentId: this.#options.instrument.instrumentId,
      direction,
      confidence,
      expiresAtMs: ctx.clock.nowMs() + 60_000,
      reasons: [reason],
    });
  }
}
