import { z } from 'zod';
import { type ApiHandlers, defineApi, HttpProblem } from '../../../src/service/index.ts';

const symbol = z.string().min(3);
const quote = z.strictObject({ symbol, price: z.string(), tags: z.array(z.string()) });

/** An API with one of everything. */
export const sampleApi = defineApi({
  getQuote: {
    method: 'GET',
    path: '/quotes/:symbol',
    params: z.strictObject({ symbol }),
    query: z.strictObject({
      tag: z.array(z.string()).max(3),
      venue: z.array(z.string()).optional(),
      depth: z.coerce.number<number>().default(1),
    }),
    response: quote,
    summary: 'The last quote',
    description: 'Of one instrument.',
    tags: ['quotes'],
  },
  addOrder: {
    method: 'POST',
    path: '/orders',
    body: z.strictObject({ symbol, lots: z.int(), note: z.string().optional() }),
    response: z.strictObject({ id: z.string() }),
    status: 201,
  },
  listVenues: { method: 'GET', path: '/venues', response: z.array(z.string()), deprecated: true },
});

/** Says back what it was asked. */
export const sampleHandlers: ApiHandlers<typeof sampleApi> = {
  getQuote: ({ params, query: { tag, venue = ['none'], depth } }) => ({
    symbol: params.symbol,
    price: '1.5',
    tags: [...tag, ...venue, String(depth)],
  }),
  addOrder: async ({ body: { symbol, lots } }) => {
    if (lots > 10) throw new HttpProblem(409, 'more lots than there are');
    return Promise.resolve({ id: `${symbol}-${lots}` });
  },
  listVenues: () => ['toy'],
};
