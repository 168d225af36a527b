import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { ManualClock, PortcullisError } from '../../../src/core/index.ts';
import { type Call, newCall } from '../../../src/resilience/call.ts';
import type { Failure } from '../../../src/resilience/failure.ts';
import { type Outcome, failed, success } from '../../../src/resilience/outcome.ts';
import { ResultCache } from '../../../src/resilience/policies/cache.ts';
import type { CacheRules } from '../../../src/resilience/policies/cache-entry.ts';
import { type JsonValue, MemoryStateStore, type StateStore } from '../../../src/storage/index.ts';
import { settle } from '../../support/state-stores.ts';

const failing: Failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error: 'out' };

const ms = fc.constantFrom(0, 1, 5, 10, 20);
const rules: fc.Arbitrary<CacheRules> = fc.record({
  ttlMs: ms,
  staleWhileRevalidateMs: ms,
  staleIfErrorMs: ms,
  negativeTtlMs: ms,
  isNegative: fc.constant(() => true),
});
const key = fc.constantFrom('a', 'b');

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      key,
      rules,
      by: fc.nat(1),
      leftMs: fc.constantFrom(3, Infinity),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('end' as const), at: fc.nat(), isOk: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('store' as const),
      mode: fc.constantFrom('works' as const, 'fails' as const, 'hangs' as const),
    }),
  },
);

type Mode = 'works' | 'fails' | 'hangs';

/** A value is the time at which it came, so that its true age can be told whatever the cache says. */
class World {
  readonly clock = new ManualClock(1e12);
  /** The works that are waited for, or end when they like. */
  readonly running = new Map<string, Set<Call>>();
  readonly open: { key: string; end: (isOk: boolean) => void }[] = [];
  readonly aborts: AbortController[] = [];
  readonly asked: Promise<void>[] = [];
  readonly faults: string[] = [];
  mode: Mode = 'works';
  #works = 0;
  readonly #hanging: (() => void)[] = [];
  readonly store = new MemoryStateStore({ clock: this.clock });
  readonly caches = [0, 1].map(() => this.#newCache());

  #newCache(): ResultCache<number> {
    const within = async <R>(work: () => Promise<R>): Promise<R> => {
      if (this.mode === 'fails') throw new PortcullisError('STORE_UNAVAILABLE', 'down');
      if (this.mode === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
      return work();
    };
    const store: StateStore = {
      get: (at) => within(() => this.store.get(at)),
      set: (at, value, options) => within(() => this.store.set(at, value, options)),
      setAll: (entries) => this.store.setAll(entries),
      delete: (at, options) => within(() => this.store.delete(at, options)),
      list: (prefix) => this.store.list(prefix),
      close: () => this.store.close(),
    };
    const random = (): number => (this.#works % 10) / 10;
    return new ResultCache<number>(
      {
        renewalTimeoutMs: 7,
        renewalPauseMs: 3,
        secondLevel: { readTimeoutMs: 4, writeTimeoutMs: 4, pauseMs: 5, maxPauseMs: 9 },
      },
      { clock: this.clock, random, secondLevel: { store, encode: (value) => value, decode: numberOf } },
    );
  }

  set(mode: Mode): void {
    this.mode = mode;
    if (mode !== 'hangs') for (const go of this.#hanging.splice(0)) go();
  }

  ask(by: number, asked: string, given: CacheRules, leftMs: number): void {
    const cache = this.caches[by];
    if (cache === undefined) return;
    const abort = new AbortController();
    this.aborts.push(abort);
    const call = { ...newCall({ signal: abort.signal }), deadlineMs: this.clock.monotonicMs() + leftMs };
    const work = async (call: Call): Promise<Outcome<number>> => {
      // A renewal that has not asked yet, for which the store is slow, is not waited for by who is more urgent.
      const name = `${by} ${asked} ${call.priority}`;
      this.#works += 1;
      call.stats.attempts += 1;
      const running = (this.running.get(name) ?? new Set()).add(call);
      this.running.set(name, running);
      const wanted = [...running].filter(({ signal }) => signal?.aborted !== true).length;
      if (wanted > 1) this.faults.push(`${wanted} works that are waited for, for ${name}`);
      const isOk = await new Promise<boolean>((end) => this.open.push({ key: asked, end }));
      running.delete(call);
      return isOk ? success(this.clock.monotonicMs()) : failed(failing);
    };
    this.asked.push(
      cache.run(asked, work, call, given).then((outcome) => {
        if (outcome.ok) this.#judge(outcome.value, given);
      }),
    );
  }

  /** By the moment the answer is given. */
  #judge(
    { value, origin, ageMs }: { value: number; origin: string; ageMs: number },
    given: CacheRules,
  ): void {
    const { ttlMs, staleWhileRevalidateMs = 0, staleIfErrorMs = 0 } = given;
    const trueMs = this.clock.monotonicMs() - value;
    const mostMs = ttlMs + (origin === 'stale' ? Math.max(staleWhileRevalidateMs, staleIfErrorMs) : 0);
    if (trueMs !== ageMs) this.faults.push(`age ${ageMs} told, ${trueMs} true`);
    if (origin === 'origin' ? trueMs !== 0 : !(trueMs < mostMs))
      this.faults.push(`${origin} of age ${trueMs}, ${mostMs} allowed`);
  }

  async end(): Promise<void> {
    await settle();
    this.set('works');
    while (this.open.length > 0 || this.caches.some((cache) => cache.status().working > 0)) {
      for (const { end } of this.open.splice(0)) end(true);
      this.clock.advance(10);
      await settle();
    }
    await Promise.all(this.asked);
  }
}

const numberOf = (json: JsonValue): number => {
  if (typeof json === 'number') return json;
  throw new TypeError('no number');
};

test.prop([fc.array(step, { minLength: 5, maxLength: 60 })], { numRuns: 200 })(
  'whatever comes between: nothing older than its rules allow, one work per key and urgency that is waited for, nobody waits for ever, nothing is left',
  async (steps) => {
    const world = new World();
    for (const one of steps) {
      if (one.kind === 'ask') world.ask(one.by, one.key, one.rules, one.leftMs);
      else if (one.kind === 'end')
        world.open.splice(one.at % Math.max(1, world.open.length), 1)[0]?.end(one.isOk);
      else if (one.kind === 'advance') {
        await settle();
        world.clock.advance(one.ms);
      } else if (one.kind === 'abort') world.aborts[one.at % Math.max(1, world.aborts.length)]?.abort();
      else if (one.kind === 'delete') void world.caches[0]?.delete(one.key);
      else if (one.kind === 'store') world.set(one.mode);
      else await settle();
      // Asks and aborts may come within one tick; no time passes between an answer and who looks at it.
      if (one.kind !== 'ask' && one.kind !== 'abort') await settle();
    }
    await world.end();
    for (const cache of world.caches) {
      await cache.close();
      expect(cache.status()).toMatchObject({ working: 0, renewals: 0, pendingWrites: 0 });
    }
    expect(world.faults).toEqual([]);
    expect(world.clock.nextDueMs).toBe(Infinity);
  },
);

test.prop([
  fc.array(fc.tuple(fc.nat(20), fc.nat(40)), { maxLength: 100 }),
  fc.integer({ min: 1, max: 10 }),
  fc.integer({ min: 1, max: 60 }),
])('memory stays within both of its bounds', async (entries, maxEntries, maxSize) => {
  const cache = new ResultCache<number>(
    { maxEntries, maxSize },
    { clock: new ManualClock(), sizeOf: (size) => size },
  );
  for (const [at, size] of entries) {
    await cache.execute(String(at), async () => size, { ttlMs: 1 });
    const status = cache.status();
    expect(status.entries).toBeLessThanOrEqual(maxEntries);
    expect(status.size).toBeLessThanOrEqual(maxSize);
  }
});
