/**
 * A template for integration tests of a service: real sockets, real files and the clock of the machine, with an upstream
 * that fails in every way that an upstream can.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis';
import { createClient } from 'portcullis/service';
import { ScriptedUpstream, type UpstreamAnswer, testService } from 'portcullis/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ingestorApi } from '../../api.ts';
import { IngestorService } from '../../ingestor-service.ts';
import type { Quote } from '../../quote.ts';

const WAIT = { timeout: 10_000, interval: 20 };

const quote = (over: Partial<Quote> = {}): Quote => ({
  instrumentId: 'BTC-USD',
  bid: '100.00',
  ask: '100.25',
  atMs: 1,
  ...over,
});
const answer = (...quotes: readonly unknown[]): UpstreamAnswer => ({ body: { quotes } });

async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ingestor-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function upstreamWith(...script: readonly UpstreamAnswer[]): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.listen(script);
  onTestFinished(() => upstream.close());
  return upstream;
}

/** The service in a hurry: it asks every 50 ms, waits 200 ms for an answer, and misses the source after 300 ms. */
async function start(upstream: ScriptedUpstream, dataDir: string) {
  const env = {
    INGESTOR_SOURCE__URL: upstream.url,
    INGESTOR_SOURCE__API_KEY: 'env:QUOTES_KEY',
    INGESTOR_SOURCE__TIMEOUT_MS: '200',
    INGESTOR_POLL_MS: '50',
    INGESTOR_STALE_AFTER_MS: '300',
    INGESTOR_DATA_DIR: dataDir,
    INGESTOR_SERVICE__CHECK_EVERY_MS: '100',
    QUOTES_KEY: 'key-of-the-test',
  };
  const tested = await testService(IngestorService, { env, clock: new SystemClock() });
  onTestFinished(async () => {
    await tested.stop();
  });
  return { ...tested, client: createClient(ingestorApi, { baseUrl: tested.service.address }) };
}

test('its client gets the last quotes over a socket, checked by the schemas that it serves them with', async () => {
  const { client } = await start(await upstreamWith(answer(quote())), await temporaryDirectory());
  expect(await client.listQuotes()).toEqual({ quotes: [quote()] });
  expect(await client.getQuote({ params: { instrumentId: 'BTC-USD' } })).toEqual(quote());
  await expect(client.getQuote({ params: { instrumentId: 'ETH-USD' } })).rejects.toMatchObject({
    code: 'REQUEST_FAILED',
    details: { status: 404 },
  });
});

test.each<[string, UpstreamAnswer]>([
  ['hangs', 'hang'],
  ['closes the connection', 'reset'],
  ['answers 500', { status: 500, body: 'out of order' }],
  ['is slower than its time', { delayMs: 1000, body: { quotes: [quote({ atMs: 9 })] } }],
  ['answers with what is no JSON', { body: '<html>' }],
  ['answers with something else', { body: { prices: [] } }],
  ['sends elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }],
])(
  'a source that %s: degraded, still alive, what came before is served, and it comes back',
  async (_, fault) => {
    const upstream = await upstreamWith(answer(quote()));
    const { service, client } = await start(upstream, await temporaryDirectory());
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(`${service.address}${path}`)).status;

    upstream.script(fault);
    await vi.waitFor(() => expect(service.state).toBe('degraded'), WAIT);
    expect([await statusOf('/live'), await statusOf('/ready')]).toEqual([200, 200]);
    expect(await client.listQuotes()).toEqual({ quotes: [quote()] });

    upstream.script(answer(quote({ atMs: 2 })));
    await vi.waitFor(() => expect(service.state).toBe('ready'), WAIT);
    expect(await client.listQuotes()).toEqual({ quotes: [quote({ atMs: 2 })] });
  },
);

test('a source that was never there: it starts degraded, and takes quotes when there are some', async () => {
  const upstream = await upstreamWith('reset');
  const { service, client } = await start(upstream, await temporaryDirectory());
  expect(service.state).toBe('degraded');
  upstream.script(answer(quote()));
  await vi.waitFor(() => expect(service.state).toBe('ready'), WAIT);
  expect(await client.listQuotes()).toEqual({ quotes: [quote()] });
});

test('after a restart the last quotes are there before the source answers', async () => {
  const upstream = await upstreamWith(answer(quote(), quote({ instrumentId: 'ETH-USD' })));
  const dataDir = await temporaryDirectory();
  const { stop } = await start(upstream, dataDir);
  expect((await stop()).forced).toBe(false);

  upstream.script('reset');
  const { client } = await start(upstream, dataDir);
  expect(await client.listQuotes()).toEqual({ quotes: [quote(), quote({ instrumentId: 'ETH-USD' })] });
});

test('a second one on the same data directory does not start, and says who has it', async () => {
  const upstream = await upstreamWith(answer());
  const dataDir = await temporaryDirectory();
  await start(upstream, dataDir);
  await expect(start(upstream, dataDir)).rejects.toMatchObject({
    code: 'SERVICE_START_FAILED',
    cause: { code: 'DATA_DIR_LOCKED' },
  });
});

test('with nothing configured quotes are simulated, and each look brings newer ones', async () => {
  const tested = await testService(IngestorService, {
    env: { INGESTOR_POLL_MS: '50' },
    clock: new SystemClock(),
  });
  onTestFinished(async () => {
    await tested.stop();
  });
  const listed = async () => ((await tested.inject('/quotes')).json() as { quotes: Quote[] }).quotes;
  const [first] = await listed();
  expect((await listed()).map(({ instrumentId }) => instrumentId)).toEqual(['BTC-USD', 'ETH-USD']);
  await vi.waitFor(
    async () => expect((await listed())[0]?.atMs).toBeGreaterThan(first?.atMs ?? Infinity),
    WAIT,
  );
});
