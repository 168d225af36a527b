import { moneyText } from '../../core/money-text.ts';
import { type Units, add, units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { orderCost, orderValue } from './order-cost.ts';

export interface BuyingPowerOptions {
  /** Fee that a fill may cost, in basis points of its value, in steps of a hundredth. */
  readonly feeBps: number;
}

/**
 * What an order may cost at its worst price, or tie up as margin, fits into the cash that is free of what positions on
 * margin and working and unknown orders take. Fees are counted for this order and for what is claimed.
 */
export function buyingPowerGate({ feeBps }: BuyingPowerOptions): RiskGate {
  const feeHundredths = Math.round(feeBps * 100);
  const needed = (order: PricedOrder, view: RiskView): Units => {
    const cost = orderCost(order, view);
    if (feeHundredths === 0) return cost;
    return add(cost, feeOn(add(orderValue(order, view), view.account.claimed), feeHundredths));
  };
  const measure = (order: PricedOrder, view: RiskView) => ({
    measured: moneyText(needed(order, view)),
    limit: moneyText(view.account.freeCash),
  });
  return {
    name: 'buying-power',
    appliesTo: 'entries',
    measure,
    check(order, view) {
      if (needed(order, view) <= view.account.freeCash) return undefined;
      return deny('buying-power', 'BUYING_POWER', measure(order, view));
    },
  };
}

const HUNDREDTHS = 1_000_000;

/** Rounded up. */
function feeOn(amount: Units, feeHundredths: number): Units {
  const product = amount * feeHundredths;
  if (Number.isSafeInteger(product)) return units(Math.ceil(product / HUNDREDTHS));
  if (!Number.isFinite(product)) return units(product);
  const exact = BigInt(amount) * BigInt(feeHundredths);
  return units(Number((exact + BigInt(HUNDREDTHS - 1)) / BigInt(HUNDREDTHS)));
}
