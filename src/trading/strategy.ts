import type { Clock } from '../core/clock.ts';
import type { BookReader } from './book.ts';
import type { MarketView } from './market-view.ts';
import type { OrderEvent } from './order-event.ts';
import type { OrderIntent } from './order-intent.ts';
import type { OrderOutcome } from './order-outcome.ts';
import type { PublicTrade } from './market-event.ts';

/** All that a strategy is given: it can ask for orders, never send one. */
export interface StrategyContext {
  submit(intent: OrderIntent): Promise<OrderOutcome>;
  cancel(clientOrderId: string): Promise<void>;
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  log(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The code that decides what to trade: the same in a backtest, on paper and live. */
export interface Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  onMarket(view: MarketView, ctx: StrategyContext): void;
  onTrade?(trade: PublicTrade, ctx: StrategyContext): void;
  onOrder?(event: OrderEvent, ctx: StrategyContext): void;
}
