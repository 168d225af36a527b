import type { Lots } from '../core/units.ts';
import type { SelfTradeMode } from '../risk/order-controls.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import { type SelfTradePlan, isSelfTrade } from './self-trade-plan.ts';

/** What self-trade prevention would do to orders of our own that rest in the way, before the order is decided. */
export interface ExplainedSelfTrade {
  /** The strictest that any limit asks for. */
  readonly mode: SelfTradeMode;
  /** Ids of the resting orders that would be cancelled. */
  readonly cancels: readonly string[];
  /** Ids of those that would be made smaller. */
  readonly reduces: readonly string[];
  /** What would be left of the order, in lots; 0 where nothing would go. */
  readonly left: Lots;
}

export const explainedSelfTrade = ({ mode, cancels, reduces, left }: SelfTradePlan): ExplainedSelfTrade => ({
  mode,
  cancels,
  reduces: reduces === undefined ? [] : [reduces.row.order.clientOrderId],
  left,
});

/** The explanation of a gate of self-trade, with what would be done first. */
export function withSelfTrade(
  entry: GateExplanation,
  { mode, cancels, reduces }: ExplainedSelfTrade,
): GateExplanation {
  if (!isSelfTrade(entry.gate) || entry.outcome !== 'denied') return entry;
  const done = [
    ...(cancels.length > 0 ? [`cancels ${cancels.join(' ')}`] : []),
    ...(reduces.length > 0 ? [`reduces ${reduces.join(' ')}`] : []),
  ];
  return { ...entry, note: `${mode} first ${done.join(', ')}` };
}
