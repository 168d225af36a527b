import type { HeldOrder } from '../trading/order-event.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import type { OrderShape } from './order-shape.ts';

const { freeze } = Object; // as it was when we loaded

/** The order as it is held at a quantity, nothing left open: entries rest as post-only unless they say otherwise. */
export function heldOrder(
  order: PricedOrder,
  { qty, isExit }: OrderShape,
  decidedMonotonicMs: number,
): HeldOrder {
  const { intent, clientOrderId, instrument, view, accountId, strategyId, side, type, worst, reduceOnly } =
    order;
  const timeInForce = order.timeInForce ?? 'GTC';
  const postOnly = order.postOnly ?? (!isExit && timeInForce === 'GTC');
  // Frozen: what is held, kept and sent must be the same.
  return freeze({
    intent,
    clientOrderId,
    instrument,
    view,
    accountId,
    strategyId,
    side,
    type,
    qty,
    worst,
    reduceOnly,
    isExit,
    postOnly,
    timeInForce,
    decidedMonotonicMs,
    ...(instrument.kind === 'linear' && { mark: view.mark }),
  });
}
