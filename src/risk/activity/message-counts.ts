import type { Clock } from '../../core/clock.ts';
import type { BookedOrder, HeldOrder, OrderEvent } from '../../trading/order-event.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { Scope } from '../trading-state.ts';
import { KeyedTimes, type LookBack } from './keyed-times.ts';
import type { OrderTracker } from './order-tracker.ts';

/** Orders, amendments and cancels that went out, for every account, strategy or instrument, or all together. */
export class MessageCounts implements OrderTracker {
  readonly #by: Scope['kind'];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #times = new KeyedTimes();

  constructor(by: Scope['kind'], clock: Pick<Clock, 'monotonicMs'>) {
    this.#by = by;
    this.#clock = clock;
  }

  extend(lookBack: LookBack): void {
    this.#times.extend(lookBack);
  }

  kept(order: HeldOrder): void {
    this.#times.add(this.#keyOf(order), order.decidedMonotonicMs);
  }

  happened({ type }: OrderEvent, order: BookedOrder): void {
    if (type !== 'cancelRequested' && type !== 'amendRequested') return;
    this.#times.add(this.#keyOf(order), this.#clock.monotonicMs());
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
