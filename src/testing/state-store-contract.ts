import assert from 'node:assert/strict';
import type { StateEntry, StateStore } from '../storage/state-store.ts';
import { contractCase, type ContractCase } from './contract-case.ts';

/** One store under test. Each case gets a fresh one. */
export interface StateStoreUnderTest {
  /** Empty, never used before. */
  readonly store: StateStore;
  /**
   * Moves the wall clock of the store forward, which stands still otherwise. Where the clock is a server's, it waits until that
   * much has really passed: then it returns a promise, and the cases do not look at what is one millisecond before its end.
   */
  readonly advance: (ms: number) => void | Promise<void>;
  /** Closes the store and opens it anew. Left out where nothing outlives the object. */
  readonly reopen?: () => Promise<StateStore>;
  /** Closes and cleans up. */
  dispose(): Promise<void>;
}

const contract = contractCase<StateStoreUnderTest>;

/** Short, since on a server it is waited for. */
const TTL_MS = 500;

/** An entry that has a while to live, read while it does: on a slow machine it may take more than one attempt. */
async function shortLived(store: StateStore, key: string): Promise<StateEntry> {
  for (let tries = 0; tries < 10; tries++) {
    await store.set(key, 1, { ttlMs: TTL_MS });
    const entry = await store.get(key);
    if (entry !== undefined) return entry;
  }
  assert.fail('expected an entry to be there for its time to live');
}

/** What every `StateStore` has to do. */
export const stateStoreContract: readonly ContractCase<StateStoreUnderTest>[] = [
  contract('gives back what was set', async ({ store }) => {
    assert.equal(await store.get('a'), undefined);
    const value = { state: 'halted', list: [1, null, 'é'], none: null };
    const result = await store.set('a', value);
    assert.equal(result.outcome, 'written');
    assert.deepEqual(await store.get('a'), {
      key: 'a',
      value,
      version: result.version,
      expiresAtMs: undefined,
    });
  }),
  contract('takes the value as it is within the call, and gives a copy', async ({ store }) => {
    const value = { state: 'as set' };
    const written = store.set('a', value);
    value.state = 'changed later';
    await written;
    const first = await store.get('a');
    (first?.value as { state: string }).state = 'changed by a reader';
    assert.deepEqual((await store.get('a'))?.value, { state: 'as set' });
  }),
  contract('gives every write a version of its own, greater than all before', async ({ store }) => {
    const first = await store.set('a', 1);
    const second = await store.set('b', 1);
    await store.delete('b');
    const third = await store.set('b', 1);
    assert.ok(first.version > 0);
    assert.ok(second.version > first.version);
    assert.ok(third.version > second.version);
  }),
  contract('ifVersion writes on the version that is there, and conflicts on another', async ({ store }) => {
    const { version } = await store.set('a', 'first');
    const second = await store.set('a', 'second', { ifVersion: version });
    assert.equal(second.outcome, 'written');
    assert.deepEqual(await store.set('a', 'third', { ifVersion: version }), {
      outcome: 'conflict',
      version: second.version,
    });
    assert.equal((await store.get('a'))?.value, 'second');
  }),
  contract('ifVersion 0 writes only where nothing is', async ({ store }) => {
    const created = await store.set('a', 'mine', { ifVersion: 0 });
    assert.equal(created.outcome, 'written');
    assert.deepEqual(await store.set('a', 'theirs', { ifVersion: 0 }), {
      outcome: 'conflict',
      version: created.version,
    });
    assert.deepEqual(await store.set('b', 'gone', { ifVersion: created.version }), {
      outcome: 'conflict',
      version: 0,
    });
    assert.equal(await store.get('b'), undefined);
  }),
  contract('of many who race for a key, one wins', async ({ store }) => {
    const results = await Promise.all(
      [1, 2, 3, 4].map((racer) => store.set('lease', racer, { ifVersion: 0 })),
    );
    assert.equal(results.filter(({ outcome }) => outcome === 'written').length, 1);
  }),
  contract('delete tells what it did', async ({ store }) => {
    assert.deepEqual(await store.delete('a'), { outcome: 'absent' });
    const { version } = await store.set('a', 1);
    assert.deepEqual(await store.delete('a', { ifVersion: version + 1 }), { outcome: 'conflict', version });
    assert.deepEqual(await store.delete('a', { ifVersion: version }), { outcome: 'deleted' });
    assert.equal(await store.get('a'), undefined);
  }),
  contract('an entry is there until its time, and gone at it', async ({ store, advance }) => {
    const entry = await shortLived(store, 'a');
    assert.ok(entry.expiresAtMs !== undefined);
    const waiting = advance(TTL_MS - 1);
    if (waiting === undefined) assert.deepEqual(await store.get('a'), entry);
    await waiting;
    await advance(1);
    assert.equal(await store.get('a'), undefined);
    assert.deepEqual(await store.list(''), []);
    assert.deepEqual(await store.delete('a'), { outcome: 'absent' });
  }),
  contract('an expired entry is as good as none for ifVersion', async ({ store, advance }) => {
    const first = await store.set('a', 1, { ttlMs: TTL_MS });
    await advance(TTL_MS);
    const second = await store.set('a', 2, { ifVersion: 0 });
    assert.equal(second.outcome, 'written');
    assert.ok(second.version > first.version);
    assert.deepEqual(await store.set('b', 1, { ifVersion: first.version }), {
      outcome: 'conflict',
      version: 0,
    });
  }),
  contract('setting again sets a new time to live, or none', async ({ store, advance }) => {
    await store.set('a', 1, { ttlMs: TTL_MS });
    await store.set('a', 2);
    await store.set('b', 1);
    await store.set('b', 2, { ttlMs: TTL_MS });
    await advance(2 * TTL_MS);
    assert.equal((await store.get('a'))?.value, 2);
    assert.equal((await store.get('a'))?.expiresAtMs, undefined);
    assert.equal(await store.get('b'), undefined);
  }),
  contract('the time at which an entry goes counts from the write', async ({ store }) => {
    const ttlMs = 3_600_000;
    await store.set('a', 1, { ttlMs });
    await store.set('b', 1, { ttlMs: 2 * ttlMs });
    const [a, b] = (await store.list('')).map(({ expiresAtMs }) => expiresAtMs ?? NaN);
    const apartMs = (b ?? NaN) - (a ?? NaN);
    assert.ok(apartMs >= ttlMs && apartMs < 2 * ttlMs, `expected about ${ttlMs} ms, got ${apartMs}`);
  }),
  contract('lists by literal prefix in the order of keys', async ({ store }) => {
    for (const key of ['b/1', 'a%', 'a/2', 'A/1', 'a/10', 'a_', 'a']) await store.set(key, key);
    const keys = async (prefix: string): Promise<string[]> =>
      (await store.list(prefix)).map(({ key }) => key);
    assert.deepEqual(await keys('a/'), ['a/10', 'a/2']);
    assert.deepEqual(await keys('a%'), ['a%']);
    assert.deepEqual(await keys('a_'), ['a_']);
    assert.deepEqual(await keys(''), ['A/1', 'a', 'a%', 'a/10', 'a/2', 'a_', 'b/1']);
    assert.deepEqual(await keys('c'), []);
  }),
  contract('setAll writes every value, in order, with versions that grow', async ({ store }) => {
    const before = await store.set('b', 'old', { ttlMs: 60_000 });
    await store.setAll([
      { key: 'b', value: 1 },
      { key: 'a', value: { two: [2] } },
      { key: 'b', value: 3 },
    ]);
    const [a, b, ...others] = await store.list('');
    assert.deepEqual(
      [a, b].map((entry) => [entry?.key, entry?.value, entry?.expiresAtMs]),
      [
        ['a', { two: [2] }, undefined],
        ['b', 3, undefined],
      ],
    );
    assert.deepEqual(others, []);
    assert.ok(before.version < (a?.version ?? 0));
    assert.ok((a?.version ?? 0) < (b?.version ?? 0));
    assert.ok((await store.set('c', 1)).version > (b?.version ?? 0));
  }),
  contract('setAll writes nothing when one of the values is bad', async ({ store }) => {
    const { version } = await store.set('a', 'old');
    for (const bad of [
      { key: 'z', value: { amount: 1n } },
      { key: 'with blank', value: 1 },
    ]) {
      await assert.rejects(store.setAll([{ key: 'a', value: 'new' }, bad, { key: 'c', value: 1 }]), {
        code: 'INPUT_INVALID',
      });
    }
    assert.deepEqual(await store.list(''), [{ key: 'a', value: 'old', version, expiresAtMs: undefined }]);
  }),
  contract(
    'setAll takes the values as they are within the call; of none it writes none',
    async ({ store }) => {
      await store.setAll([]);
      const value = { state: 'as set' };
      const written = store.setAll([{ key: 'a', value }]);
      value.state = 'changed later';
      await written;
      assert.deepEqual((await store.get('a'))?.value, { state: 'as set' });
    },
  ),
  contract('refuses bad keys, values and options', async ({ store }) => {
    const invalid = { code: 'INPUT_INVALID' };
    for (const key of ['', 'with blank', 'ümlaut', 'nul\0', 'k'.repeat(257)]) {
      await assert.rejects(store.get(key), invalid);
      await assert.rejects(store.set(key, 1), invalid);
      await assert.rejects(store.delete(key), invalid);
    }
    await assert.rejects(store.set('a', { amount: 1n }), invalid);
    for (const ttlMs of [0, -1, NaN, Infinity]) await assert.rejects(store.set('a', 1, { ttlMs }), invalid);
    for (const ifVersion of [-1, 0.5, NaN]) await assert.rejects(store.delete('a', { ifVersion }), invalid);
    assert.deepEqual(await store.list(''), []);
  }),
  contract('holds entries, versions and times after reopening', async ({ store, reopen, advance }) => {
    if (reopen === undefined) return;
    await store.set('kept', { a: 1 });
    await store.set('long', 2, { ttlMs: 3_600_000 });
    const before = await store.list('');
    const last = await store.set('short', 3, { ttlMs: TTL_MS });
    const reopened = await reopen();
    const after = await reopened.list('');
    assert.deepEqual(
      after.filter(({ key }) => key !== 'short'),
      before,
    );
    await advance(TTL_MS);
    assert.deepEqual(await reopened.list(''), before);
    assert.ok((await reopened.set('new', 4)).version > last.version);
  }),
  contract('refuses everything once closed', async ({ store }) => {
    await store.close();
    await store.close();
    const unavailable = { code: 'STORE_UNAVAILABLE' };
    await assert.rejects(store.get('a'), unavailable);
    await assert.rejects(store.set('a', 1), unavailable);
    await assert.rejects(store.setAll([{ key: 'a', value: 1 }]), unavailable);
    await assert.rejects(store.delete('a'), unavailable);
    await assert.rejects(store.list(''), unavailable);
  }),
];
