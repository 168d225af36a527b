import type { BookedOrder } from '../../trading/order-event.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { Scope } from '../trading-state.ts';
import { KeyedTimes, type LookBack } from './keyed-times.ts';
import type { OrderSign, OrderTracker, SentOrder } from './order-tracker.ts';

/** Orders, amendments and cancels that went out, for every account, strategy or instrument, or all together. */
export class MessageCounts implements OrderTracker {
  readonly #by: Scope['kind'];
  readonly #times = new KeyedTimes<string>();

  constructor(by: Scope['kind']) {
    this.#by = by;
  }

  extend(lookBack: LookBack): void {
    this.#times.extend(lookBack);
  }

  kept(order: SentOrder): void {
    this.#times.add(this.#keyOf(order), order.decidedMonotonicMs);
  }

  happened({ type }: OrderSign, order: BookedOrder, monotonicMs: number): void {
    if (type !== 'cancelRequested' && type !== 'amendRequested') return;
    this.#times.add(this.#keyOf(order), monotonicMs);
  }

  /** When the `max`-th last message went out: minus infinity when there have been fewer. */
  last(order: PricedOrder, max: number): number {
    return this.#times.last(this.#keyOf(order), max);
  }

  countWithin(order: PricedOrder, windowMs: number, nowMs: number): number {
    return this.#times.countWithin(this.#keyOf(order), windowMs, nowMs);
  }

  #keyOf({ accountId, strategyId, instrument }: BookedOrder | PricedOrder): string {
    switch (this.#by) {
      case 'account':
        return accountId;
      case 'strategy':
        return strategyId;
      case 'instrument':
        return instrument.instrumentId;
      case 'venue':
      case 'firm':
        return ''; // a guard serves one venue of one firm
    }
  }
}
