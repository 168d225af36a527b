import type { ExecutionFacts, ExecutionPolicy } from '../execution/execution-policy.ts';
import { heldOrder } from '../risk/held-order.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { Denial } from '../trading/denial.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import type { PricedOrder } from '../trading/price-order.ts';

export interface WouldGoDeps {
  readonly guard: Pick<RiskGuard, 'evaluate'>;
  readonly policy: Pick<ExecutionPolicy, 'explain' | 'canOverride'>;
  readonly clock: { monotonicMs(): number };
  factsOf(order: HeldOrder): ExecutionFacts;
  /** Why nothing may be let through that has to be audited. */
  noAudit(): Denial | undefined;
}

/**
 * Whether both engines would let an order go. Leaves no trace, and spends nothing.
 *
 * @param overridden names of overridable gates of either engine that need not let it pass
 * @param cleared names of gates of the guard that what is about to be done satisfies
 */
export function wouldGo(
  deps: WouldGoDeps,
  order: PricedOrder,
  overridden: ReadonlySet<string> | undefined,
  cleared: ReadonlySet<string>,
): boolean {
  const { guard, policy, clock } = deps;
  const verdict = guard.evaluate(order, overridden, cleared);
  if (verdict.decision === 'reject' || (!verdict.isExit && deps.noAudit() !== undefined)) return false;
  const shape = { qty: verdict.quantity, isExit: verdict.isExit };
  const held = heldOrder(order, shape, clock.monotonicMs());
  return policy
    .explain(held, deps.factsOf(held))
    .every(
      ({ outcome, gate, code }) =>
        outcome !== 'denied' ||
        (code !== 'GATE_FAILED' && overridden?.has(gate) === true && policy.canOverride(gate)),
    );
}
