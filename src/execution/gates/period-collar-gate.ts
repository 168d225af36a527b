import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

const GATE = 'period-collar';

/**
 * The worst price stays near the range of the good marks of the recent past, on either side of it, also where the mark
 * itself has just left it: the collar over a period that RTS 6, article 15(1)(a), asks for beside the one order by order.
 * Where nothing is known of the past, entries are denied; exits pass, as nothing can be said against them.
 */
export function periodCollarGate(limits: LimitPair): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number | 'none' => (isExit ? limits.exit : limits.entry);
  const measure = (order: HeldOrder) => {
    const { recentMarks } = order.view;
    const note =
      recentMarks === undefined
        ? 'no recent marks'
        : `beyond ${recentMarks.low} to ${recentMarks.high} of ${recentMarks.windowMs} ms`;
    return { measured: beyondBps(order), limit: limitOf(order), note };
  };
  return {
    name: GATE,
    overridable: true,
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const beyond = beyondBps(order);
      if (beyond >= 0 && beyond <= limit) return undefined;
      if (order.isExit && order.view.recentMarks === undefined) return undefined;
      return deny(GATE, 'PERIOD_COLLAR', measure(order));
    },
  };
}

/** In bps of the end of the range that is nearer; 0 within it, NaN without a range. */
function beyondBps({ worst, view: { recentMarks } }: HeldOrder): number {
  if (recentMarks === undefined) return NaN;
  const { low, high } = recentMarks;
  if (!(low > 0 && high >= low)) return NaN;
  if (worst > high) return ((worst - high) * 10_000) / high;
  if (worst < low) return ((low - worst) * 10_000) / low;
  return worst <= high ? 0 : NaN; // a price that is none is nowhere
}
