import type { BookedOrder } from '../../trading/order-event.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { Scope } from '../trading-state.ts';
import { KeyedTimes, type LookBack } from './keyed-times.ts';
import type { OrderTracker, SentOrder } from './order-tracker.ts';
import { PairNumbers } from './pair-numbers.ts';

type AnyOrder = BookedOrder | PricedOrder;

/** Entries that a strategy has sent in one instrument on one side, per account where limits are those of accounts. */
export class ExecutionCounts implements OrderTracker {
  readonly #perAccount: boolean;
  readonly #times = new KeyedTimes<number>();
  /** Of a strategy and an instrument. */
  readonly #pairs = new PairNumbers<string, string>();
  /** Of such a pair and an account. */
  readonly #ofAccounts = new PairNumbers<string, number>();

  constructor(by: Scope['kind']) {
    this.#perAccount = by === 'account';
  }

  extend(lookBack: LookBack): void {
    this.#times.extend(lookBack);
  }

  kept(order: SentOrder): void {
    if (!order.isExit) this.#times.add(this.#newKey(order), order.decidedMonotonicMs);
  }

  happened(): void {
    // What became of an entry changes nothing: it was sent.
  }

  last(order: PricedOrder, max: number): number {
    return this.#times.last(this.#keyOf(order), max);
  }

  countWithin(order: AnyOrder, windowMs: number, nowMs: number): number {
    return this.#times.countWithin(this.#keyOf(order), windowMs, nowMs);
  }

  /** Starts anew for what an order belongs to. */
  clear(order: BookedOrder): void {
    this.#times.clear(this.#keyOf(order));
  }

  /** One that is not there for what was never counted: asking leaves no trace. */
  #keyOf({ accountId, strategyId, instrument, side }: AnyOrder): number {
    const pair = this.#pairs.find(strategyId, instrument.instrumentId) ?? NONE;
    return keyOn(side, this.#perAccount ? (this.#ofAccounts.find(accountId, pair) ?? NONE) : pair);
  }

  #newKey({ accountId, strategyId, instrument, side }: AnyOrder): number {
    const pair = this.#pairs.of(strategyId, instrument.instrumentId);
    return keyOn(side, this.#perAccount ? this.#ofAccounts.of(accountId, pair) : pair);
  }
}

const NONE = -1;

const keyOn = (side: AnyOrder['side'], key: number): number => 2 * key + (side === 'buy' ? 0 : 1);
