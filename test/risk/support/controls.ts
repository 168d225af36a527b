import type { RiskVerdict } from '../../../src/risk/index.ts';
import type { Denial, OrderEvent } from '../../../src/trading/index.ts';
import { type GuardOptions, guardOf } from '../../support/guard.ts';
import { type PricedOverrides, instrumentOf, pricedOf } from '../../support/orders.ts';
import { marketOf, quotedAt } from '../../support/views.ts';

export const SILVER = instrumentOf({ instrumentId: 'SILVER', base: 'XAG' });

/** A guard over two accounts and two instruments at 100, whose orders go to the venue `here`; each order has an id of its own. */
export function controlled(options: GuardOptions = {}) {
  const { venueName = 'here', ...deps } = options.deps ?? {};
  const world = guardOf({ ...options, deps: { venueName, ...deps } });
  const { book, guard, clock } = world;
  book.openAccount('other', 'USDT', options.balance ?? '10000');
  book.mark(quotedAt(100, { instrumentId: 'SILVER' }));
  let count = 0;
  const named = (order: PricedOverrides): PricedOverrides => {
    const instrumentId = order.instrument?.instrumentId ?? 'GOLD';
    const view = marketOf({ instrumentId, receivedMonotonicMs: clock.monotonicMs() });
    return { intentId: `intent-${(count += 1)}`, view, ...order };
  };
  return {
    ...world,
    /** What would be said to an order. */
    ask: (order: PricedOverrides = {}): RiskVerdict => guard.evaluate(pricedOf(named(order))),
    /** Reserves and keeps; returns the client order id. */
    work: (order: PricedOverrides = {}): string => world.work(named(order)),
    /** The same, filled at once. */
    trade: (order: PricedOverrides = {}): void => {
      world.trade(named(order));
    },
    /** Reserves, and drops. */
    drop: (order: PricedOverrides = {}): void => {
      const verdict = guard.reserve(pricedOf(named(order)));
      if (verdict.decision !== 'reject') verdict.reservation[Symbol.dispose]();
    },
    tell: (event: Event): void => {
      guard.apply({ atMs: clock.nowMs(), ...event });
    },
    /** Moves the clock, the market staying as good as it was. */
    later: (ms: number): void => {
      clock.advance(ms);
      for (const instrumentId of ['GOLD', 'SILVER'])
        book.mark(quotedAt(100, { instrumentId, receivedMonotonicMs: clock.monotonicMs() }));
    },
  };
}

type Event = OrderEvent extends infer E ? (E extends OrderEvent ? Omit<E, 'atMs'> : never) : never;

export const rejected = (...denials: readonly Denial[]): RiskVerdict => ({ decision: 'reject', denials });

export const approved = (quantity = 10, isExit = false): RiskVerdict => ({
  decision: 'approve',
  quantity: quantity as never,
  isExit,
  markAgeMs: 0,
});
