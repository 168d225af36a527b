import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';
import { spreadBps } from '../spread-bps.ts';

/** The spread in bps of the middle. A crossed or one-sided book has none, and denies. */
export function spreadGate(limits: LimitPair): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number | 'none' => (isExit ? limits.exit : limits.entry);
  const measure = (order: HeldOrder) => ({ measured: spreadBps(order.view), limit: limitOf(order) });
  return {
    name: 'spread',
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const spread = spreadBps(order.view);
      if (spread >= 0 && spread <= limit) return undefined;
      return deny('spread', 'SPREAD_TOO_WIDE', measure(order));
    },
  };
}
