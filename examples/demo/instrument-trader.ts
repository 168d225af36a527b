import { type Bar, type MarketView, type Strategy, type StrategyContext } from 'portcullis/trading';

/** The part of a strategy that trades one instrument. */
export interface InstrumentTrader {
  readonly instrumentId: string;
  /** Whether an order that it asked for has no outcome yet. */
  readonly isAsking: boolean;
  onBar(bar: Bar, ctx: StrategyContext): void;
  /** A view with prices of now. */
  onPrices(view: MarketView, ctx: StrategyContext): void;
}

const FRESH_MS = 250;

/** A strategy that trades several instruments, each by itself. */
export class TraderStrategy implements Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  readonly #traders: ReadonlyMap<string, InstrumentTrader>;

  constructor(id: string, traders: readonly InstrumentTrader[]) {
    this.id = id;
    this.#traders = new Map(traders.map((trader) => [trader.instrumentId, trader]));
    this.instruments = [...this.#traders.keys()];
  }

  get isAsking(): boolean {
    for (const trader of this.#traders.values()) if (trader.isAsking) return true;
    return false;
  }

  onBar(bar: Bar, ctx: StrategyContext): void {
    this.#traders.get(bar.instrumentId)?.onBar(bar, ctx);
  }

  onMarket(view: MarketView, ctx: StrategyContext): void {
    if (ctx.clock.monotonicMs() - view.receivedMonotonicMs > FRESH_MS) return; // wait for prices of now
    this.#traders.get(view.instrumentId)?.onPrices(view, ctx);
  }
}
