import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import { freezeData } from '../../../src/resilience/fetcher/frozen-data.ts';
import { type CacheableRequest, ResponseCache } from '../../../src/resilience/fetcher/response-cache.ts';
import type { SourceAnswer } from '../../../src/resilience/fetcher/source.ts';
import type { Failure } from '../../../src/resilience/failure.ts';
import { type Outcome, failed, success } from '../../../src/resilience/outcome.ts';
import type { CacheRules } from '../../../src/resilience/policies/cache-entry.ts';
import { MemoryStateStore } from '../../../src/storage/index.ts';
import { failing, settle, status } from '../policies/cache-world.ts';

const DATE = 'Sat, 21 Nov 2026 10:00:00 GMT';

const answerOf = (parts: Partial<SourceAnswer> = {}): SourceAnswer => ({
  status: 200,
  headers: {},
  data: { price: '1.5' },
  ...parts,
});

const world = (options: ConstructorParameters<typeof ResponseCache>[0] = {}) => {
  const clock = new ManualClock(Date.UTC(2026, 10, 21));
  const store = new MemoryStateStore({ clock });
  const newCache = () =>
    new ResponseCache(options, {
      clock,
      random: () => 0,
      store: options.maxSize === undefined ? store : undefined,
    });
  const cache = newCache();
  const sent: Readonly<Record<string, string>>[] = [];
  const upstream: { next: Outcome<SourceAnswer> } = { next: success(answerOf()) };
  const askOf =
    (asked: ResponseCache, how: 'run' | 'renew' = 'run') =>
    async (request: Partial<CacheableRequest> = {}, rules: CacheRules = { ttlMs: 1_000 }) =>
      asked[how](
        { source: 's', method: 'GET', path: '/p', ...request },
        async (conditions) => {
          sent.push(conditions);
          return upstream.next;
        },
        newCall(),
        rules,
      );
  return { clock, cache, newCache, askOf, ask: askOf(cache), renew: askOf(cache, 'renew'), sent, upstream };
};

const written = async (): Promise<void> => {
  for (let turn = 0; turn < 4; turn += 1) await settle();
};

describe('an answer that is kept', () => {
  test('is the same object for all, frozen to its leaves', async () => {
    const { ask, upstream, sent } = world();
    upstream.next = success(answerOf({ data: { rows: [{ price: '1' }] } }));
    const [first, second] = [await ask(), await ask()];
    if (!first.ok || !second.ok) throw new Error('expected two answers');
    const data = second.value.value.data as { rows: { price: string }[] };
    expect(first.value.value.data).toBe(data);
    expect([first.value.origin, second.value.origin, sent.length]).toEqual(['origin', 'l1', 1]);
    expect(() => {
      data.rows.push({ price: '2' });
    }).toThrow(TypeError);
    expect(() => {
      (data.rows[0] as { price: string }).price = '2';
    }).toThrow(TypeError);
  });

  test('comes from the store after a restart, frozen as well', async () => {
    const { ask, askOf, newCache, upstream } = world();
    upstream.next = success(answerOf({ status: 203, headers: { etag: '"a"', 'last-modified': DATE } }));
    await ask();
    await written();
    const outcome = await askOf(newCache())();
    expect(outcome).toMatchObject({
      value: {
        origin: 'l2',
        value: { status: 203, data: { price: '1.5' }, etag: '"a"', lastModified: DATE },
      },
    });
    expect(outcome.ok && Object.isFrozen(outcome.value.value.data)).toBe(true);
  });

  test('may have no body', async () => {
    const { ask, askOf, newCache, upstream } = world();
    upstream.next = success(answerOf({ status: 204, data: undefined }));
    await ask();
    await written();
    expect(await askOf(newCache())()).toMatchObject({
      value: { origin: 'l2', value: { status: 204, data: undefined } },
    });
  });

  test('is forgotten with all others', async () => {
    const { ask, cache, sent } = world();
    await ask();
    expect(await cache.clear()).toBe(true);
    await ask();
    expect(sent).toHaveLength(2);
    await cache.close();
  });

  test('is bounded by the memory that the data takes', async () => {
    const { ask, sent, upstream } = world({ maxSize: 10_000 });
    upstream.next = success(answerOf({ data: 'x'.repeat(2_000) }));
    for (const path of ['/a', '/b', '/c', '/c', '/b']) await ask({ path });
    expect(sent).toHaveLength(3);
    await ask({ path: '/a' });
    expect(sent).toHaveLength(4);
  });
});

describe('renewal by condition', () => {
  test('sends what the source gave, and 304 keeps the data and makes it fresh', async () => {
    const { ask, clock, sent, upstream } = world();
    upstream.next = success(answerOf({ headers: { etag: 'W/"a"', 'last-modified': DATE } }));
    const first = await ask();
    clock.advance(1_000);
    upstream.next = success({ status: 304, headers: { date: DATE }, data: undefined });
    const second = await ask();
    expect(sent).toEqual([{}, { 'if-none-match': 'W/"a"', 'if-modified-since': DATE }]);
    expect(second).toMatchObject({
      value: {
        origin: 'origin',
        ageMs: 0,
        value: { status: 200, etag: 'W/"a"', lastModified: DATE },
      },
    });
    expect(first.ok && second.ok && first.value.value.data === second.value.value.data).toBe(true);
    clock.advance(999);
    expect(await ask()).toMatchObject({ value: { origin: 'l1', ageMs: 999 } });
  });

  test('takes the new etag of a 304', async () => {
    const { ask, clock, sent, upstream } = world();
    upstream.next = success(answerOf({ headers: { etag: '"a"' } }));
    await ask();
    clock.advance(1_000);
    upstream.next = success({ status: 304, headers: { etag: '"b"' }, data: undefined });
    await ask();
    clock.advance(1_000);
    await ask();
    expect(sent.at(-1)).toEqual({ 'if-none-match': '"b"' });
  });

  test('works after a restart, long after the answer has expired', async () => {
    const { ask, askOf, clock, newCache, sent, upstream } = world();
    upstream.next = success(answerOf({ headers: { etag: '"a"' } }));
    await ask();
    await written();
    clock.advance(23 * 3_600_000);
    upstream.next = success({ status: 304, headers: {}, data: undefined });
    expect(await askOf(newCache())()).toMatchObject({
      value: { origin: 'origin', value: { data: { price: '1.5' } } },
    });
    expect(sent[1]).toEqual({ 'if-none-match': '"a"' });
  });

  test('refuses a 304 that was not asked for', async () => {
    const { ask, upstream } = world();
    upstream.next = success({ status: 304, headers: {}, data: undefined });
    expect(await ask()).toMatchObject({
      ok: false,
      failure: { code: 'RESPONSE_INVALID', because: 'headers' },
    });
  });

  test.each([
    ['an etag without quotes', { etag: 'a' }],
    ['an etag with a line break', { etag: '"a\r\nx: y"' }],
    ['several etags', { etag: ['"a"', '"b"'] }],
    ['a date that is none', { 'last-modified': 'yesterday' }],
  ])('sends nothing back of %s', async (_, headers) => {
    const { ask, clock, sent, upstream } = world();
    upstream.next = success(answerOf({ headers }));
    await ask();
    clock.advance(1_000);
    await ask();
    expect(sent).toEqual([{}, {}]);
  });
});

describe('what is never kept', () => {
  test.each<[string, SourceAnswer['headers']]>([
    ['a cookie', { 'set-cookie': ['session=1'] }],
    ['no-store', { 'cache-control': 'max-age=60, No-Store' }],
    ['private', { 'cache-control': ['public', 'private="x-user"'] }],
    ['vary on everything', { vary: 'accept, *' }],
  ])('is an answer with %s; what was kept goes with it', async (_, headers) => {
    const { ask, clock, sent, upstream } = world();
    await ask();
    clock.advance(1_000);
    upstream.next = success(answerOf({ headers }));
    expect(await ask()).toMatchObject({ value: { origin: 'origin' } });
    await ask();
    expect(sent).toHaveLength(3);
    upstream.next = failed(failing);
    expect(await ask({}, { ttlMs: 1_000, staleIfErrorMs: 1e9 })).toEqual(failed(failing));
  });

  test.each<[string, SourceAnswer['headers']]>([
    ['a directive that only looks like one', { 'cache-control': 'x-private, no-stores' }],
    ['vary on a header', { vary: 'accept-encoding' }],
  ])('is not an answer with %s', async (_, headers) => {
    const { ask, sent, upstream } = world();
    upstream.next = success(answerOf({ headers }));
    await ask();
    await ask();
    expect(sent).toHaveLength(1);
  });

  test.each<[string, Partial<CacheableRequest>]>([
    ['a signed request', { isSigned: true }],
    ['a request with an authorization', { headers: { Authorization: 'Bearer x' } }],
    ['a request with a cookie', { headers: { cookie: 'a=1' } }],
    ['a method that changes things', { method: 'POST' }],
    ['a method that changes things, whatever its key', { method: 'POST', cacheKey: 'mine' }],
  ])('is the answer to %s: each is sent', async (_, request) => {
    const { ask, sent } = world();
    expect(await ask(request)).toMatchObject({ ok: true, value: { origin: 'origin', ageMs: 0 } });
    await Promise.all([ask(request), ask(request)]);
    expect(sent).toHaveLength(3);
  });

  test('is anything with a time to live of 0', async () => {
    const { ask, sent } = world();
    await Promise.all([ask({}, { ttlMs: 0 }), ask({}, { ttlMs: 0 })]);
    expect(sent).toHaveLength(2);
  });

  test('is a number that JSON cannot write', async () => {
    const { ask, sent, upstream } = world();
    upstream.next = success(answerOf({ data: JSON.parse('{"rows":[1,1e999]}') }));
    for (const _ of [1, 2]) expect(await ask()).toMatchObject({ value: { origin: 'origin' } });
    expect(sent).toHaveLength(2);
  });
});

describe('data that does not fit a caller', () => {
  const fits = (data: unknown) => data !== 'maintenance';
  const maintenance = success(answerOf({ data: 'maintenance' }));

  test('is given to that caller, who does not keep it; what was kept stays', async () => {
    const { ask, clock, upstream } = world();
    await ask();
    clock.advance(500);
    upstream.next = maintenance;
    expect(await ask({ fits }, { ttlMs: 500 })).toMatchObject({
      value: { origin: 'origin', value: { data: 'maintenance' } },
    });
    expect(await ask()).toMatchObject({ value: { origin: 'l1', value: { data: { price: '1.5' } } } });
  });

  test.each([
    ['refuses it', fits],
    [
      'throws',
      () => {
        throw new Error('x');
      },
    ],
  ])('fails nobody who waits for the same answer, when the check of who asked %s', async (_, check) => {
    const { ask, upstream, sent } = world();
    upstream.next = maintenance;
    const all = await Promise.all([ask({ fits: check }), ask()]);
    expect(all).toEqual([all[0], all[0]]);
    expect(all[1]).toMatchObject({ value: { value: { data: 'maintenance' } } });
    expect(sent).toHaveLength(1);
    await ask({ fits });
    expect(sent).toHaveLength(2);
  });

  test('is asked for anew by a condition, and what comes is kept for all', async () => {
    const { ask, renew, clock, sent, upstream } = world();
    upstream.next = success(answerOf({ data: 'maintenance', headers: { etag: '"a"' } }));
    await ask();
    clock.advance(100);
    upstream.next = success(answerOf());
    expect(await renew({ fits })).toMatchObject({ value: { origin: 'origin', value: { status: 200 } } });
    expect(sent).toEqual([{}, { 'if-none-match': '"a"' }]);
    expect(await ask()).toMatchObject({
      value: { origin: 'l1', ageMs: 0, value: { data: { price: '1.5' } } },
    });
  });

  test('is asked for anew although old data could be given on an error', async () => {
    const { ask, renew, upstream } = world();
    await ask();
    upstream.next = failed(failing);
    expect(await renew({ fits }, { ttlMs: 1_000, staleIfErrorMs: 1_000 })).toEqual(failed(failing));
  });
});

describe('whose answer it is', () => {
  test('is what an explicit key says, also when the credentials change', async () => {
    const { ask, sent } = world();
    await ask({ isSigned: true, cacheKey: 'account 1', headers: { authorization: 'old' } });
    await ask({ isSigned: true, cacheKey: 'account 1', headers: { authorization: 'new' } });
    await ask({ isSigned: true, cacheKey: 'account 2', headers: { authorization: 'new' } });
    await ask({ isSigned: true, cacheKey: 'account 2', path: '/other' });
    expect(sent).toHaveLength(3);
  });

  test('is never another: other headers are another request', async () => {
    const { ask, sent } = world();
    await ask({ headers: { 'x-api-key': 'a' } });
    await ask({ headers: { 'x-api-key': 'b' } });
    await ask({ headers: { 'X-API-Key': 'a' } });
    expect(sent).toHaveLength(2);
  });
});

describe('a negative answer', () => {
  test.each([
    [404, 1],
    [410, 1],
    [400, 2],
    [500, 2],
  ])('a status of %d is sent %d times in its time to live', async (code, times) => {
    const { ask, sent, upstream } = world();
    upstream.next = failed(status(code));
    for (const _ of [1, 2]) await ask({}, { ttlMs: 1_000, negativeTtlMs: 100 });
    expect(sent).toHaveLength(times);
  });
});

test('kept failures are bounded by the memory that they take', async () => {
  const { ask, sent, upstream } = world({ maxSize: 10_000 });
  const big: Failure = {
    code: 'UPSTREAM_STATUS',
    upstream: 'alive',
    mayRetry: false,
    status: 404,
    headers: { 'x-big': 'x'.repeat(1_500) },
    body: 'y'.repeat(500),
  };
  upstream.next = failed(big);
  for (const path of ['/a', '/b', '/c', '/c', '/b', '/a'])
    await ask({ path }, { ttlMs: 1_000, negativeTtlMs: 1_000 });
  expect(sent).toHaveLength(4);
});

describe('freezeData', () => {
  test('does not overflow the stack on data of any depth', () => {
    const data: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(freezeData(data)).toBeGreaterThan(100_000);
  });

  test.each<[unknown, number]>([
    [undefined, 0],
    [7, 0],
    ['abc', 6],
    [[], 48],
    [{ a: [-Infinity] }, Infinity],
    [{ ab: 'cd' }, 48 + 16 + 2 + 4],
    [[1, null, true], 48 + 3 * 16],
  ])('of %j takes about %d bytes', (data, bytes) => {
    expect(freezeData(data)).toBe(bytes);
  });
});
