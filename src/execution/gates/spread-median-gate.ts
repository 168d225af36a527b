import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';
import { spreadBps } from '../spread-bps.ts';

export interface SpreadMedianLimits {
  readonly multiple: LimitPair;
  readonly minSamples: number;
}

const GATE = 'spread-median';

/**
 * The spread as a multiple of its own median of the recent past. Where too little is known of that, entries are denied;
 * exits pass, as nothing can be said against them.
 */
export function spreadMedianGate({ multiple, minSamples }: SpreadMedianLimits): ExecutionGate {
  const limitOf = ({ isExit }: HeldOrder): number | 'none' => (isExit ? multiple.exit : multiple.entry);
  const measure = (order: HeldOrder) => {
    const { samples = 0, windowMs } = order.view.recentSpread ?? {};
    if (!(samples >= minSamples))
      return { measured: samples, limit: minSamples, note: 'samples of the spread' };
    return {
      measured: timesMedian(order),
      limit: limitOf(order),
      note: `of the median of ${windowMs ?? 0} ms, ${samples} samples`,
    };
  };
  return {
    name: GATE,
    overridable: true,
    measure,
    check(order) {
      const limit = limitOf(order);
      if (limit === 'none') return undefined;
      const isKnown = (order.view.recentSpread?.samples ?? 0) >= minSamples;
      if (!isKnown && order.isExit) return undefined;
      const times = timesMedian(order);
      if (isKnown && times >= 0 && times <= limit) return undefined;
      return deny(GATE, 'SPREAD_UNUSUAL', measure(order));
    },
  };
}

/** Of a median of 0, a spread of 0 is as usual, and no other is. */
function timesMedian({ view }: HeldOrder): number {
  const spread = spreadBps(view);
  return spread === 0 ? 0 : spread / (view.recentSpread?.medianBps ?? NaN);
}
