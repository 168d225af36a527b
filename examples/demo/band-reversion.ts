import { toText } from 'portcullis/core';
import { BollingerBands, Rsi } from 'portcullis/indicators';
import { type Bar, type MarketView, type StrategyContext } from 'portcullis/trading';
import { type InstrumentTrader } from './instrument-trader.ts';
import { type OrderClerk } from './order-clerk.ts';

export interface BandReversionOptions {
  /** Bought at each signal, in units of the base. */
  readonly clip: string;
  /** Bars after which an entry that has not filled is cancelled. */
  readonly patienceBars: number;
}

const OVERSOLD = 40;

/**
 * Buys below the lower Bollinger band while the RSI is low, resting at the bid; sells the lot above the middle, at once.
 * It adds to what falls and has no stop: a strategy that needs a risk guard.
 */
export class BandReversion implements InstrumentTrader {
  readonly instrumentId: string;
  readonly #options: BandReversionOptions;
  readonly #clerk: OrderClerk;
  readonly #bands = new BollingerBands({ period: 20, deviations: 1.5 });
  readonly #rsi = new Rsi({ period: 14 });
  #wanted: 'enter' | 'exit' | undefined;
  #entry: { id: string; bars: number } | undefined;

  constructor(options: BandReversionOptions, clerk: OrderClerk) {
    this.#options = options;
    this.#clerk = clerk;
    this.instrumentId = clerk.instrument.instrumentId;
  }

  get isAsking(): boolean {
    return this.#clerk.isAsking;
  }

  onBar(bar: Bar, ctx: StrategyContext): void {
    const { middle, lower } = this.#bands.update(bar.close);
    const rsi = this.#rsi.update(bar.close);
    this.#cancelOld(ctx);
    const { pos, sell, buy } = this.#clerk.share(ctx);
    if (bar.close > middle && pos > sell) {
      this.#wanted = 'exit';
      this.#clerk.tell(ctx, 'flat', 1, `close ${bar.close} above the middle band ${middle.toFixed(2)}`);
    } else if (bar.close < lower && rsi < OVERSOLD && buy === 0) {
      this.#wanted = 'enter';
      const reason = `close ${bar.close} below the lower band ${lower.toFixed(2)}, RSI ${rsi.toFixed(1)}`;
      this.#clerk.tell(ctx, 'buy', 1 - rsi / OVERSOLD, reason);
    }
  }

  onPrices(view: MarketView, ctx: StrategyContext): void {
    const wanted = this.#wanted;
    const bid = view.bids[0]?.price;
    if (wanted === undefined || bid === undefined) return;
    this.#wanted = undefined;
    if (wanted === 'exit') {
      void this.#clerk.leave(ctx, bid);
      return;
    }
    const price = { type: 'limit', limit: toText(bid, this.#clerk.instrument.grid.tick) } as const;
    const order = { side: 'buy', quantity: this.#options.clip, price } as const;
    void this.#clerk.submit(ctx, 'enter', order).then((outcome) => {
      if (outcome.kind === 'accepted') this.#entry = { id: outcome.clientOrderId, bars: 0 };
    });
  }

  #cancelOld(ctx: StrategyContext): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    entry.bars += 1;
    if (entry.bars < this.#options.patienceBars) return;
    this.#entry = undefined;
    void this.#clerk.cancel(ctx, entry.id);
  }
}
