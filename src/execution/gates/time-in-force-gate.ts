import type { Ticks } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { TimeInForce } from '../../trading/order-intent.ts';
import type { ExecutionGate } from '../execution-gate.ts';

export interface TimeInForceLimits {
  readonly entry: readonly TimeInForce[];
  readonly exit: readonly TimeInForce[];
}

const GATE = 'time-in-force';

/** Only the times in force that are allowed; and a post-only order must not trade at once. */
export function timeInForceGate(allowed: TimeInForceLimits): ExecutionGate {
  const listOf = ({ isExit }: HeldOrder): readonly TimeInForce[] => (isExit ? allowed.exit : allowed.entry);
  const isAllowed = (order: HeldOrder): boolean => listOf(order).includes(order.timeInForce);
  const measure = (order: HeldOrder) =>
    isAllowed(order) && order.postOnly
      ? { measured: order.worst, limit: farTouch(order) }
      : { measured: order.timeInForce, limit: listOf(order).join(', ') };
  return {
    name: GATE,
    measure,
    check(order) {
      if (!isAllowed(order)) return deny(GATE, 'TIME_IN_FORCE_DENIED', measure(order));
      return order.postOnly && !staysAway(order) ? deny(GATE, 'WOULD_CROSS', measure(order)) : undefined;
    },
  };
}

/** Meeting the far touch is crossing it. An empty far side denies: nobody knows where it is. */
const staysAway = (order: HeldOrder): boolean =>
  order.side === 'buy' ? order.worst < farTouch(order) : order.worst > farTouch(order);

const farTouch = ({ side, view }: HeldOrder): Ticks =>
  (side === 'buy' ? view.asks : view.bids)[0]?.price ?? (NaN as Ticks);
