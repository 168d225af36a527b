import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { ExecutionCounts } from '../activity/execution-counts.ts';
import type { KeepingGate } from '../activity/keeping-gate.ts';
import type { LookBack } from '../activity/keyed-times.ts';
import type { SentOrder } from '../activity/order-tracker.ts';
import type { StrategyLatch } from '../activity/strategy-latch.ts';
import type { RiskView } from '../risk-gate.ts';

/**
 * At most `max` entries of a strategy in one instrument and side within any `windowMs`. With the last of them the
 * strategy is latched (RTS 6, article 15(3)): it may not enter until a named person has released it, and then counts anew.
 * After a restart within the window it is latched again, released or not: the journal does not say who was released.
 */
export function repeatedExecutionGate(
  { max, windowMs }: LookBack,
  counts: ExecutionCounts,
  latch: StrategyLatch,
): KeepingGate {
  const measure = (order: PricedOrder, { monotonicMs }: RiskView) => ({
    measured: counts.countWithin(order, windowMs, monotonicMs),
    limit: max,
    note: latch.why(order.strategyId) ?? `within ${windowMs} ms`,
  });
  return {
    name: 'repeated-execution',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      const isFree = latch.why(order.strategyId) === undefined;
      if (isFree && view.monotonicMs - counts.last(order, max) >= windowMs) return undefined;
      return deny('repeated-execution', 'REPEATED_EXECUTION', measure(order, view));
    },
    kept(order: SentOrder) {
      const { isExit, strategyId, side, instrument, decidedMonotonicMs } = order;
      if (isExit) return;
      const count = counts.countWithin(order, windowMs, decidedMonotonicMs);
      if (count < max) return;
      counts.clear(order);
      const what = `${count} entries of ${strategyId} to ${side} ${instrument.instrumentId}`;
      latch.close(order, `${what} within ${windowMs} ms, limit ${max}`);
    },
  };
}
