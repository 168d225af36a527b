import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate } from '../risk-gate.ts';

/** Instruments that a strategy may enter. */
export type Permissions = Readonly<Record<string, readonly string[] | 'all'>>;

/** A strategy enters only what it has permission for (RTS 6, article 15(5)): one that is not named, nothing. */
export function permissionGate(permissions: Permissions): RiskGate {
  const permitted = new Map(
    Object.entries(permissions).map(([strategyId, of]) => [strategyId, of === 'all' ? of : new Set(of)]),
  );
  const measure = ({ instrument, strategyId }: PricedOrder) => ({
    measured: instrument.instrumentId,
    note: strategyId,
  });
  return {
    name: 'permission',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order) {
      const of = permitted.get(order.strategyId);
      if (of === 'all' || of?.has(order.instrument.instrumentId) === true) return undefined;
      return deny('permission', 'NOT_PERMITTED', measure(order));
    },
  };
}
