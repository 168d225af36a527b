import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createClient, defineApi } from '../../src/service/index.ts';
import { ScriptedUpstream, type UpstreamAnswer } from '../../src/testing/scripted-upstream.ts';

const api = defineApi({
  list: { method: 'GET', path: '/venues', response: z.array(z.string()) },
});

async function upstream(...script: UpstreamAnswer[]) {
  const server = await ScriptedUpstream.listen(script);
  onTestFinished(() => server.close());
  return { server, client: (timeoutMs = 5000) => createClient(api, { baseUrl: server.url, timeoutMs }) };
}

test('a redirect is refused: it may lead anywhere', async () => {
  const { server, client } = await upstream(
    { status: 307, headers: { location: '/elsewhere' } },
    { body: ['x'] },
  );
  await expect(client().list()).rejects.toMatchObject({
    code: 'REQUEST_FAILED',
    message: 'list: GET /venues: fetch failed: unexpected redirect',
  });
  expect(server.requests.map(({ url }) => url)).toEqual(['/venues']);
});

test('a request is never repeated, whatever became of it', async () => {
  const { server, client } = await upstream('reset', { status: 503, body: { detail: 'later' } });
  await expect(client().list()).rejects.toMatchObject({ code: 'REQUEST_FAILED', details: {} });
  await expect(client().list()).rejects.toMatchObject({ code: 'REQUEST_FAILED', message: 'list: 503 later' });
  expect(server.requests).toHaveLength(2);
});

test('a service that never answers is given up in time', async () => {
  const { client } = await upstream('hang');
  await expect(client(100).list()).rejects.toMatchObject({
    message: 'list: GET /venues: no answer within 100 ms',
  });
});

test('an abort ends the wait at once', async () => {
  const { server, client } = await upstream('hang');
  const abort = new AbortController();
  const call = client(60_000).list({}, { signal: abort.signal });
  while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const reason = new Error('the desk closes');
  abort.abort(reason);
  await expect(call).rejects.toMatchObject({ code: 'REQUEST_FAILED', cause: reason });
});
