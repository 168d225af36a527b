import { decimal, decimalText } from '../core/decimal.ts';
import { toGrid } from '../core/increment.ts';
import { type Lots, lots } from '../core/units.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import type { VenueEvent } from './venue-driver.ts';

/** Reads what a venue tells into an order event; a text says what is wrong with it. */
export function readReport(event: VenueEvent, instrument: Instrument, atMs: number): OrderEvent | string {
  const about = { clientOrderId: event.clientOrderId, atMs };
  switch (event.type) {
    case 'accepted':
      return event.venueOrderId === undefined
        ? { type: 'accepted', ...about }
        : { type: 'accepted', ...about, venueOrderId: event.venueOrderId };
    case 'rejected':
      return { type: 'rejected', ...about, reason: event.reason };
    case 'filled':
      return readFill(event, instrument, about);
    case 'cancelled':
    case 'expired': {
      if (event.cumulative === undefined) return { type: event.type, ...about };
      const cumulative = readLots(event.cumulative, instrument);
      if (cumulative === undefined)
        return `cumulative: expected a multiple of the step, got ${event.cumulative}`;
      return { type: event.type, ...about, cumulative };
    }
    default:
      return `type: expected a venue event, got ${String((event as { type: unknown }).type)}`;
  }
}

function readFill(
  { executionId, quantity, price, fee, liquidity }: VenueEvent & { type: 'filled' },
  instrument: Instrument,
  about: { clientOrderId: string; atMs: number },
): OrderEvent | string {
  const filled = readLots(quantity, instrument);
  if (filled === undefined || filled <= 0)
    return `quantity: expected a positive multiple of the step, got ${quantity}`;
  if (typeof executionId !== 'string' || executionId === '') return 'executionId: expected a text, got none';
  if (decimalText(price) === undefined || price.startsWith('-'))
    return `price: expected a plain decimal, got ${price}`;
  if (decimalText(fee.amount) === undefined) return `fee.amount: expected a plain decimal, got ${fee.amount}`;
  const paid = { amount: decimal(fee.amount), currency: fee.currency };
  return {
    type: 'filled',
    ...about,
    fill: { executionId, quantity: filled, price: decimal(price), fee: paid, liquidity },
  };
}

function readLots(text: string, { grid }: Instrument): Lots | undefined {
  const count = toGrid(text, grid.step, 'exact');
  return count >= 0 ? lots(count) : undefined;
}
