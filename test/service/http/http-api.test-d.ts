// Compiled, never run: what the types of an API give and forbid. A line that compiles after all fails `npm run types`.
import { type ApiHandlers, type OperationInput, createClient } from '../../../src/service/index.ts';
import { sampleApi, sampleHandlers } from './sample-api.ts';

type Handlers = ApiHandlers<typeof sampleApi>;
const client = createClient(sampleApi, { baseUrl: 'http://127.0.0.1:1' });

export const quote: Promise<{ symbol: string; price: string; tags: string[] }> = client.getQuote({
  params: { symbol: 'BTC' },
  query: { tag: [] },
});
export const venues: Promise<string[]> = client.listVenues();
export const input: OperationInput<typeof sampleApi.addOrder> = { body: { symbol: 'BTC', lots: 1 } };
export const handler: Handlers['addOrder'] = ({ body, request }) => ({ id: `${body.lots}${request.id}` });

// @ts-expect-error an operation with parameters needs them
void client.getQuote();
// @ts-expect-error all of its parts
void client.getQuote({ params: { symbol: 'BTC' } });
// @ts-expect-error of their types
void client.addOrder({ body: { symbol: 'BTC', lots: '1' } });
// @ts-expect-error there is no such operation
export type Absent = (typeof client)['removeOrder'];
// @ts-expect-error a price is a text
export const price: Promise<{ price: number }> = client.getQuote({
  params: { symbol: 'BTC' },
  query: { tag: [] },
});
// @ts-expect-error a handler answers what its schema says
export const wrong: Handlers['addOrder'] = () => ({ id: 1 });
// @ts-expect-error and gets only the parts that there are
export const none: Handlers['listVenues'] = ({ body }) => [String(body)];
// @ts-expect-error every operation has a handler
export const missing: Handlers = { getQuote: sampleHandlers.getQuote, addOrder: sampleHandlers.addOrder };
