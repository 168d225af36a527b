import { describe, expect, test } from 'vitest';
import { PortcullisError } from '../../../src/core/index.ts';
import type { CacheRules } from '../../../src/resilience/policies/cache-entry.ts';
import { cacheWorld, callOf, failed, failing, settle, status, success } from './cache-world.ts';

const rules: CacheRules = { ttlMs: 1_000 };

const from = (origin: 'l1' | 'l2' | 'origin' | 'stale', value: string, ageMs: number) =>
  success({ value, origin, ageMs });

/** Until what is written behind the answers is written. */
const written = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await settle();
};

/** One process has written `old` under `k`; `ask` asks as another over the same store. */
const shared = async (options: Parameters<typeof cacheWorld>[0] = {}, writeRules: CacheRules = rules) => {
  const world = cacheWorld({ withStore: true, ...options });
  world.origin.gives('old');
  await world.cache.run('k', world.origin.work, callOf(), writeRules);
  await written();
  world.origin.next = undefined;
  const other = world.newCache();
  const ask = (asked: CacheRules = rules) => other.run('k', world.origin.work, callOf(), asked);
  return { ...world, other, ask };
};

describe('the second level', () => {
  test('gives another process the value with its age, and then it is in memory', async () => {
    const { clock, origin, ask, requests } = await shared();
    clock.advance(999);
    expect(await ask()).toEqual(from('l2', 'old', 999));
    expect(await ask()).toEqual(from('l1', 'old', 999));
    expect(origin.calls).toHaveLength(1);
    expect(await requests('l2')).toBe(1);
  });

  test('expires with the age of the value, not with its arrival here', async () => {
    const { clock, origin, ask } = await shared({}, { ...rules, keepMs: 10_000 });
    clock.advance(999);
    await ask();
    clock.advance(1);
    origin.gives('new');
    expect(await ask()).toEqual(from('origin', 'new', 0));
    expect(origin.previous).toEqual([undefined, 'old']);
  });

  test('judges by the jitter of who wrote', async () => {
    const { clock, origin, ask } = await shared({ random: () => 0.999 }, { ...rules, keepMs: 10_000 });
    clock.advance(950);
    origin.gives('new');
    expect(await ask()).toEqual(from('origin', 'new', 0));
  });

  test('keeps keys of any alphabet and length apart', async () => {
    const { cache, newCache, origin } = cacheWorld({ withStore: true });
    const keys = ['a'.repeat(1_000), 'a b', 'ä', '\ud800', '\ud801', ''];
    for (const key of keys) {
      origin.gives(key);
      await cache.run(key, origin.work, callOf(), rules);
    }
    await written();
    await written();
    const other = newCache();
    origin.gives(failed(failing));
    for (const key of keys)
      expect(await other.run(key, origin.work, callOf(), rules)).toEqual(from('l2', key, 0));
  });

  test('is asked once by a stampede', async () => {
    const { ask, store } = await shared();
    store.asked.length = 0;
    await Promise.all(Array.from({ length: 100 }, () => ask()));
    expect(store.asked).toEqual(['get']);
  });

  test('lets nobody have what is too old for them, whoever asked first', async () => {
    const { clock, origin, ask } = await shared();
    clock.advance(500);
    const [lax, strict] = [ask(), ask({ ttlMs: 400 })];
    await written();
    await origin.answer('new');
    expect(await Promise.all([lax, strict])).toEqual([from('l2', 'old', 500), from('origin', 'new', 0)]);
  });

  test('gives what is stale at once, and it is renewed', async () => {
    const stale = { ttlMs: 1_000, staleWhileRevalidateMs: 500 };
    const { clock, origin, ask } = await shared({}, stale);
    clock.advance(1_200);
    expect(await ask(stale)).toEqual(from('stale', 'old', 1_200));
    await settle();
    expect(origin.running).toBe(1);
    await origin.answer('new');
    expect(await ask(stale)).toEqual(from('l1', 'new', 0));
  });

  test('saves a process that starts while the origin is out', async () => {
    const stale = { ttlMs: 1_000, staleIfErrorMs: 500 };
    const { clock, origin, ask } = await shared({}, stale);
    clock.advance(1_499);
    origin.gives(failed(failing));
    expect(await ask(stale)).toEqual(from('stale', 'old', 1_499));
  });

  test('is renewed by what another process has renewed', async () => {
    const stale = { ttlMs: 1_000, staleWhileRevalidateMs: 500 };
    const { cache, clock, origin, ask } = await shared({}, stale);
    await ask(stale);
    clock.advance(1_000);
    origin.gives('new');
    await cache.run('k', origin.work, callOf(), rules);
    await written();
    expect(await ask(stale)).toEqual(from('stale', 'old', 1_000));
    await settle();
    expect(await ask(stale)).toEqual(from('l1', 'new', 0));
    expect(origin.calls).toHaveLength(2);
  });
});

describe('time in the second level', () => {
  test('refuses an entry from the future beyond two seconds', async () => {
    const { clock, origin, ask, newCache } = await shared();
    clock.jump(-2_000);
    expect(await ask()).toEqual(from('l2', 'old', 0));
    clock.jump(-1);
    origin.gives('new');
    const third = newCache();
    expect(await third.run('k', origin.work, callOf(), rules)).toEqual(from('origin', 'new', 0));
  });

  test('lets entries expire when the wall clock is set forward', async () => {
    const { clock, origin, ask } = await shared({}, { ...rules, keepMs: 1e9 });
    clock.jump(3_600_000);
    origin.gives('new');
    expect(await ask()).toEqual(from('origin', 'new', 0));
  });
});

describe('an error of the second level', () => {
  test('is no miss: it is counted, and the store is left alone for a second, then two, at most thirty', async () => {
    const { cache, clock, origin, store, errors } = cacheWorld({ withStore: true });
    store.mode = 'fails';
    origin.gives('x');
    let asked = 0;
    const ask = () => cache.run(String((asked += 1)), origin.work, callOf(), rules);
    await ask();
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = store.asked.length;
      clock.advance(pauseMs - 1);
      await ask();
      expect(store.asked).toHaveLength(before);
      clock.advance(1);
      await ask();
      expect(store.asked).toHaveLength(before + 1);
    }
    expect([await errors('l2-read'), cache.status().secondLevel]).toEqual([8, 'down']);
    store.mode = 'works';
    clock.advance(30_000);
    await ask();
    expect(cache.status().secondLevel).toBe('up');
  });

  test('prefers the old value in memory to a stampede on the origin, and renews it', async () => {
    const stale = { ttlMs: 1_000, staleIfErrorMs: 5_000 };
    const { cache, clock, origin, store } = await shared();
    store.mode = 'fails';
    clock.advance(1_000);
    const ask = () => cache.run('k', origin.work, callOf(), stale);
    const all = await Promise.all(Array.from({ length: 100 }, ask));
    expect(all.every((outcome) => outcome.ok && outcome.value.origin === 'stale')).toBe(true);
    await settle();
    expect(origin.running).toBe(1);
    expect(await ask()).toEqual(from('stale', 'old', 1_000));
    await origin.answer('new');
    expect(await ask()).toEqual(from('l1', 'new', 0));
  });

  test('asks the origin when the old value is older than the rules allow', async () => {
    const { cache, clock, origin, store } = await shared();
    store.mode = 'fails';
    clock.advance(2_000);
    origin.gives('new');
    const outcome = await cache.run('k', origin.work, callOf(), { ttlMs: 1_000, staleIfErrorMs: 1_000 });
    expect(outcome).toEqual(from('origin', 'new', 0));
  });

  test('that concerns one entry is counted, and no outage: the origin is asked for that one', async () => {
    const { cache, origin, store, errors } = cacheWorld({ withStore: true });
    store.get = () => Promise.reject(new PortcullisError('INPUT_INVALID', 'no key of ours'));
    origin.gives('x');
    expect(await cache.run('k', origin.work, callOf(), rules)).toEqual(from('origin', 'x', 0));
    expect([await errors('l2-entry'), await errors('l2-read')]).toEqual([1, 0]);
    expect(cache.status().secondLevel).toBe('up');
  });

  test('is also an answer that takes longer than a tenth of a second; it is dropped when it comes', async () => {
    const { clock, origin, store, ask, other, errors } = await shared();
    store.mode = 'hangs';
    origin.gives('new');
    const outcome = ask();
    clock.advance(99);
    await settle();
    expect(origin.calls).toHaveLength(1);
    clock.advance(1);
    expect(await outcome).toEqual(from('origin', 'new', 0));
    store.mode = 'works';
    store.release();
    await settle();
    expect(await ask()).toEqual(from('l1', 'new', 0));
    expect([await errors('l2-read'), other.status().secondLevel]).toEqual([1, 'down']);
  });

  test('of many reads at once counts as one outage, which one read alone ends', async () => {
    const { cache, clock, origin, store } = cacheWorld({ withStore: true });
    const ask = (key: string) => cache.run(key, origin.work, callOf(), rules);
    store.mode = 'fails';
    origin.gives('x');
    await Promise.all(['a', 'b', 'c'].map(ask));
    store.asked.length = 0;
    store.mode = 'hangs';
    clock.advance(1_000);
    const all = ['d', 'e', 'f'].map(ask);
    await settle();
    expect(store.asked).toEqual(['get']);
    store.mode = 'works';
    store.release();
    await Promise.all(all);
    expect(cache.status().secondLevel).toBe('up');
  });

  test('asks nobody when the caller has left while the store was being read', async () => {
    const { origin, store, other } = await shared();
    store.mode = 'hangs';
    const abort = new AbortController();
    const outcome = other.run('k', origin.work, callOf({ signal: abort.signal }), { ttlMs: 0 });
    abort.abort();
    expect(await outcome).toMatchObject({ ok: false, failure: { code: 'ABORTED' } });
    store.release();
    await settle();
    expect(origin.calls).toHaveLength(1);
  });

  test.each([
    ['that cannot be decoded', { at: Date.UTC(2026, 10, 21), life: 1, value: 7 }],
    ['without a time', { life: 1, value: 'x' }],
    ['without a life', { at: 0, value: 'x' }],
    ['whose life is too long', { at: 0, life: 1.5, value: 'x' }],
    ['without a value', { at: 0, life: 1 }],
    ['that is a list', ['x']],
    ['that is null', null],
  ])('is an entry %s: counted, deleted, and a miss', async (_, damage) => {
    const { origin, store, ask, errors } = await shared();
    const [entry] = await store.inner.list('cache:test:');
    await store.inner.set(entry?.key ?? '', damage);
    const outcome = ask();
    await written();
    expect(await store.inner.list('')).toEqual([]);
    await origin.answer('new');
    expect(await outcome).toEqual(from('origin', 'new', 0));
    expect([await errors('l2-entry'), await errors('l2-read')]).toEqual([1, 0]);
  });
});

describe('writes to the second level', () => {
  test('never delay the answer, and are waited for by close', async () => {
    const { cache, origin, store } = cacheWorld({ withStore: true });
    origin.gives('x');
    expect(await cache.run('k', origin.work, callOf(), rules)).toEqual(from('origin', 'x', 0));
    expect([store.asked, cache.status().pendingWrites]).toEqual([['get'], 1]);
    await cache.close();
    expect(store.asked).toEqual(['get', 'set']);
    expect(await store.inner.list('')).toMatchObject([{ value: { life: 1, value: 'x' } }]);
  });

  test('are bounded in number: what is lost is counted', async () => {
    const { cache, origin, errors } = cacheWorld({ withStore: true, secondLevel: { maxPendingWrites: 2 } });
    origin.gives('x');
    await Promise.all(['a', 'b', 'c'].map((key) => cache.run(key, origin.work, callOf(), rules)));
    expect([cache.status().pendingWrites, await errors('l2-write-lost')]).toEqual([2, 1]);
  });

  test('that fail are counted and leave the store alone, and those that wait are lost', async () => {
    const { cache, origin, store, errors } = cacheWorld({ withStore: true });
    origin.gives('x');
    await Promise.all(['a', 'b', 'c'].map((key) => cache.run(key, origin.work, callOf(), rules)));
    store.mode = 'fails';
    await written();
    await cache.run('d', origin.work, callOf(), rules);
    expect([await errors('l2-write'), await errors('l2-write-lost'), await errors('l2-read')]).toEqual([
      1, 3, 0,
    ]);
  });

  test('are given up after five seconds', async () => {
    const { cache, clock, origin, store, errors } = cacheWorld({ withStore: true });
    origin.gives('x');
    await cache.run('k', origin.work, callOf(), rules);
    store.mode = 'hangs';
    await written();
    clock.advance(5_000);
    await written();
    expect([await errors('l2-write'), cache.status().pendingWrites]).toEqual([1, 0]);
  });

  test('do not hold up close for longer than it may take', async () => {
    const { cache, clock, origin, store } = cacheWorld({ withStore: true, closeTimeoutMs: 100 });
    origin.gives('x');
    await cache.run('k', origin.work, callOf(), rules);
    store.mode = 'hangs';
    await written();
    const closed = cache.close();
    clock.advance(100);
    await closed;
    expect(cache.status().pendingWrites).toBe(1);
  });

  test('of a value that cannot be encoded are counted, and say nothing of the store', async () => {
    const { cache, clock, origin, store, errors } = cacheWorld();
    expect(cache.status().secondLevel).toBe('none');
    const encode = (): never => {
      throw new TypeError('no');
    };
    const deps = { secondLevel: { store, encode, decode: String } };
    const world = cacheWorld({ deps });
    origin.gives('x');
    await world.cache.run('k', origin.work, callOf(), rules);
    await written();
    expect([await world.errors('l2-entry'), world.cache.status().secondLevel]).toEqual([1, 'up']);
    expect([await errors('l2-entry'), clock.nextDueMs]).toEqual([0, Infinity]);
  });

  test('of a value that the store refuses are counted, and take nothing away from other keys', async () => {
    const encode = (value: string) => (value === 'big' ? { value: 1n } : value);
    const { clock, store } = cacheWorld();
    const world = cacheWorld({ deps: { secondLevel: { store, encode, decode: String } } });
    const ask = (key: string, value: string) => {
      world.origin.gives(value);
      return world.cache.run(key, world.origin.work, callOf(), rules);
    };
    await ask('k', 'big');
    await written();
    expect([await world.errors('l2-entry'), await world.errors('l2-write')]).toEqual([1, 0]);
    expect(world.cache.status()).toMatchObject({ secondLevel: 'up', pendingWrites: 0 });
    await ask('other', 'x');
    await written();
    expect(await store.inner.list('')).toHaveLength(1);
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('of one key come as the last: what waits to be written is what is read', async () => {
    const { cache, origin, newCache, clock } = cacheWorld({ withStore: true, maxEntries: 1 });
    const ask = (key: string, value: string) => {
      origin.gives(value);
      return cache.run(key, origin.work, callOf(), rules);
    };
    await ask('a', 'first');
    await ask('b', 'x'); // drives a out of memory
    expect(await ask('a', 'second')).toEqual(from('l2', 'first', 0));
    await ask('b', 'x');
    clock.advance(1_000);
    await ask('a', 'second');
    await written();
    expect(await newCache().run('a', origin.work, callOf(), rules)).toEqual(from('l2', 'second', 0));
  });

  test('of a time to live without end are for a year', async () => {
    const { cache, clock, origin, store } = cacheWorld({ withStore: true });
    origin.gives('x');
    await cache.run('k', origin.work, callOf(), { ttlMs: Infinity });
    await cache.close();
    expect((await store.inner.list('')).map(({ expiresAtMs }) => expiresAtMs)).toEqual([
      clock.nowMs() + 365 * 86_400_000,
    ]);
  });
});

describe('what is deleted', () => {
  test('is gone from the store, also for who asks before it is deleted there', async () => {
    const { cache, origin, store } = await shared();
    const deleted = cache.delete('k');
    origin.gives('new');
    expect(await cache.run('k', origin.work, callOf(), { ttlMs: 1_000 })).toEqual(from('origin', 'new', 0));
    expect(await deleted).toBe(true);
    await written();
    expect(await store.inner.list('')).toMatchObject([{ value: { value: 'new' } }]);
  });

  test('does not come back from a read that was under way', async () => {
    const { origin, store, other, ask } = await shared();
    store.mode = 'hangs';
    const before = ask();
    await settle();
    store.mode = 'works';
    const deleted = other.delete('k');
    store.release();
    await origin.answer('new');
    expect(await before).toEqual(from('origin', 'new', 0));
    expect(await deleted).toBe(true);
    expect(other.status().entries).toBe(0);
  });

  test('is not gone for sure when the store does not say so', async () => {
    const { cache, store, errors } = await shared();
    store.mode = 'fails';
    expect(await cache.delete('k')).toBe(false);
    expect(await cache.clear()).toBe(false);
    expect(await errors('l2-write')).toBe(2);
  });

  test('by clear is all with our prefix and nothing else', async () => {
    const { cache, store } = await shared();
    await store.inner.set('other', 1);
    expect(await cache.clear()).toBe(true);
    expect((await store.inner.list('')).map(({ key }) => key)).toEqual(['other']);
  });

  test('is what a negative answer replaces', async () => {
    const { clock, origin, store, ask } = await shared({}, { ...rules, keepMs: 10_000 });
    clock.advance(1_000);
    origin.gives(failed(status(404)));
    await ask({ ttlMs: 1_000, negativeTtlMs: 100, isNegative: () => true });
    await written();
    expect(await store.inner.list('')).toEqual([]);
  });
});
