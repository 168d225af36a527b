import { toText } from 'portcullis/core';
import {
  type Instrument,
  type OrderIntent,
  type OrderOutcome,
  type StrategyContext,
  isOpen,
} from 'portcullis/trading';

/** What a strategy asks for, without what is the same in all its orders. */
export type ClerkOrder = Pick<OrderIntent, 'side' | 'quantity' | 'price'> & {
  readonly reduceOnly?: boolean;
};

/** Takes the orders of one strategy in one instrument to the desk, and knows its share of what the account holds. */
export class OrderClerk {
  readonly instrument: Instrument;
  readonly #strategyId: string;
  readonly #accountId: string;
  #count = 0;
  #asking = 0;

  constructor(strategyId: string, accountId: string, instrument: Instrument) {
    this.#strategyId = strategyId;
    this.#accountId = accountId;
    this.instrument = instrument;
  }

  /** Whether an order that was asked for has no outcome yet. */
  get isAsking(): boolean {
    return this.#asking > 0;
  }

  /** @param what a word for the id: unique also over a restart, and the same in every replay */
  async submit(ctx: StrategyContext, what: string, order: ClerkOrder): Promise<OrderOutcome> {
    const { instrumentId } = this.instrument;
    this.#count += 1;
    const intentId = `${what}-${instrumentId}-${Math.floor(ctx.clock.nowMs())}-${this.#count}`;
    this.#asking += 1;
    try {
      return await ctx.submit({ intentId, accountId: this.#accountId, instrumentId, ...order });
    } finally {
      this.#asking -= 1;
    }
  }

  /** Sells, at once and at the bid or better, what the strategy holds and is not selling yet. */
  async leave(ctx: StrategyContext, bid: number): Promise<OrderOutcome | undefined> {
    const { step, tick } = this.instrument.grid;
    const { pos, sell } = this.share(ctx);
    if (pos <= sell) return undefined;
    return this.submit(ctx, 'exit', {
      side: 'sell',
      quantity: toText(pos - sell, step),
      reduceOnly: true,
      price: { type: 'limit', limit: toText(bid, tick), timeInForce: 'IOC' },
    });
  }

  async cancel(ctx: StrategyContext, clientOrderId: string): Promise<void> {
    const order = ctx.book.order(clientOrderId);
    if (order !== undefined && isOpen(order.state)) await ctx.cancel(clientOrderId);
  }

  /** What of the position in the instrument is the strategy's own, in lots, and what works of its orders. */
  share({ book }: StrategyContext): { readonly pos: number; readonly buy: number; readonly sell: number } {
    const cell = book.cell(this.#accountId, this.instrument.instrumentId);
    return cell?.share(this.#strategyId) ?? { pos: 0, buy: 0, sell: 0 };
  }

  tell(ctx: StrategyContext, direction: 'buy' | 'flat', confidence: number, reason: string): void {
    const { instrumentId } = this.instrument;
    const nowMs = ctx.clock.nowMs();
    ctx.signal({
      signalId: `${this.#strategyId}-${instrumentId}-${nowMs}`,
      instrumentId,
      direction,
      confidence,
      expiresAtMs: nowMs + 60_000,
      reasons: [reason],
    });
  }
}
