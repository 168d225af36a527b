import { EventCatalogue, eventType } from 'portcullis/events';
import { z } from 'zod';

/** What the guide of events publishes; a system has its own, or `TRADING_EVENTS`. */
export const PRICE = eventType({
  type: 'market.price',
  schema: z.strictObject({ symbol: z.string(), price: z.number() }),
  subject: ({ symbol }) => symbol, // and, if nothing else is said, the key that keeps the order
});

export const CATALOGUE = new EventCatalogue([PRICE]);
