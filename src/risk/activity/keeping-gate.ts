import type { RiskGate } from '../risk-gate.ts';
import type { SentOrder } from './order-tracker.ts';

/** A gate that has to act on what the trackers have counted, in the tick in which an order is kept. */
export interface KeepingGate extends RiskGate {
  /** An order, of the gate's scope or not, has passed both engines and is kept. Must not throw. */
  kept(order: SentOrder): void;
}

export const isKeeping = (gate: RiskGate): gate is KeepingGate => 'kept' in gate;
