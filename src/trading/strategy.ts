import type { Clock } from '../core/clock.ts';
import type { AmendOutcome, OrderChange } from './amend-outcome.ts';
import type { Bar } from './bar.ts';
import type { BookReader } from './book.ts';
import type { MarketView } from './market-view.ts';
import type { OrderEvent } from './order-event.ts';
import type { OrderIntent } from './order-intent.ts';
import type { OrderOutcome } from './order-outcome.ts';
import type { Signal } from './signal.ts';

/** All that a strategy is given: it can ask for orders, never send one. */
export interface StrategyContext {
  /** The order is the strategy's own, whatever `strategyId` it says. */
  submit(intent: Omit<OrderIntent, 'strategyId'>): Promise<OrderOutcome>;
  /** Only orders of its own. */
  amend(clientOrderId: string, change: OrderChange): Promise<AmendOutcome>;
  /** Only orders of its own. */
  cancel(clientOrderId: string): Promise<void>;
  /** Tells what the strategy thinks, for those who watch it. Orders nothing. */
  signal(signal: Omit<Signal, 'strategyId'>): void;
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
}

/**
 * The code that decides what to trade: the same in a backtest, on paper and live. Nobody
 * waits for a hook that is async; one that throws or rejects is tripped.
 */
export interface Strategy {
  readonly id: string;
  readonly instruments: readonly string[];
  onMarket(view: MarketView, ctx: StrategyContext): void | Promise<void>;
  /** A bar has closed. */
  onBar?(bar: Bar, ctx: StrategyContext): void | Promise<void>;
  /** Something happened to one of its orders, and is on disk. */
  onOrder?(event: OrderEvent, ctx: StrategyContext): void | Promise<void>;
}
