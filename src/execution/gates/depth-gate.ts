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
  const shownTo = ({ side, view, qty }: HeldOrder, enough?: number): number =>
    timesShown(side === 'buy' ? view.asks : view.bids, withinBps, qty, enough);
  const measure = (order: HeldOrder) => ({ measured: shownTo(order), limit: limitOf(order) });
  return {
    name: 'depth',
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const shown = shownTo(order, limit);
      if (shown > 0 && shown >= limit) return undefined;
      return deny('depth', 'DEPTH_TOO_THIN', measure(order));
    },
  };
}

/** How many times `qty` the levels show. Those behind `enough` are not looked at. */
function timesShown(levels: readonly Level[], withinBps: number, qty: Lots, enough = Infinity): number {
  const touch = levels[0]?.price ?? NaN;
  const reach = (touch * withinBps) / 10_000;
  let sum = lots(0);
  for (const { price, quantity } of levels) {
    if (!(Math.abs(price - touch) <= reach)) break;
    sum = add(sum, quantity);
    if (sum > 0 && sum / qty >= enough) break;
  }
  return sum / qty;
}
