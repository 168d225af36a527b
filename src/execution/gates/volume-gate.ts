import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

/**
 * The order as a fraction of what was traded in the view's volume window. Every order by itself: what else we have working
 * or have traded within the window is not added, as limits on that are the risk guard's.
 */
export function volumeGate(limits: LimitPair): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number | 'none' => (isExit ? limits.exit : limits.entry);
  const measure = (order: HeldOrder) => ({
    measured: fractionOf(order),
    limit: limitOf(order),
    note: `of the volume of ${order.view.volumeWindowMs} ms`,
  });
  return {
    name: 'volume',
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const fraction = fractionOf(order);
      if (fraction >= 0 && fraction <= limit) return undefined;
      return deny('volume', 'VOLUME_TOO_LOW', measure(order));
    },
  };
}

const fractionOf = ({ qty, view }: HeldOrder): number => qty / view.recentVolume;
