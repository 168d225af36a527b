import { afterEach, describe, expect, test } from 'vitest';
import { ScriptedUpstream, type UpstreamAnswer } from '../../src/testing/index.ts';

const open: ScriptedUpstream[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((upstream) => upstream.close()));
});

async function listening(...script: UpstreamAnswer[]): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.listen(script.length === 0 ? undefined : script);
  open.push(upstream);
  return upstream;
}

const statusOf = async (upstream: ScriptedUpstream): Promise<number> => (await fetch(upstream.url)).status;

describe('ScriptedUpstream', () => {
  test('answers 200 with an empty object unless told otherwise', async () => {
    const upstream = await listening();
    const answer = await fetch(upstream.url);
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      200,
      'application/json',
      {},
    ]);
  });

  test('gives each request the next answer, and the last one again when the script is used up', async () => {
    const upstream = await listening({ status: 500 }, { status: 429 }, { status: 200 });
    const seen = [];
    for (let i = 0; i < 4; i += 1) seen.push(await statusOf(upstream));
    expect(seen).toEqual([500, 429, 200, 200]);
  });

  test('goes on with another script when it is given one', async () => {
    const upstream = await listening({ status: 500 }, { status: 501 });
    expect(await statusOf(upstream)).toBe(500);
    upstream.script({ status: 201 }, { status: 202 });
    expect([await statusOf(upstream), await statusOf(upstream)]).toEqual([201, 202]);
    upstream.script();
    expect(await statusOf(upstream)).toBe(200);
  });

  test('sends text as it is, all else as JSON, with the headers that are given', async () => {
    const upstream = await listening(
      { body: 'plain', headers: { 'content-type': 'text/plain', 'retry-after': '2' } },
      { body: { price: '1.5' } },
      { body: null },
    );
    const plain = await fetch(upstream.url);
    expect([plain.headers.get('content-type'), plain.headers.get('retry-after'), await plain.text()]).toEqual(
      ['text/plain', '2', 'plain'],
    );
    expect(await (await fetch(upstream.url)).json()).toEqual({ price: '1.5' });
    expect(await (await fetch(upstream.url)).text()).toBe('null');
  });

  test('keeps the requests as they arrived', async () => {
    const upstream = await listening();
    await fetch(`${upstream.url}/orders?side=buy`, { method: 'POST', body: 'é', headers: { 'x-id': '7' } });
    expect(upstream.requests).toEqual([
      {
        method: 'POST',
        url: '/orders?side=buy',
        headers: expect.objectContaining({ 'x-id': '7' }) as unknown,
        body: 'é',
      },
    ]);
  });

  test('waits before an answer', async () => {
    const upstream = await listening({ delayMs: 100 });
    const beganMs = performance.now();
    await statusOf(upstream);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(95);
  });

  test('hangs until the client gives up', async () => {
    const upstream = await listening('hang');
    const abort = new AbortController();
    const request = fetch(upstream.url, { signal: abort.signal });
    while (upstream.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    abort.abort(new Error('gave up'));
    await expect(request).rejects.toThrow('gave up');
  });

  test('closes the connection without a word', async () => {
    const upstream = await listening('reset', {});
    await expect(fetch(upstream.url)).rejects.toThrow('fetch failed');
    expect(await statusOf(upstream)).toBe(200);
  });

  test('close ends what hangs or waits, and nobody listens any more', async () => {
    const upstream = await listening('hang');
    const request = fetch(upstream.url);
    const refused = expect(request).rejects.toThrow('fetch failed');
    while (upstream.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await upstream[Symbol.asyncDispose]();
    await refused;
    await expect(fetch(upstream.url)).rejects.toThrow('fetch failed');
    await upstream.close();
  });
});
