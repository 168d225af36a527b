import { type Denial, deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { TimeInForce } from '../../trading/order-intent.ts';
import type { ExecutionGate } from '../execution-gate.ts';

export interface TimeInForceLimits {
  readonly entry: readonly TimeInForce[];
  readonly exit: readonly TimeInForce[];
}

const GATE = 'time-in-force';

/** Only the times in force that are allowed; and a post-only order must not trade at once. */
export const timeInForceGate = (allowed: TimeInForceLimits): ExecutionGate => ({
  name: GATE,
  check(order) {
    const list = order.isExit ? allowed.exit : allowed.entry;
    if (!list.includes(order.timeInForce)) {
      return deny(GATE, 'TIME_IN_FORCE_DENIED', { measured: order.timeInForce, limit: list.join(', ') });
    }
    return order.postOnly ? wouldCross(order) : undefined;
  },
});

/** Meeting the far touch is crossing it. An empty far side denies: nobody knows where it is. */
function wouldCross({ side, worst, view }: HeldOrder): Denial | undefined {
  const touch = (side === 'buy' ? view.asks : view.bids)[0]?.price ?? NaN;
  if (side === 'buy' ? worst < touch : worst > touch) return undefined;
  return deny(GATE, 'WOULD_CROSS', { measured: worst, limit: touch });
}
