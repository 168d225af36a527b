import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import { ResponseCache } from '../../../src/resilience/fetcher/response-cache.ts';
import { success } from '../../../src/resilience/outcome.ts';
import { ResultCache } from '../../../src/resilience/policies/cache.ts';
import { SqliteStateStore } from '../../../src/storage/index.ts';

const clock = new SystemClock();
let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cache-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const open = (): Promise<SqliteStateStore> =>
  SqliteStateStore.open({ path: join(directory, 'cache.db') }, { clock });

const cacheOver = (store: SqliteStateStore): ResultCache<string> =>
  new ResultCache<string>({}, { clock, secondLevel: { store, encode: (value) => value, decode: String } });

const never = (): Promise<string> => Promise.reject(new Error('asked the origin'));
const rules = { ttlMs: 60_000 };

describe('a cache over SQLite', () => {
  test('outlives the process, with the age of its values', async () => {
    const before = await open();
    const first = cacheOver(before);
    expect(await first.execute('a key, of any alphabet: ä', async () => 'kept', rules)).toBe('kept');
    await first.close();
    await before.close();
    const after = await open();
    const outcome = await cacheOver(after).tryExecute('a key, of any alphabet: ä', never, rules);
    expect(outcome).toMatchObject({ ok: true, value: { value: 'kept', origin: 'l2' } });
    expect(outcome.ok && outcome.value.ageMs >= 0 && outcome.value.ageMs < 10_000).toBe(true);
    await after.close();
  });

  test('goes on without the store when it is closed underneath', async () => {
    const store = await open();
    const cache = cacheOver(store);
    await store.close();
    expect(await cache.execute('k', async () => 'new', rules)).toBe('new');
    expect(await cache.execute('k', never, rules)).toBe('new');
    expect(cache.status().secondLevel).toBe('down');
    expect(await cache.delete('k')).toBe(false);
    await cache.close();
  });

  test('answers before it writes, each write in a turn of its own', async () => {
    const store = await open();
    const cache = cacheOver(store);
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => cache.execute(String(at), async () => 'x', rules)),
    );
    expect(cache.status().pendingWrites).toBe(20);
    await cache.close();
    expect(await store.list('cache:cache:')).toHaveLength(20);
    await store.close();
  });

  test('clear takes out what is ours', async () => {
    const store = await open();
    const cache = cacheOver(store);
    await cache.execute('k', async () => 'x', rules);
    await store.set('other', 1);
    expect(await cache.clear()).toBe(true);
    expect((await store.list('')).map(({ key }) => key)).toEqual(['other']);
    await store.close();
  });

  test('keeps an answer with its etag, to ask after a restart whether it has changed', async () => {
    const request = { source: 's', method: 'GET', path: '/p' };
    const before = await open();
    const first = new ResponseCache({}, { clock, store: before });
    const answer = { status: 200, headers: { etag: '"a"' }, data: { rows: [1, 2] } };
    await first.run(request, async () => success(answer), newCall(), { ttlMs: 1 });
    await first.close();
    await before.close();
    await clock.sleep(5);
    const after = await open();
    const second = new ResponseCache({}, { clock, store: after });
    const outcome = await second.run(
      request,
      async (conditions) =>
        success({ status: 'if-none-match' in conditions ? 304 : 500, headers: {}, data: undefined }),
      newCall(),
      { ttlMs: 1 },
    );
    expect(outcome).toMatchObject({
      value: { origin: 'origin', value: { status: 200, etag: '"a"', data: { rows: [1, 2] } } },
    });
    await second.close();
    await after.close();
  });
});
