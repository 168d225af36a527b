// A circuit that opens, says why, and closes again.
import { SystemClock } from 'portcullis';
import { ResilientFetcher } from 'portcullis/resilience';
import { FaultServer } from 'portcullis/testing';

const clock = new SystemClock();
const server = await FaultServer.listen();
const venue = {
  baseUrl: server.url,
  retry: false,
  breaker: { minCalls: 4, openMs: 500, jitterFraction: 0 },
  http: { allowPrivateAddresses: true },
} as const;
const fetcher = new ResilientFetcher({ sources: { venue } }, { clock });
const ask = () => fetcher.tryFetch({ source: 'venue', endpoint: '/price' });
const show = () => {
  const { state, counts, opening } = fetcher.status('venue').circuit;
  const why =
    opening && `${opening.counts.failed} of ${opening.counts.calls} failed, last: ${opening.cause.code}`;
  console.log(state, '-', why ?? `${counts.calls} calls count`);
};

server.script({ status: 500 });
for (let call = 0; call < 4; call++) await ask();
show();
const refused = await ask();
console.log(refused.ok || refused.failure.code, '- requests that arrived:', server.received);

server.script({ body: {} });
await clock.sleep(600);
console.log('the probe:', (await ask()).ok);
show();

fetcher.isolate('venue', 'maintenance until noon');
console.log(fetcher.status('venue').circuit.reason);
await fetcher.close();
await server.close();
