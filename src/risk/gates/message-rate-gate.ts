import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { LookBack } from '../activity/keyed-times.ts';
import type { MessageCounts } from '../activity/message-counts.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/** At most `max` orders, amendments and cancels within any `windowMs`. Exits and cancels pass, but count. */
export function messageRateGate({ max, windowMs }: LookBack, counts: MessageCounts): RiskGate {
  const measure = (order: PricedOrder, { monotonicMs }: RiskView) => ({
    measured: counts.countWithin(order, windowMs, monotonicMs),
    limit: max,
    note: `within ${windowMs} ms`,
  });
  return {
    name: 'message-rate',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      // The one before which there are `max` is old enough, or there is none.
      if (max > 0 && view.monotonicMs - counts.last(order, max) >= windowMs) return undefined;
      return deny('message-rate', 'MESSAGE_RATE_LIMIT', measure(order, view));
    },
  };
}
