import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { MetricsRegistry, type PushMetricsOptions, pushMetrics } from '../../../src/telemetry/index.ts';

const URL = 'http://gateway:9091';

/** A gateway that keeps what it got and answers as told. */
function gateway(answer: () => Response | Promise<Response> = () => new Response(null, { status: 200 })) {
  const calls: { url: string; init: RequestInit }[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    calls.push({ url: input as string, init });
    return answer();
  };
  return { calls, fetch };
}

const metrics = () => {
  const registry = new MetricsRegistry({ processMetrics: true });
  registry.counter({ name: 'rows_total', help: 'Rows.' }).inc(7);
  return registry;
};

const push = (options: Partial<PushMetricsOptions>, fetch: typeof globalThis.fetch, signal?: AbortSignal) =>
  pushMetrics(metrics(), { url: URL, job: 'nightly', ...options }, { fetch, ...(signal && { signal }) });

const errorOf = (pushed: Promise<void>): Promise<unknown> =>
  pushed.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('pushMetrics', () => {
  test.each([
    ['push', 'POST'],
    ['replace', 'PUT'],
  ] as const)('%s sends our metrics with %s, without those of the process', async (method, verb) => {
    const { calls, fetch } = gateway();
    await push({ method }, fetch);
    expect(calls).toHaveLength(1);
    const { url, init } = calls[0] ?? { url: '', init: {} };
    expect([url, init.method]).toEqual([`${URL}/metrics/job/nightly`, verb]);
    expect(init.body).toContain('\nrows_total 7\n');
    expect(init.body).not.toContain('process_cpu');
    expect(init.headers).toMatchObject({ 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  });

  test('delete sends no body', async () => {
    const { calls, fetch } = gateway(() => new Response(null, { status: 202 }));
    await push({ method: 'delete' }, fetch);
    expect([calls[0]?.init.method, calls[0]?.init.body]).toEqual(['DELETE', undefined]);
  });

  test.each([
    ['plain', { instance: 'a' }, 'job/nightly/instance/a'],
    ['sorted by name', { zone: '1', instance: 'a' }, 'job/nightly/instance/a/zone/1'],
    ['with spaces and signs', { k: 'a b?c#d%e&f' }, 'job/nightly/k/a%20b%3Fc%23d%25e%26f'],
    ['with other letters', { k: 'ü€' }, 'job/nightly/k/%C3%BC%E2%82%AC'],
    ['with a slash', { k: '/var/tmp' }, 'job/nightly/k@base64/L3Zhci90bXA'],
    ['that need the letters of base64url', { k: '/?>?>~~' }, 'job/nightly/k@base64/Lz8-Pz5-fg'],
    ['empty', { k: '' }, 'job/nightly/k@base64/='],
    ['a dot', { k: '.' }, 'job/nightly/k@base64/Lg'],
    ['two dots', { k: '..' }, 'job/nightly/k@base64/Li4'],
    ['half a character', { k: 'a\ud800' }, 'job/nightly/k/a%EF%BF%BD'],
  ])('writes grouping values that are %s', async (_what, grouping, path) => {
    const { calls, fetch } = gateway();
    await push({ grouping: grouping }, fetch);
    expect(calls[0]?.url).toBe(`${URL}/metrics/${path}`);
  });

  test('writes a job with a slash, below an address with a path', async () => {
    const { calls, fetch } = gateway();
    await push({ url: 'https://host/push/?a=1#b', job: 'a/b' }, fetch);
    expect(calls[0]?.url).toBe('https://host/push/metrics/job@base64/YS9i');
  });

  test('sends a user and password of the address as a header, and other headers along', async () => {
    const { calls, fetch } = gateway();
    await push({ url: 'http://us%40er:se%3Acret@gateway:9091', headers: { 'x-scope': 't' } }, fetch);
    expect(calls[0]?.url).toBe(`${URL}/metrics/job/nightly`);
    expect(calls[0]?.init.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('us@er:se:cret').toString('base64')}`,
      'x-scope': 't',
    });
  });

  test.each([
    [500, 'METRICS_PUSH_FAILED', true],
    [503, 'METRICS_PUSH_FAILED', true],
    [429, 'METRICS_PUSH_FAILED', true],
    [400, 'METRICS_PUSH_REFUSED', false],
    [401, 'METRICS_PUSH_REFUSED', false],
    [302, 'METRICS_PUSH_REFUSED', false],
  ] as const)('an answer of %s is %s', async (status, code, retryable) => {
    const { fetch } = gateway(() => new Response(`why ${'x'.repeat(1000)}`, { status }));
    const error = await errorOf(push({}, fetch));
    const url = `${URL}/metrics/job/nightly`;
    expect(error).toMatchObject({ code, retryable, details: { url, status } });
    expect((error as Error).message).toBe(`${url} answered ${status}: why ${'x'.repeat(296)}`);
  });

  test('a gateway that cannot be reached is METRICS_PUSH_FAILED with its cause', async () => {
    const cause = new TypeError('fetch failed');
    const { fetch } = gateway(() => Promise.reject(cause));
    expect(await errorOf(push({}, fetch))).toMatchObject({
      code: 'METRICS_PUSH_FAILED',
      retryable: true,
      cause,
    });
  });

  test('a gateway that does not answer is given up after timeoutMs, and the request with it', async () => {
    const clock = new ManualClock();
    const { calls, fetch } = gateway(() => new Promise(() => {}));
    const pushed = errorOf(
      pushMetrics(metrics(), { url: URL, job: 'nightly', timeoutMs: 50 }, { fetch, clock }),
    );
    while (calls.length === 0) await clock.turn();
    clock.advance(49);
    expect(calls[0]?.init.signal?.aborted).toBe(false);
    clock.advance(1);
    expect(await pushed).toMatchObject({ code: 'METRICS_PUSH_FAILED', retryable: true });
    expect(calls[0]?.init.signal?.aborted).toBe(true);
  });

  test('an abort wins at once, and nothing is sent after it', async () => {
    const reason = new Error('stopped');
    const { calls, fetch } = gateway(() => new Promise(() => {}));
    const abort = new AbortController();
    const pushed = errorOf(push({}, fetch, abort.signal));
    while (calls.length === 0) await new ManualClock().turn();
    abort.abort(reason);
    expect(await pushed).toBe(reason);
    expect(await errorOf(push({}, fetch, abort.signal))).toBe(reason);
    await new ManualClock().turn();
    expect(calls).toHaveLength(1);
  });

  test('an abort with something that is no error becomes one', async () => {
    const { fetch } = gateway();
    expect(await errorOf(push({}, fetch, AbortSignal.abort('enough')))).toEqual(new Error('enough'));
  });

  test('leaves no timer behind', async () => {
    const clock = new ManualClock();
    await pushMetrics(metrics(), { url: URL, job: 'a' }, { fetch: gateway().fetch, clock });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test.each([
    { url: 'gateway:9091' },
    { url: 'ftp://gateway' },
    { url: 7 },
    { job: '' },
    { grouping: { job: 'a' } },
    { grouping: { __name__: 'a' } },
    { grouping: { 'a-b': 'a' } },
    { timeoutMs: 0 },
    { method: 'get' },
    { headers: { 'a b': 'c' } },
    { jbo: 'a' },
  ])('refuses the options %j', async (options) => {
    const { calls, fetch } = gateway();
    expect(await errorOf(push(options as never, fetch))).toMatchObject({ code: 'OPTION_INVALID' });
    expect(calls).toEqual([]);
  });

  test.each([
    { url: 'ftp://me:hunter2@gateway' },
    { headers: { authorization: 'hunter2\n' } },
    { url: 'http://me:hunter2@gateway' },
    { headers: { authorization: 'hunter2' } },
  ])('keeps secrets out of its errors: %j', async (options) => {
    const { fetch } = gateway(() => new Response(null, { status: 500 }));
    const error = await errorOf(push(options, fetch));
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 })).not.toContain('hunter2');
  });
});
