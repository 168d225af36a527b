/**
 * A template for unit tests of a service: it runs as it is, on a clock that the test moves, with an upstream that follows a
 * script and flags that are set by hand.
 */
import { FakeFlags, ScriptedUpstream, type UpstreamAnswer, testService } from 'portcullis/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { INGEST_FLAG, IngestorService } from '../../ingestor-service.ts';
import type { Quote } from '../../quote.ts';

/** When the clock of `testService` begins. */
const START_MS = Date.UTC(2026, 0, 5, 12);

const quote = (over: Partial<Quote> = {}): Quote => ({
  instrumentId: 'BTC-USD',
  bid: '100.00',
  ask: '100.25',
  atMs: START_MS,
  ...over,
});
const answer = (...quotes: readonly unknown[]): UpstreamAnswer => ({ body: { quotes } });

/** The service after its first look at an upstream. */
async function world(...script: readonly UpstreamAnswer[]) {
  const upstream = await ScriptedUpstream.listen(script);
  const flags = new FakeFlags();
  const env = {
    INGESTOR_SOURCE__URL: upstream.url,
    INGESTOR_SOURCE__API_KEY: 'env:QUOTES_KEY',
    QUOTES_KEY: 'key-of-the-test',
  };
  const tested = await testService(IngestorService, { env, flags: flags.client });
  onTestFinished(async () => {
    await tested.stop();
    await upstream.close();
  });
  const polls = async () =>
    Object.entries(await tested.metrics())
      .filter(([series]) => series.startsWith('trading_operations_total{operation="poll"'))
      .reduce((sum, [, count]) => sum + count, 0);
  /** Moves the clock to the next look at the upstream, and waits until it is over. */
  const pollAgain = async (): Promise<void> => {
    const before = await polls();
    await tested.advance(1000);
    await vi.waitFor(async () => expect(await polls()).toBe(before + 1));
  };
  return { ...tested, upstream, flags, pollAgain };
}

test('a quote that was written is served', async () => {
  const { inject } = await world(answer(quote()));
  const one = await inject('/quotes/BTC-USD');
  expect([one.status, one.json()]).toEqual([200, quote()]);
  expect((await inject('/quotes')).json()).toEqual({ quotes: [quote()] });
});

test('an instrument without a quote is a 404 with problem details', async () => {
  const { inject } = await world(answer());
  const none = await inject('/quotes/ETH-USD');
  expect([none.status, none.headers['content-type']]).toEqual([
    404,
    expect.stringContaining('application/problem+json'),
  ]);
  expect(none.json()).toMatchObject({ detail: 'there is no quote of this instrument' });
});

test('the upstream is asked every second, with the key, and the newest quote takes the place of the last', async () => {
  const newer = quote({ atMs: START_MS + 900, bid: '99.00' });
  const { upstream, pollAgain, inject } = await world(answer(quote()), answer(newer));
  await pollAgain();
  expect((await inject('/quotes/BTC-USD')).json()).toEqual(newer);
  expect(upstream.requests.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
    ['/v1/quotes', 'Bearer key-of-the-test'],
    ['/v1/quotes', 'Bearer key-of-the-test'],
  ]);
});

test('every outcome is counted, and an outcome that has not been seen stands at 0', async () => {
  const bad = quote({ bid: '101.00' });
  const { metrics } = await world(answer(bad, quote(), quote(), 'nonsense'));
  const counts = Object.entries(await metrics()).filter(([series]) =>
    series.startsWith('ingestor_quotes_total'),
  );
  expect(Object.fromEntries(counts)).toEqual({
    'ingestor_quotes_total{outcome="accepted"}': 1,
    'ingestor_quotes_total{outcome="crossed"}': 1,
    'ingestor_quotes_total{outcome="from_the_future"}': 0,
    'ingestor_quotes_total{outcome="malformed"}': 1,
    'ingestor_quotes_total{outcome="paused"}': 0,
    'ingestor_quotes_total{outcome="repeated"}': 1,
    'ingestor_quotes_total{outcome="unwanted"}': 0,
  });
  expect(await metrics()).toMatchObject({
    'ingestor_last_quote_timestamp_seconds{instrument="BTC-USD"}': START_MS / 1000,
  });
});

test('a flag stops the quotes of one instrument, from the next look on', async () => {
  const later = { atMs: START_MS + 1 };
  const { flags, pollAgain, inject, metrics } = await world(
    answer(quote()),
    answer(quote(later), quote({ ...later, instrumentId: 'ETH-USD' })),
  );
  flags.set(INGEST_FLAG, ({ instrumentId }) => instrumentId !== 'BTC-USD');
  await pollAgain();
  expect((await inject('/quotes')).json()).toEqual({
    quotes: [quote(), quote({ ...later, instrumentId: 'ETH-USD' })],
  });
  expect(await metrics()).toMatchObject({ 'ingestor_quotes_total{outcome="paused"}': 1 });
});

test('a source that is silent for long makes it degraded, not unready, and it comes back', async () => {
  const { service, upstream, pollAgain, advance, inject } = await world(answer(quote()), { status: 500 });
  for (let polls = 0; polls < 15; polls += 1) await pollAgain();
  expect(service.state).toBe('degraded');
  expect((await inject('/ready')).status).toBe(200);
  expect((await inject('/health')).json()).toMatchObject({
    status: 'degraded',
    checks: { source: { status: 'down', critical: false, reason: 'no answer for 15000 ms' } },
  });
  upstream.script(answer(quote()));
  await pollAgain();
  await advance(5000);
  await vi.waitFor(() => expect(service.state).toBe('ready'));
});

test('an error is logged with its operation, and the key is in no line of the log', async () => {
  const { logs } = await world({ status: 500, body: { detail: 'broken' } });
  expect(logs().filter(({ msg }) => msg === 'operation failed')).toEqual([
    expect.objectContaining({ level: 'error', operation: 'poll' }),
  ]);
  expect(JSON.stringify(logs())).not.toContain('key-of-the-test');
});

test('SIGTERM ends it in order with code 0, and no further look at the source', async () => {
  const { signal, exits, upstream, advance } = await world(answer(quote()));
  const report = await signal('SIGTERM');
  await advance(60_000);
  expect({ forced: report.forced, exits, asked: upstream.requests.length }).toEqual({
    forced: false,
    exits: [0],
    asked: 1,
  });
});

test('a key that stands nowhere keeps it from starting, and the error says where it was looked for', async () => {
  const env = { INGESTOR_SOURCE__URL: 'http://127.0.0.1:1', INGESTOR_SOURCE__API_KEY: 'env:QUOTES_KEY' };
  await expect(testService(IngestorService, { env })).rejects.toThrow(/env:QUOTES_KEY is not set/);
});
