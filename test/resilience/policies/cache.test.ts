import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/resilience/failure.ts';
import type { CacheRules } from '../../../src/resilience/policies/cache-entry.ts';
import { ResilienceError } from '../../../src/resilience/resilience-error.ts';
import { cacheWorld, callOf, failed, failing, settle, status, success } from './cache-world.ts';

const from = (origin: 'l1' | 'l2' | 'origin' | 'stale', value: string, ageMs: number) =>
  success({ value, origin, ageMs });

const refused: Failure = { code: 'CIRCUIT_OPEN', upstream: 'unknown', mayRetry: false, state: 'open' };

/** A world whose cache holds `old` under `k`, written now. */
const filled = async (
  options: Parameters<typeof cacheWorld>[0] = {},
  rules: CacheRules = { ttlMs: 1_000 },
) => {
  const world = cacheWorld(options);
  world.origin.gives('old');
  await world.cache.run('k', world.origin.work, callOf(), rules);
  world.origin.next = undefined;
  return { ...world, ask: (asked: CacheRules) => world.cache.run('k', world.origin.work, callOf(), asked) };
};

describe('a fresh value', () => {
  test('costs no work one millisecond before its time is over, and work at that time', async () => {
    const { clock, origin, ask } = await filled();
    clock.advance(999);
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('l1', 'old', 999));
    clock.advance(1);
    origin.gives('new');
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('origin', 'new', 0));
    expect(origin.calls).toHaveLength(2);
  });

  test('is judged by the rules of who asks', async () => {
    const { clock, origin, ask } = await filled();
    clock.advance(500);
    expect(await ask({ ttlMs: 501 })).toEqual(from('l1', 'old', 500));
    origin.gives('new');
    expect(await ask({ ttlMs: 500 })).toEqual(from('origin', 'new', 0));
  });

  test('is none for rules that are no numbers', async () => {
    const { origin, ask } = await filled();
    origin.gives('new');
    expect(await ask({ ttlMs: NaN, staleWhileRevalidateMs: NaN })).toEqual(from('origin', 'new', 0));
  });

  test('lives shorter by up to a tenth, as the random number says', async () => {
    const { clock, origin, ask } = await filled({ random: () => 0.5 });
    clock.advance(949);
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('l1', 'old', 949));
    clock.advance(1);
    origin.gives('new');
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('origin', 'new', 0));
  });

  test('does not outlive a wall clock that is set back', async () => {
    const { clock, origin, ask } = await filled();
    clock.jump(-3_600_000);
    clock.advance(1_000);
    origin.gives('new');
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('origin', 'new', 0));
  });

  test('is not given to a caller who is gone', async () => {
    const { cache, origin } = await filled();
    const call = callOf({ signal: AbortSignal.abort('gone') });
    expect(await cache.run('k', origin.work, call, { ttlMs: 1_000 })).toMatchObject({
      ok: false,
      failure: { code: 'ABORTED', reason: 'gone' },
    });
  });

  test('is not kept with a time to live of 0, though its work is shared', async () => {
    const { cache, origin } = cacheWorld();
    const both = [1, 2].map(() => cache.run('k', origin.work, callOf(), { ttlMs: 0 }));
    await origin.answer('x');
    expect(await Promise.all(both)).toEqual([from('origin', 'x', 0), from('origin', 'x', 0)]);
    expect([origin.calls.length, cache.status().entries]).toEqual([1, 0]);
  });
});

describe('a stampede', () => {
  test('of a thousand callers is one work', async () => {
    const { cache, origin, requests } = cacheWorld();
    const all = Array.from({ length: 1_000 }, () => cache.run('k', origin.work, callOf(), { ttlMs: 1_000 }));
    await origin.answer('x');
    expect((await Promise.all(all)).every((outcome) => outcome.ok && outcome.value.value === 'x')).toBe(true);
    expect(origin.calls).toHaveLength(1);
    expect(await requests('miss')).toBe(1_000);
  });

  test('on an expired value is one work as well', async () => {
    const { clock, origin, ask } = await filled();
    clock.advance(1_000);
    const all = Array.from({ length: 1_000 }, () => ask({ ttlMs: 1_000 }));
    await origin.answer('new');
    await Promise.all(all);
    expect(origin.calls).toHaveLength(2);
  });
});

describe('stale while revalidate', () => {
  const rules: CacheRules = { ttlMs: 1_000, staleWhileRevalidateMs: 500 };

  test('gives the old value at once, and renews it once in the background', async () => {
    const { clock, origin, ask, requests } = await filled({}, rules);
    clock.advance(1_499);
    expect(await ask(rules)).toEqual(from('stale', 'old', 1_499));
    expect(await ask(rules)).toEqual(from('stale', 'old', 1_499));
    expect(origin.running).toBe(1);
    await origin.answer('new');
    expect(await ask(rules)).toEqual(from('l1', 'new', 0));
    expect(await requests('stale')).toBe(2);
  });

  test('ends with its window: then everybody waits', async () => {
    const { clock, origin, ask } = await filled({}, rules);
    clock.advance(1_500);
    const waits = ask(rules);
    await origin.answer('new');
    expect(await waits).toEqual(from('origin', 'new', 0));
  });

  test("renews under nobody's signal, with low priority and the weight of the call", async () => {
    const { cache, clock, origin } = await filled({}, rules);
    clock.advance(1_000);
    const caller = new AbortController();
    await cache.run(
      'k',
      origin.work,
      callOf({ signal: caller.signal, priority: 'critical', weight: 7 }),
      rules,
    );
    caller.abort();
    const renewal = origin.calls[1];
    expect(renewal?.signal?.aborted).toBe(false);
    expect({ ...renewal }).toMatchObject({ priority: 'low', weight: 7, attempt: 1 });
  });

  test('counts a renewal that failed, and lets a second go by before the next', async () => {
    const { clock, origin, ask, errors } = await filled({}, { ...rules, staleWhileRevalidateMs: 5_000 });
    const long = { ...rules, staleWhileRevalidateMs: 5_000 };
    clock.advance(1_000);
    origin.gives(failed(failing));
    expect(await ask(long)).toEqual(from('stale', 'old', 1_000));
    await settle();
    clock.advance(999);
    await ask(long);
    expect(origin.calls).toHaveLength(2);
    clock.advance(1);
    await ask(long);
    await settle();
    expect(origin.calls).toHaveLength(3);
    expect(await errors('renewal')).toBe(2);
  });

  test('renews no more keys at a time than it may, and still answers', async () => {
    const { cache, clock, origin } = cacheWorld({ maxRenewals: 2 });
    const ask = (key: string) => cache.run(key, origin.work, callOf(), rules);
    origin.gives('old');
    await Promise.all(['a', 'b', 'c'].map(ask));
    origin.next = undefined;
    clock.advance(1_000);
    const all = await Promise.all(['a', 'b', 'c'].map(ask));
    expect(all).toEqual([
      from('stale', 'old', 1_000),
      from('stale', 'old', 1_000),
      from('stale', 'old', 1_000),
    ]);
    expect([origin.running, cache.status().renewals]).toEqual([2, 2]);
  });

  test('gives a renewal up when it takes too long', async () => {
    const { cache, clock, origin, ask, errors } = await filled({ renewalTimeoutMs: 100 }, rules);
    clock.advance(1_000);
    await ask(rules);
    clock.advance(100);
    await settle();
    expect(origin.calls[1]?.signal?.aborted).toBe(true);
    expect([await errors('renewal'), cache.status().renewals]).toEqual([1, 0]);
  });

  test('keeps what is newer when the work that it gave up ends after all', async () => {
    const { clock, origin, ask } = await filled({ renewalTimeoutMs: 100 }, rules);
    clock.advance(1_400);
    await ask(rules);
    clock.advance(100);
    const waits = ask(rules);
    await settle();
    expect(origin.calls).toHaveLength(3);
    await origin.answer('given up');
    expect(await ask({ ttlMs: 1_000, staleWhileRevalidateMs: 9_999 })).toEqual(from('stale', 'old', 1_500));
    await origin.answer('new');
    expect(await waits).toEqual(from('origin', 'new', 0));
    expect(await ask(rules)).toEqual(from('l1', 'new', 0));
  });
});

describe('stale if error', () => {
  const rules: CacheRules = { ttlMs: 1_000, staleIfErrorMs: 500 };

  test.each<[string, Failure]>([
    ['a failing upstream', failing],
    ['a status of 503', status(503)],
    ['a status of 408', status(408)],
    ['a ban with a status of 418', { ...status(418), upstream: 'unknown' }],
    ['a status of 425', status(425)],
    ['a status of 429', { ...status(429), upstream: 'unknown' }],
    ['an open circuit', refused],
    [
      'a rate limit of ours',
      { code: 'RATE_LIMITED', upstream: 'unknown', mayRetry: false, because: 'queue-full' },
    ],
    [
      'a full bulkhead',
      { code: 'BULKHEAD_FULL', upstream: 'unknown', mayRetry: false, running: 1, waiting: 0 },
    ],
    ['a timeout', { code: 'TIMED_OUT', upstream: 'unknown', mayRetry: true, scope: 'total', timeoutMs: 5 }],
  ])('gives the old value for %s, one millisecond before the window ends', async (_, failure) => {
    const { clock, origin, ask } = await filled();
    clock.advance(1_499);
    origin.gives(failed(failure));
    expect(await ask(rules)).toEqual(from('stale', 'old', 1_499));
    clock.advance(1);
    expect(await ask(rules)).toEqual(failed(failure));
  });

  test.each<[string, Failure]>([
    ['an abort', { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason: 'x' }],
    ['a status of 404', status(404)],
    ['a status of 426', status(426)],
    ['a status of 400, also where it counts against the upstream', { ...status(400), upstream: 'failing' }],
    [
      'an address that may not be asked',
      {
        code: 'ADDRESS_REFUSED',
        upstream: 'unknown',
        mayRetry: false,
        address: '::1',
        because: 'private-address',
      },
    ],
  ])('does not hide %s', async (_, failure) => {
    const { clock, origin, ask } = await filled();
    clock.advance(1_000);
    origin.gives(failed(failure));
    expect(await ask(rules)).toEqual(failed(failure));
  });

  test('gives who joins the old value at its own deadline', async () => {
    const { cache, clock, origin, ask } = await filled();
    clock.advance(1_000);
    void ask(rules);
    const joins = cache.run('k', origin.work, callOf({ deadlineMs: 1_100 }), rules);
    clock.advance(100);
    expect(await joins).toEqual(from('stale', 'old', 1_100));
  });
});

describe('a negative answer', () => {
  const rules: CacheRules = {
    ttlMs: 1_000,
    negativeTtlMs: 200,
    isNegative: (failure) => failure.code === 'UPSTREAM_STATUS' && failure.status === 404,
  };

  test('is kept for its own time', async () => {
    const { cache, clock, origin, requests } = cacheWorld();
    const ask = () => cache.run('k', origin.work, callOf(), rules);
    origin.gives(failed(status(404)));
    await ask();
    clock.advance(199);
    expect(await ask()).toEqual(failed(status(404)));
    expect(origin.calls).toHaveLength(1);
    clock.advance(1);
    origin.gives('there now');
    expect(await ask()).toEqual(from('origin', 'there now', 0));
    expect(await requests('negative')).toBe(1);
  });

  test('takes the place of the value that was there', async () => {
    const { clock, origin, ask } = await filled();
    clock.advance(1_000);
    origin.gives(failed(status(404)));
    await ask({ ...rules, staleIfErrorMs: 9_999 });
    origin.gives(failed(failing));
    clock.advance(200);
    expect(await ask({ ...rules, staleIfErrorMs: 9_999 })).toEqual(failed(failing));
  });

  test('is only what the rules name, and only if they say for how long', async () => {
    const { cache, origin } = cacheWorld();
    origin.gives(failed(status(400)));
    await cache.run('k', origin.work, callOf(), rules);
    await cache.run('k', origin.work, callOf(), rules);
    origin.gives(failed(status(404)));
    await cache.run('k', origin.work, callOf(), { ttlMs: 1_000, isNegative: rules.isNegative });
    await cache.run('k', origin.work, callOf(), { ttlMs: 1_000, isNegative: rules.isNegative });
    expect(origin.calls).toHaveLength(4);
  });

  test('keeps no promise of work that still runs', async () => {
    const { cache, origin } = cacheWorld();
    origin.gives(failed({ ...status(404), stillRunning: Promise.resolve() }));
    await cache.run('k', origin.work, callOf(), rules);
    expect(await cache.run('k', origin.work, callOf(), rules)).toEqual(
      failed({ ...status(404), stillRunning: undefined }),
    );
  });
});

describe('a failure that is kept', () => {
  const rules: CacheRules = { ttlMs: 1_000, negativeTtlMs: 100, isNegative: () => true };

  test('cannot be changed by one of those who get it', async () => {
    const { cache, origin } = cacheWorld();
    origin.gives(failed({ ...status(404), headers: { vary: ['a', 'b'] } } as Failure));
    const ask = () => cache.run('k', origin.work, callOf(), rules);
    await ask();
    const kept = await ask();
    const failure = (kept.ok ? undefined : kept.failure) as unknown as {
      code: string;
      headers: { vary: string[] };
    };
    expect(() => (failure.code = 'ABORTED')).toThrow(TypeError);
    expect(() => failure.headers.vary.push('c')).toThrow(TypeError);
    expect(() => (failure.headers.vary = [])).toThrow(TypeError);
  });

  test('counts for the bound of memory with its own size', async () => {
    const { cache, origin } = cacheWorld({ maxSize: 10, deps: { sizeOfFailure: () => 4 } });
    origin.gives(failed(status(404)));
    for (const key of ['a', 'b', 'c']) await cache.run(key, origin.work, callOf(), rules);
    expect(cache.status()).toMatchObject({ entries: 2, size: 8 });
  });

  test.each([NaN, Infinity])('is left out with a size of %d, and counted', async (size) => {
    const { cache, origin, errors } = cacheWorld({ maxSize: 10, deps: { sizeOfFailure: () => size } });
    origin.gives(failed(status(404)));
    await cache.run('k', origin.work, callOf(), rules);
    expect([cache.status().entries, await errors('l1')]).toEqual([0, 1]);
  });
});

describe('a function of the user that throws', () => {
  const throws = (): never => {
    throw new Error('thrown by the user');
  };
  const rules: CacheRules = {
    ttlMs: 1_000,
    staleWhileRevalidateMs: 500,
    negativeTtlMs: 100,
    isNegative: throws,
  };

  test('is counted in a renewal, and nothing rejects', async () => {
    const { clock, origin, ask, errors } = await filled({}, rules);
    clock.advance(1_000);
    origin.gives(failed(failing));
    expect(await ask(rules)).toEqual(from('stale', 'old', 1_000));
    await settle();
    expect([await errors('callback'), await errors('renewal')]).toEqual([2, 1]);
  });

  test('names no failure', async () => {
    const { cache, origin } = cacheWorld();
    origin.gives(failed(status(404)));
    expect(await cache.run('k', origin.work, callOf(), rules)).toEqual(failed(status(404)));
    expect(cache.status().entries).toBe(0);
  });

  test.each(['keeping', 'sizeOf'] as const)('keeps nothing, and takes no answer away: %s', async (name) => {
    const { cache, origin, errors } = cacheWorld({ deps: { [name]: throws } });
    origin.gives('x');
    expect(await cache.run('k', origin.work, callOf(), { ttlMs: 1_000 })).toEqual(from('origin', 'x', 0));
    expect(cache.status().entries).toBe(0);
    expect(await errors(name === 'sizeOf' ? 'l1' : 'callback')).toBe(1);
  });
});

describe('the bounds of memory', () => {
  test('hold for the number of entries: the least used goes', async () => {
    const { cache, origin } = cacheWorld({ maxEntries: 2 });
    origin.gives('x');
    for (const key of ['a', 'b', 'a', 'c']) await cache.run(key, origin.work, callOf(), { ttlMs: 1_000 });
    expect(cache.status().entries).toBe(2);
    await cache.run('a', origin.work, callOf(), { ttlMs: 1_000 });
    expect(origin.calls).toHaveLength(3);
    await cache.run('b', origin.work, callOf(), { ttlMs: 1_000 });
    expect(origin.calls).toHaveLength(4);
  });

  test('hold for the size of all values, and leave out what is larger than that', async () => {
    const { cache, origin } = cacheWorld({ maxSize: 10, deps: { sizeOf: (value) => value.length } });
    for (const value of ['12345', '12345', '123', '12345678901']) {
      origin.gives(value);
      await cache.run(`${value} ${origin.calls.length}`, origin.work, callOf(), { ttlMs: 1_000 });
      expect(cache.status().size).toBeLessThanOrEqual(10);
    }
    expect(cache.status()).toMatchObject({ entries: 2, size: 8 });
  });

  test.each([NaN, -1, Infinity])('leave out a value of size %d, and count it', async (size) => {
    const { cache, origin, errors } = cacheWorld({ maxSize: 10, deps: { sizeOf: () => size } });
    origin.gives('x');
    expect(await cache.run('k', origin.work, callOf(), { ttlMs: 1_000 })).toEqual(from('origin', 'x', 0));
    expect([cache.status().entries, await errors('l1')]).toEqual([0, 1]);
  });

  test('leave what was kept when a value is skipped', async () => {
    const { cache, clock, origin } = cacheWorld({
      deps: { keeping: (value) => (value === 'other' ? 'skip' : 'keep') },
    });
    const ask = (ttlMs: number) => cache.run('k', origin.work, callOf(), { ttlMs });
    origin.gives('old');
    await ask(1_000);
    clock.advance(500);
    origin.gives('other');
    expect(await ask(500)).toEqual(from('origin', 'other', 0));
    expect(await ask(1_000)).toEqual(from('l1', 'old', 500));
  });

  test('leave nothing of a value that may not be kept', async () => {
    const { cache, clock, origin } = cacheWorld({
      deps: { keeping: (value) => (value === 'secret' ? 'drop' : 'keep') },
    });
    const ask = () => cache.run('k', origin.work, callOf(), { ttlMs: 1_000, staleIfErrorMs: 9_999 });
    origin.gives('open');
    await ask();
    clock.advance(1_000);
    origin.gives('secret');
    expect(await ask()).toEqual(from('origin', 'secret', 0));
    origin.gives(failed(failing));
    expect(await ask()).toEqual(failed(failing));
  });
});

describe('delete, clear and close', () => {
  test('delete forgets a value, and what is under way for it', async () => {
    const { cache, clock, origin, ask } = await filled();
    expect(await cache.delete('k')).toBe(true);
    const before = ask({ ttlMs: 1_000 });
    await cache.delete('k');
    const after = ask({ ttlMs: 1_000 });
    await origin.answer('before');
    expect(await before).toEqual(from('origin', 'before', 0));
    await origin.answer('after');
    expect(await after).toEqual(from('origin', 'after', 0));
    clock.advance(5);
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('l1', 'after', 5));
    expect(origin.mostRunning).toBe(1);
  });

  test('what was under way when its key was deleted is not kept', async () => {
    const { cache, origin, ask } = await filled();
    await cache.delete('k');
    const before = ask({ ttlMs: 1_000, negativeTtlMs: 1_000, isNegative: () => true });
    await cache.clear();
    await origin.answer(failed(failing));
    await before;
    expect(cache.status()).toMatchObject({ entries: 0, working: 0 });
  });

  test('clear forgets all', async () => {
    const { cache, origin, ask } = await filled();
    expect(await cache.clear()).toBe(true);
    origin.gives('new');
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('origin', 'new', 0));
  });

  test('close aborts renewals and waits for them', async () => {
    const rules = { ttlMs: 1_000, staleWhileRevalidateMs: 1_000 };
    const { cache, clock, origin, ask, errors } = await filled();
    clock.advance(1_000);
    await ask(rules);
    await cache.close();
    expect(origin.calls[1]?.signal?.aborted).toBe(true);
    expect([cache.status().renewals, await errors('renewal')]).toEqual([0, 0]);
  });

  test('after close calls still work, and nothing is kept', async () => {
    const { cache, origin, ask } = await filled();
    await cache.close();
    origin.gives('x');
    expect(await ask({ ttlMs: 1_000 })).toEqual(from('origin', 'x', 0));
    origin.gives(failed(failing));
    await ask({ ttlMs: 1_000, negativeTtlMs: 1_000, isNegative: () => true });
    expect(cache.status().entries).toBe(0);
  });
});

describe('for tasks', () => {
  test('execute gives the value, and hands the old one to the task', async () => {
    const { cache, clock } = cacheWorld();
    const task = async (_: unknown, previous: string | undefined) => `${previous ?? 'none'}+`;
    expect(await cache.execute('k', task, { ttlMs: 1_000 })).toBe('none+');
    clock.advance(1_000);
    expect(await cache.execute('k', task, { ttlMs: 1_000, priority: 'high' })).toBe('none++');
  });

  test('execute throws what the task threw, as it is', async () => {
    const error = new Error('mine');
    const task = () => Promise.reject(error);
    await expect(cacheWorld().cache.execute('k', task, { ttlMs: 1_000 })).rejects.toBe(error);
  });

  test('execute throws what the call says', async () => {
    const { cache, origin } = cacheWorld();
    const thrown = cache.execute('k', async () => 'x', { ttlMs: 1, signal: AbortSignal.abort('gone') });
    await expect(thrown).rejects.toBeInstanceOf(ResilienceError);
    expect(origin.calls).toHaveLength(0);
  });

  test('tryExecute tells as a value where the result is from', async () => {
    const { cache } = cacheWorld();
    expect(await cache.tryExecute('k', async () => 'x', { ttlMs: 1_000 })).toEqual(from('origin', 'x', 0));
    expect(await cache.tryExecute('k', async () => 'y', { ttlMs: 1_000 })).toEqual(from('l1', 'x', 0));
  });

  test('an option that is misspelt is refused by name', () => {
    // @ts-expect-error no such option
    expect(() => cacheWorld({ maxEntrys: 5 })).toThrow(/ResultCache.*maxEntrys/);
  });

  test('works without metrics', async () => {
    const { cache } = cacheWorld({ deps: { metrics: undefined } });
    expect(await cache.execute('k', async () => 'x', { ttlMs: 1_000 })).toBe('x');
  });
});
