import { lots } from '../../../src/core/index.ts';
import type { Reduction, RiskGate } from '../../../src/risk/index.ts';
import { type Denial, deny } from '../../../src/trading/index.ts';

/** A verdict that lets an order through. */
export const passed = (decision: 'approve' | 'resize', quantity: number, isExit: boolean, rest = {}) => ({
  decision,
  quantity,
  isExit,
  markAgeMs: 0,
  ...rest,
});

export const rejected = (...denials: readonly Denial[]) => ({ decision: 'reject', denials });

/** A gate of our own. */
export const gateOf = (
  check: RiskGate['check'],
  { name = 'own', appliesTo = 'all' }: Partial<RiskGate> = {},
): RiskGate => ({
  name,
  appliesTo,
  check,
});

/** What such a gate may say. */
export const NO = deny('own', 'ABOVE_MAXIMUM', { note: 'no' });

/** A gate that lets through so many lots. */
export const atMost = (reduceTo: number, name = 'own'): RiskGate =>
  gateOf(
    (_order, { qty }): Reduction | undefined =>
      qty <= reduceTo ? undefined : { reduceTo: lots(reduceTo), because: deny(name, 'ABOVE_MAXIMUM') },
    { name },
  );

export const exposureDenial = (measured: string, limit: string): Denial => ({
  gate: 'total-exposure',
  code: 'TOTAL_EXPOSURE_LIMIT',
  measured,
  limit,
});
