// One description of an API: routes, documentation and a typed client.
import { HttpProblem, createClient, createService, defineApi, serveApi } from 'portcullis/service';
import { correlation, silentLogger } from 'portcullis/telemetry';
import { z } from 'zod';

const api = defineApi({
  getQuote: {
    method: 'GET',
    path: '/quotes/:symbol',
    summary: 'The last quote of an instrument',
    params: z.strictObject({ symbol: z.string().max(20) }),
    query: z.strictObject({ depth: z.coerce.number().int().min(1).max(10).default(1) }),
    response: z.strictObject({ symbol: z.string(), bids: z.array(z.string()) }),
  },
});

const bids: Readonly<Record<string, readonly string[]>> = { 'BTC-USD': ['59999', '59998', '59997'] };
const service = createService(
  {
    name: 'quotes',
    routes: (app) => {
      serveApi(app, api, {
        getQuote: ({ params: { symbol }, query: { depth } }) => {
          const known = bids[symbol];
          if (known === undefined) throw new HttpProblem(404, `no quote of ${symbol}`);
          return { symbol, bids: known.slice(0, depth) };
        },
      });
    },
  },
  { logger: silentLogger },
);
await service.start();

const client = createClient(api, { baseUrl: service.address });
console.log(await client.getQuote({ params: { symbol: 'BTC-USD' }, query: { depth: 2 } }));
await correlation.run('desk-7', async () => {
  await client.getQuote({ params: { symbol: 'XRP-USD' }, query: {} }).catch((error: unknown) => {
    const { code, message, details } = error as { code: string; message: string; details: object };
    console.log(code, '-', message, '-', details);
  });
});
// What does not fit is refused before it is sent; another client hears it from the service.
await client.getQuote({ params: { symbol: 'BTC-USD' }, query: { depth: 99 } }).catch((error: unknown) => {
  console.log((error as { code: string }).code);
});
const answer = await fetch(`${service.address}/quotes/BTC-USD?depth=99`, {
  headers: { 'x-correlation-id': 'desk-8' },
});
console.log(answer.headers.get('content-type'), await answer.json());
const { paths } = (await (await fetch(`${service.address}/openapi.json`)).json()) as { paths: object };
console.log('in openapi.json:', Object.keys(paths));
await service.stop();
