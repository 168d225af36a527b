import { defineApi } from 'portcullis/service';
import { z } from 'zod';
import { quoteSchema } from './quote.ts';

/** What the ingestor serves. `createClient(ingestorApi, { baseUrl })` is a typed client of it. */
export const ingestorApi = defineApi({
  listQuotes: {
    method: 'GET',
    path: '/quotes',
    summary: 'The last quote of each instrument that has one',
    response: z.strictObject({ quotes: z.array(quoteSchema) }),
  },
  getQuote: {
    method: 'GET',
    path: '/quotes/:instrumentId',
    summary: 'The last quote of an instrument',
    params: z.strictObject({ instrumentId: z.string().max(40) }),
    response: quoteSchema,
  },
});

/** What the ingestor asks its source. Each quote is checked by itself. */
export const sourceApi = defineApi({
  quotes: {
    method: 'GET',
    path: '/v1/quotes',
    response: z.strictObject({ quotes: z.array(z.unknown()).max(1000) }),
  },
});
