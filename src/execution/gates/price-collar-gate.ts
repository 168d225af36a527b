import type { Ticks } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate, ExecutionView } from '../execution-gate.ts';

export interface CollarLimits {
  readonly entry: number;
  readonly exit: number;
}

/** The worst price stays near the last good mark, on either side of it. Cannot be turned off. */
export function priceCollarGate(limits: CollarLimits): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number => (isExit ? limits.exit : limits.entry);
  const measure = (order: HeldOrder, { mark }: ExecutionView) => ({
    measured: distanceBps(order.worst, mark),
    limit: limitOf(order),
  });
  return {
    name: 'price-collar',
    measure,
    check(order, view) {
      const distance = distanceBps(order.worst, view.mark);
      if (distance >= 0 && distance <= limitOf(order)) return undefined;
      return deny('price-collar', 'PRICE_COLLAR', measure(order, view));
    },
  };
}

const distanceBps = (worst: Ticks, mark: Ticks): number => (Math.abs(worst - mark) * 10_000) / mark;
