import type { BookReader } from '../trading/book.ts';
import type { OrderActivity } from './activity/order-activity.ts';
import type { OrderControls } from './order-controls.ts';
import type { RiskGate } from './risk-gate.ts';
import type { Scope } from './trading-state.ts';

export interface ControlDeps {
  readonly book: BookReader;
  readonly activity: OrderActivity;
  /** What the counters count by: an account when the limits are those of accounts in general. */
  readonly by: Scope['kind'];
}

/** A gate for each control that is set. */
export function controlGates(_controls: OrderControls, _deps: ControlDeps): RiskGate[] {
  return [];
}
