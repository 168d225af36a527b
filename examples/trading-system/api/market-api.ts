import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { amount, id, timeMs } from './fields.ts';

const level = z.object({ price: amount, quantity: amount });

const quote = z.object({
  instrumentId: z.string(),
  /** Left out while nobody is on that side. */
  bid: level.optional(),
  ask: level.optional(),
  mark: amount.optional(),
  /** No problem that blocks: orders may be priced on it. */
  isGood: z.boolean(),
  /** Codes of what is wrong. */
  problems: z.array(z.string()).readonly(),
  receivedMs: timeMs,
});

const tags = ['market-data'] as const;

/** What the market-data service serves. */
export const marketApi = defineApi({
  listQuotes: {
    method: 'GET',
    path: '/quotes',
    response: z.object({ quotes: z.array(quote).readonly() }),
    summary: 'The last quote of each instrument that has one.',
    tags,
  },
  getQuote: {
    method: 'GET',
    path: '/quotes/:instrumentId',
    params: z.strictObject({ instrumentId: id }),
    response: quote,
    summary: 'The last quote of an instrument.',
    tags,
  },
});
