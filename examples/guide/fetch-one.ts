// One price from a source that fails once.
import { SystemClock } from 'portcullis';
import { ResilientFetcher } from 'portcullis/resilience';
import { FaultServer, burst } from 'portcullis/testing';
import { z } from 'zod';

const server = await FaultServer.listen(); // stands for the source
server.script(burst(1, { status: 503 }, { body: { symbol: 'BTCUSDT', price: '60000.10' } }));

const venue = { baseUrl: server.url, http: { allowPrivateAddresses: true } };
const fetcher = new ResilientFetcher({ sources: { venue } }, { clock: new SystemClock() });

const { data, meta } = await fetcher.fetch({
  source: 'venue',
  endpoint: '/price',
  params: { symbol: 'BTCUSDT' },
  schema: z.object({ symbol: z.string(), price: z.string() }),
});
console.log(data.price, 'from', meta.origin, 'after', meta.attempts, 'attempts');

await fetcher.close();
await server.close();
