import type { DayId } from '../core/trading-day.ts';
import type { Ticks, Units } from '../core/units.ts';
import type { Denial } from '../trading/denial.ts';
import type { Measurement } from '../trading/measurement.ts';
import type { HeldOrder } from '../trading/order-event.ts';

/** What the market and the desk look like at the moment of the decision. */
export interface ExecutionView {
  readonly nowMs: number;
  readonly monotonicMs: number;
  readonly dayId: DayId;
  /** Last good mark of the instrument; NaN if there never was one. */
  readonly mark: Ticks;
  /** Client order ids that exist already. */
  readonly seen: { has(clientOrderId: string): boolean };
  /** Slippage that orders of the day were allowed so far, without that of an order whose place this one takes. */
  readonly spentSlippage: Units;
  /** The part of it that orders of the same strategy were allowed. Missing where nobody counts it. */
  readonly spentSlippageByStrategy?: Units;
}

/** One question: is this a sane order for this market now? Pure and synchronous, from the order and the view alone. */
export interface ExecutionGate {
  readonly name: string;
  /** A signed override may let one order pass it. Never for the seven that are mandatory. */
  readonly overridable?: boolean;
  check(order: HeldOrder, view: ExecutionView): Denial | undefined;
  /** What it measures against which limit, whether it lets the order through or not; for explanations. */
  measure?(order: HeldOrder, view: ExecutionView): Measurement | undefined;
}
