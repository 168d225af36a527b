import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate } from '../risk-gate.ts';

/** Nothing may be entered in an instrument on the list; what is held can be left. */
export function restrictedGate(instrumentIds: readonly string[]): RiskGate {
  const listed = new Set(instrumentIds);
  const measure = ({ instrument }: PricedOrder) => ({ measured: instrument.instrumentId });
  return {
    name: 'restricted',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order) {
      if (!listed.has(order.instrument.instrumentId)) return undefined;
      return deny('restricted', 'INSTRUMENT_RESTRICTED', measure(order));
    },
  };
}
