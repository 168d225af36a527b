import { toText } from 'portcullis/core';
import { Atr } from 'portcullis/indicators';
import { type Bar, type MarketView, type StrategyContext } from 'portcullis/trading';
import { type InstrumentTrader } from './instrument-trader.ts';
import { type OrderClerk } from './order-clerk.ts';

export interface ChannelBreakoutOptions {
  /** Bought at each signal, in units of the base. */
  readonly clip: string;
  /** Bars whose highest high has to be passed. Half as many make the low at which it leaves. */
  readonly channelBars: number;
  /** How many average true ranges below the highest close since the entry it leaves as well. */
  readonly stopAtrs: number;
}

/**
 * Follows a move: buys at once what closes above the channel of the last bars, once, and leaves at once when it closes
 * below the shorter channel or has fallen too far from its top. It pays the spread and has a stop.
 */
export class ChannelBreakout implements InstrumentTrader {
  readonly instrumentId: string;
  readonly #options: ChannelBreakoutOptions;
  readonly #clerk: OrderClerk;
  readonly #atr = new Atr({ period: 20 });
  /** The last bars, oldest first. */
  readonly #bars: Bar[] = [];
  #wanted: 'enter' | 'exit' | undefined;
  /** Highest close since the entry. */
  #top = -Infinity;

  constructor(options: ChannelBreakoutOptions, clerk: OrderClerk) {
    this.#options = options;
    this.#clerk = clerk;
    this.instrumentId = clerk.instrument.instrumentId;
  }

  get isAsking(): boolean {
    return this.#clerk.isAsking;
  }

  onBar(bar: Bar, ctx: StrategyContext): void {
    const { channelBars, stopAtrs } = this.#options;
    const atr = this.#atr.update(bar.high, bar.low, bar.close);
    const isWarm = this.#bars.length === channelBars;
    const high = Math.max(...this.#bars.map((one) => one.high));
    const low = Math.min(...this.#bars.slice(-Math.ceil(channelBars / 2)).map((one) => one.low));
    this.#bars.push(bar);
    if (this.#bars.length > channelBars) this.#bars.shift();
    const { pos, sell, buy } = this.#clerk.share(ctx);
    if (pos > sell) {
      this.#top = Math.max(this.#top, bar.close);
      const stop = this.#top - stopAtrs * atr;
      if (!(bar.close < low) && !(bar.close < stop)) return;
      this.#wanted = 'exit';
      const why = bar.close < low ? `the low ${low} of the channel` : `the stop ${stop.toFixed(2)}`;
      this.#clerk.tell(ctx, 'flat', 1, `close ${bar.close} below ${why}`);
    } else if (isWarm && bar.close > high && buy === 0) {
      this.#wanted = 'enter';
      this.#top = bar.close;
      this.#clerk.tell(
        ctx,
        'buy',
        0.5,
        `close ${bar.close} above ${high}, the highest of ${channelBars} bars`,
      );
    }
  }

  onPrices(view: MarketView, ctx: StrategyContext): void {
    const wanted = this.#wanted;
    const [bid, ask] = [view.bids[0]?.price, view.asks[0]?.price];
    if (wanted === undefined || bid === undefined || ask === undefined) return;
    this.#wanted = undefined;
    if (wanted === 'exit') {
      void this.#clerk.leave(ctx, bid);
      return;
    }
    const limit = toText(ask, this.#clerk.instrument.grid.tick);
    void this.#clerk.submit(ctx, 'enter', {
      side: 'buy',
      quantity: this.#options.clip,
      price: { type: 'limit', limit, timeInForce: 'IOC' },
    });
  }
}
