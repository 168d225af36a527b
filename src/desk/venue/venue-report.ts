import { z } from 'zod';
import { decimal, decimalText } from '../../core/decimal.ts';
import { toGrid } from '../../core/increment.ts';
import { parseInput } from '../../core/options.ts';
import { type Lots, lots, ticks } from '../../core/units.ts';
import { messageOf } from '../../core/message-of.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { OrderEvent } from '../../trading/order-event.ts';

const text = z.string();
const plain = text.refine((value) => decimalText(value) !== undefined, 'expected a plain decimal');
const price = plain.refine((value) => !value.startsWith('-'), 'expected 0 or more');
const about = { clientOrderId: text };

/** `VenueEvent`, as a driver may really send it. */
const schema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('accepted'), ...about, venueOrderId: text.optional() }),
  z.object({ type: z.literal('rejected'), ...about, reason: text }),
  z.object({
    type: z.literal('filled'),
    ...about,
    executionId: text.min(1),
    quantity: text,
    price,
    fee: z.object({ amount: plain, currency: text }),
    liquidity: z.enum(['maker', 'taker']),
  }),
  z.object({ type: z.literal('amended'), ...about, quantity: text, price: text }),
  z.object({ type: z.literal('cancelled'), ...about, cumulative: text.optional() }),
  z.object({ type: z.literal('expired'), ...about, cumulative: text.optional() }),
]);

/** Reads what a venue tells into an order event; a text says what is wrong with it. */
export function readReport(report: unknown, instrument: Instrument, atMs: number): OrderEvent | string {
  let event: z.output<typeof schema>;
  try {
    event = parseInput('report', schema, report);
  } catch (error) {
    return messageOf(error);
  }
  const said = { clientOrderId: event.clientOrderId, atMs };
  switch (event.type) {
    case 'accepted': {
      const { type, venueOrderId } = event;
      return venueOrderId === undefined ? { type, ...said } : { type, ...said, venueOrderId };
    }
    case 'rejected':
      return { type: event.type, ...said, reason: event.reason };
    case 'filled':
      return readFill(event, instrument, said);
    case 'amended': {
      const { type, quantity, price: limit } = event;
      const qty = readLots(quantity, instrument) ?? lots(0);
      const worst = toGrid(limit, instrument.grid.tick, 'exact');
      if (qty > 0 && worst > 0) return { type, ...said, qty, worst: ticks(worst) };
      return `report: amended: expected positive multiples of step and tick, got ${quantity} at ${limit}`;
    }
    case 'cancelled':
    case 'expired': {
      if (event.cumulative === undefined) return { type: event.type, ...said };
      const cumulative = readLots(event.cumulative, instrument);
      if (cumulative !== undefined) return { type: event.type, ...said, cumulative };
      return `report: cumulative: expected a multiple of the step, got ${event.cumulative}`;
    }
  }
}

function readFill(
  event: z.output<typeof schema> & { type: 'filled' },
  instrument: Instrument,
  said: { readonly clientOrderId: string; readonly atMs: number },
): OrderEvent | string {
  const { type, executionId, liquidity } = event;
  const quantity = readLots(event.quantity, instrument);
  if (quantity === undefined || quantity <= 0)
    return `report: quantity: expected a positive multiple of the step, got ${event.quantity}`;
  const fee = { amount: decimal(event.fee.amount), currency: event.fee.currency };
  return {
    type,
    ...said,
    fill: { executionId, quantity, price: decimal(event.price), fee, liquidity },
  };
}

function readLots(amount: string, { grid }: Instrument): Lots | undefined {
  const count = toGrid(amount, grid.step, 'exact');
  return count >= 0 ? lots(count) : undefined;
}
