import { toText } from '../../core/increment.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { VenueOrder } from './venue-driver.ts';

/** A held order as a venue takes it: the quantity and the worst price that were decided, as text. */
export function venueOrder(order: HeldOrder): VenueOrder {
  const { instrument, clientOrderId, accountId, side, postOnly, timeInForce } = order;
  return {
    clientOrderId,
    accountId,
    instrumentId: instrument.instrumentId,
    side,
    quantity: toText(order.qty, instrument.grid.step),
    price: toText(order.worst, instrument.grid.tick),
    postOnly,
    timeInForce,
  };
}
