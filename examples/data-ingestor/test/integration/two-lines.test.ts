/** The class that became a service with two lines: all of it is served, and what it did before it still does. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedUpstream, testService } from 'portcullis/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Ingestor } from '../../ingestor.ts';
import { Ingestor as PlainIngestor } from '../../plain-ingestor.ts';

const quote = { instrumentId: 'BTC-USD', bid: '100.00', ask: '100.25', atMs: 1 };

/** An upstream that answers with two quotes, the second of them bad, and a file for the good ones. */
async function place() {
  const directory = await mkdtemp(join(tmpdir(), 'ingestor-'));
  const upstream = await ScriptedUpstream.listen([{ body: { quotes: [quote, { ...quote, bid: 1 }] } }]);
  onTestFinished(async () => {
    await upstream.close();
    await rm(directory, { recursive: true });
  });
  return { url: upstream.url, upstream, file: join(directory, 'quotes.jsonl') };
}

const linesIn = async (file: string): Promise<unknown[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

test('plain: writes what is good, once, until it is told to end', async () => {
  const { url, file, upstream } = await place();
  const ingestor = Object.assign(new PlainIngestor(), { url, file, everyMs: 10 });
  const end = new AbortController();
  const ended = ingestor.ingest(end.signal);
  await vi.waitFor(() => expect(upstream.requests.length).toBeGreaterThan(2));
  end.abort();
  await ended;
  expect(await linesIn(file)).toEqual([quote]);
  expect([...ingestor.last.values()]).toEqual([quote]);
});

test('plain: a source that fails is asked again', async () => {
  const errors = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  onTestFinished(() => errors.mockRestore());
  const { url, file, upstream } = await place();
  upstream.script({ status: 500 }, 'reset', { body: { quotes: [quote] } });
  const ingestor = Object.assign(new PlainIngestor(), { url, file, everyMs: 10 });
  const end = new AbortController();
  const ended = ingestor.ingest(end.signal);
  await vi.waitFor(() => expect(ingestor.last.size).toBe(1));
  end.abort();
  await ended;
  // The poll that the end cut off may have said so as a third.
  expect(errors.mock.calls.flat().slice(0, 2)).toEqual([
    expect.stringContaining('answered 500'),
    expect.stringContaining('fetch failed'),
  ]);
});

test('on the chassis: the same lines in the file, and probes, metrics, configuration and an orderly stop with it', async () => {
  const { url, file, upstream } = await place();
  const env = { INGESTOR_SERVICE__STOP_TIMEOUT_MS: '1234' };
  const { service, inject, metrics, stop } = await testService(Ingestor, { env });
  onTestFinished(async () => {
    await stop();
  });
  Object.assign(service, { url, file, everyMs: 10 });
  const ingesting = service.run('ingest', ({ signal }) => service.ingest(signal));
  await vi.waitFor(() => expect(upstream.requests.length).toBeGreaterThan(2));

  for (const probe of ['/live', '/startup', '/ready', '/health'])
    expect([probe, (await inject(probe)).status]).toEqual([probe, 200]);
  expect(await metrics()).toMatchObject({
    'service_state{state="ready"}': 1,
    trading_operations_in_flight: 1,
    'http_requests_total{method="GET",route="/ready",status="2xx"}': 1,
  });

  const report = await stop();
  await ingesting;
  expect(report).toMatchObject({ forced: false });
  expect(report.steps.map(({ name }) => name)).toContain('work');
  expect(await metrics()).toMatchObject({ 'trading_operations_total{operation="ingest",outcome="ok"}': 1 });
  expect(await linesIn(file)).toEqual([quote]);
});

test('on the chassis: a misspelt setting keeps it from starting', async () => {
  const env = { INGESTOR_SERVICE__PROT: '1' };
  await expect(testService(Ingestor, { env })).rejects.toThrow(
    /INGESTOR_SERVICE__PROT.*nearest.*INGESTOR_SERVICE__PORT/s,
  );
});
