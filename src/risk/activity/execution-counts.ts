import type { BookedOrder, HeldOrder } from '../../trading/order-event.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { Scope } from '../trading-state.ts';
import { KeyedTimes, type LookBack } from './keyed-times.ts';
import type { OrderTracker } from './order-tracker.ts';

/** Entries that a strategy has sent in one instrument on one side, per account where limits are those of accounts. */
export class ExecutionCounts implements OrderTracker {
  readonly #perAccount: boolean;
  readonly #times = new KeyedTimes();

  constructor(by: Scope['kind']) {
    this.#perAccount = by === 'account';
  }

  extend(lookBack: LookBack): void {
    this.#times.extend(lookBack);
  }

  kept(order: HeldOrder): void {
    if (!order.isExit) this.#times.add(this.#keyOf(order), order.decidedMonotonicMs);
  }

  happened(): void {
    // What became of an entry changes nothing: it was sent.
  }

  last(order: PricedOrder, max: number): number {
    return this.#times.last(this.#keyOf(order), max);
  }

  countWithin(order: BookedOrder | PricedOrder, windowMs: number, nowMs: number): number {
    return this.#times.countWithin(this.#keyOf(order), windowMs, nowMs);
  }

  /** Starts anew for what an order belongs to. */
  clear(order: BookedOrder): void {
    this.#times.clear(this.#keyOf(order));
  }

  #keyOf({ accountId, strategyId, instrument, side }: BookedOrder | PricedOrder): string {
    const key = `${strategyId} ${instrument.instrumentId} ${side}`; // no id has blanks
    return this.#perAccount ? `${accountId} ${key}` : key;
  }
}
