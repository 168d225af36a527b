import { type Decimal, type DecimalInput, decimal } from '../../core/decimal.ts';
import { toText } from '../../core/increment.ts';
import { type Lots, lots } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

/**
 * Quantity of one order (RTS 6, article 15(1)(c)).
 *
 * @param limit in units of the base
 * @throws {PortcullisError} `NUMBER_INVALID`
 */
export function orderQuantityGate(limit: DecimalInput): RiskGate {
  const maxOrderQuantity = decimal(limit, 'maxOrderQuantity');
  const known = new WeakMap<Instrument, Lots>();
  const limitOf = (instrument: Instrument): Lots => {
    const present = known.get(instrument);
    if (present !== undefined) return present;
    const most = lotsIn(maxOrderQuantity, instrument);
    known.set(instrument, most);
    return most;
  };
  const measure = ({ instrument }: PricedOrder, { qty }: RiskView) => ({
    measured: decimal(toText(qty, instrument.grid.step)).times(instrument.grid.multiplier).toFixed(),
    limit: maxOrderQuantity.toFixed(),
  });
  return {
    name: 'order-quantity',
    appliesTo: 'entries',
    overridable: true,
    measure,
    check(order, view) {
      if (view.qty <= limitOf(order.instrument)) return undefined;
      return deny('order-quantity', 'ORDER_QUANTITY_LIMIT', measure(order, view));
    },
  };
}

/** How many whole lots a quantity of the base is. */
function lotsIn(quantity: Decimal, { grid }: Instrument): Lots {
  const lot = grid.step.value.times(grid.multiplier);
  const near = quantity.div(lot).round(0, 0);
  const whole = near.times(lot).gt(quantity) ? near.minus('1') : near; // the division is rounded
  return lots(Math.min(Number(whole.toFixed()), Number.MAX_SAFE_INTEGER));
}
