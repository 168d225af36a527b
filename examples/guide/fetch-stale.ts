// An answer is given again while it is fresh, and old when the source is out: it always says which.
import { SystemClock } from 'portcullis';
import { ResilientFetcher } from 'portcullis/resilience';
import { FaultServer } from 'portcullis/testing';

const clock = new SystemClock();
const server = await FaultServer.listen();
server.script({ body: { price: '60000.10' } });
const venue = {
  baseUrl: server.url,
  retry: false,
  cache: { ttlMs: 1_000, staleIfErrorMs: 60_000 },
  http: { allowPrivateAddresses: true },
} as const;
const fetcher = new ResilientFetcher({ sources: { venue } }, { clock });

async function show(what: string, more: { cacheTtlMs?: number } = {}): Promise<void> {
  const outcome = await fetcher.tryFetch({ source: 'venue', endpoint: '/price', ...more });
  if (outcome.ok) {
    const { origin, ageMs } = outcome.value.meta;
    console.log(`${what}: ${origin}, ${ageMs < 1_000 ? 'younger' : 'older'} than a second`);
  } else {
    console.log(`${what}: ${outcome.failure.code}`);
  }
}

await show('first');
await show('again');
await clock.sleep(1_100);
await server.down();
await show('the source is gone');
await show('the same, but only fresh data will do', { cacheTtlMs: 0 });
await server.up();
server.script({ status: 404 });
await show('the source says no');
await fetcher.close();
await server.close();
