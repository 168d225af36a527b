import { type Lots, add, lots } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { Level } from '../../trading/market-view.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

export interface DepthLimits {
  readonly withinBps: number;
  readonly multiple: LimitPair;
}

/** What the far side shows near its touch, as a multiple of the order. */
export const depthGate = ({ withinBps, multiple }: DepthLimits): ExecutionGate => ({
  name: 'depth',
  check({ isExit, side, qty, view }) {
    const limit = isExit ? multiple.exit : multiple.entry;
    if (limit === 'none') return undefined;
    const shown = quantityNear(side === 'buy' ? view.asks : view.bids, withinBps);
    const measured = shown / qty;
    if (shown > 0 && measured >= limit) return undefined;
    return deny('depth', 'DEPTH_TOO_THIN', { measured, limit });
  },
});

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
