// What a source may not lead us to.
import { SystemClock } from 'portcullis';
import { type SourceOptions, ResilientFetcher } from 'portcullis/resilience';
import { FaultServer, httpFaults } from 'portcullis/testing';

const clock = new SystemClock();
const server = await FaultServer.listen();
server.script(httpFaults.redirect());

async function show(what: string, source: SourceOptions): Promise<void> {
  const fetcher = new ResilientFetcher({ sources: { source } }, { clock });
  const outcome = await fetcher.tryFetch({ source: 'source', endpoint: '/price' });
  const { failure } = outcome.ok ? {} : outcome;
  const why = failure?.code === 'ADDRESS_REFUSED' ? `${failure.because}, ${failure.address}` : '';
  console.log(`${what}: ${failure?.code ?? 'an answer'} (${why})`);
  await fetcher.close();
}

await show('metadata of a cloud', { baseUrl: 'http://169.254.169.254' });
await show('the machine itself, written oddly', { baseUrl: 'http://0x7f.1' });
const own = { allowPrivateAddresses: ['127.0.0.0/8'] };
await show('allowed, but it sends us elsewhere', { baseUrl: server.url, http: own });
await server.close();
