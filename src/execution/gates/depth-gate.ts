import { type Lots, add, lots } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { Level } from '../../trading/market-view.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

export interface DepthLimits {
  readonly withinBps: number;
  readonly multiple: LimitPair;
}

/** What the far side shows near its touch, as a multiple of the order. */
export function depthGate({ withinBps, multiple }: DepthLimits): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number | 'none' => (isExit ? multiple.exit : multiple.entry);
  const shownTo = ({ side, view }: HeldOrder): Lots =>
    quantityNear(side === 'buy' ? view.asks : view.bids, withinBps);
  const measure = (order: HeldOrder) => ({ measured: shownTo(order) / order.qty, limit: limitOf(order) });
  return {
    name: 'depth',
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const shown = shownTo(order);
      if (shown > 0 && shown / order.qty >= limit) return undefined;
      return deny('depth', 'DEPTH_TOO_THIN', measure(order));
    },
  };
}

function quantityNear(levels: readonly Level[], withinBps: number): Lots {
  const touch = levels[0]?.price ?? NaN;
  const reach = (touch * withinBps) / 10_000;
  let sum = lots(0);
  for (const { price, quantity } of levels) {
    if (!(Math.abs(price - touch) <= reach)) break;
    sum = add(sum, quantity);
  }
  return sum;
}
