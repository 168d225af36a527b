// What went wrong is a value, and what may not be sent twice is not.
import { PortcullisError, SystemClock } from 'portcullis';
import { type FetchRequest, ResilientFetcher, describeFailure } from 'portcullis/resilience';
import { FaultServer, type HttpFault, httpFaults } from 'portcullis/testing';
import { z } from 'zod';

const server = await FaultServer.listen();
const venue = {
  baseUrl: server.url,
  attemptTimeoutMs: 500,
  retry: { retries: 2, baseDelayMs: 1 },
  breaker: false,
  http: { allowPrivateAddresses: true },
} as const;
const fetcher = new ResilientFetcher({ sources: { venue } }, { clock: new SystemClock() });

async function show(what: string, fault: HttpFault, more: Partial<FetchRequest> = {}): Promise<void> {
  server.script(fault);
  const before = server.received;
  const outcome = await fetcher.tryFetch({ source: 'venue', endpoint: '/price', ...more });
  const told = outcome.ok ? 'an answer' : `${outcome.failure.code}: ${describeFailure(outcome.failure)}`;
  console.log(`${what} - asked ${server.received - before} times - ${told}`);
}

await show('GET, 503', { status: 503 });
await show('GET, silence', { fault: 'hang', at: 'before-headers' });
await show('GET, broken JSON', httpFaults.garbageJson());
await show('GET, 404', { status: 404, body: 'no such symbol' });
await show('GET, another shape', { body: { prize: 1 } }, { schema: z.object({ price: z.string() }) });
await show('POST, 503', { status: 503 }, { method: 'POST', body: {} });
await show(
  'POST with a key, 503',
  { status: 503 },
  { method: 'POST', body: {}, idempotencyKey: 'k-1', retries: 2 },
);

try {
  await fetcher.tryFetch({ source: 'venue', endpoint: '/price', timeoutMs: 0 });
} catch (error) {
  console.log('thrown before anything is sent:', error instanceof PortcullisError && error.message);
}
await fetcher.close();
await server.close();
