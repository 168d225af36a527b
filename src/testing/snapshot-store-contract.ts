import assert from 'node:assert/strict';
import type { SnapshotStore } from '../storage/snapshot-store.ts';
import { contractCase, type ContractCase } from './contract-case.ts';

/** One snapshot store under test. Each case gets a fresh one. */
export interface SnapshotStoreUnderTest {
  /** Empty, never used before. */
  readonly store: SnapshotStore;
  /** Lets go of the store and opens it anew. Left out where nothing outlives the object. */
  readonly reopen?: () => Promise<SnapshotStore>;
  /** Changes the snapshot of this sequence number on its medium. Left out where nothing can be damaged. */
  readonly damage?: (seq: number) => Promise<void>;
  /** Cleans up. */
  dispose(): Promise<void>;
}

const contract = contractCase<SnapshotStoreUnderTest>;

/** What every `SnapshotStore` has to do. */
export const snapshotStoreContract: readonly ContractCase<SnapshotStoreUnderTest>[] = [
  contract('has none to begin with', async ({ store }) => {
    assert.equal(await store.newest(), undefined);
    assert.deepEqual(store.skipped, []);
  }),
  contract('gives back what was saved', async ({ store }) => {
    const lines = [{ a: [1, null] }, 'line\nfeed \u2028 \ud83d\udcb0', 0, null, '', []];
    await store.save(7, lines);
    assert.deepEqual(await store.newest(), { seq: 7, lines });
  }),
  contract('keeps a snapshot of no line, and one of the beginning', async ({ store }) => {
    await store.save(0, []);
    assert.deepEqual(await store.newest(), { seq: 0, lines: [] });
  }),
  contract('takes lines from any iterable, many of them', async ({ store }) => {
    function* lines() {
      for (let line = 0; line < 5000; line++) yield { line, text: 'x'.repeat(line % 100) };
    }
    await store.save(5000, lines());
    assert.deepEqual(await store.newest(), { seq: 5000, lines: [...lines()] });
  }),
  contract(
    'the newest is that of the highest sequence number, up to the one asked for',
    async ({ store }) => {
      await store.save(20, ['twenty']);
      await store.save(10, ['ten']);
      assert.deepEqual(await store.newest(), { seq: 20, lines: ['twenty'] });
      assert.deepEqual(await store.newest(20), { seq: 20, lines: ['twenty'] });
      assert.deepEqual(await store.newest(19), { seq: 10, lines: ['ten'] });
      assert.equal(await store.newest(9), undefined);
    },
  ),
  contract('keeps the newest two', async ({ store }) => {
    for (const seq of [1, 2, 3]) await store.save(seq, [seq]);
    assert.deepEqual(await store.newest(2), { seq: 2, lines: [2] });
    assert.equal(await store.newest(1), undefined);
  }),
  contract('replaces a snapshot of the same sequence number', async ({ store }) => {
    await store.save(1, ['first']);
    await store.save(1, ['second']);
    assert.deepEqual(await store.newest(), { seq: 1, lines: ['second'] });
  }),
  contract('saves asked for at once go one after the other', async ({ store }) => {
    await Promise.all([store.save(1, ['a']), store.save(1, ['b']), store.save(2, ['c'])]);
    assert.deepEqual(await store.newest(1), { seq: 1, lines: ['b'] });
    assert.deepEqual(await store.newest(), { seq: 2, lines: ['c'] });
  }),
  contract('refuses a bad line or sequence number, and keeps what it has', async ({ store }) => {
    await store.save(1, ['good']);
    const invalid = { code: 'INPUT_INVALID' };
    await assert.rejects(store.save(2, ['good', { amount: 1n }]), invalid);
    for (const seq of [-1, 0.5, NaN, Infinity]) await assert.rejects(store.save(seq, []), invalid);
    assert.deepEqual(await store.newest(), { seq: 1, lines: ['good'] });
    assert.deepEqual(store.skipped, []);
  }),
  contract('rejects with what the iterable throws, and keeps what it has', async ({ store }) => {
    await store.save(1, ['good']);
    const thrown = new Error('the test said so');
    function* lines() {
      yield 'first';
      throw thrown;
    }
    await assert.rejects(store.save(2, lines()), thrown);
    assert.deepEqual(await store.newest(), { seq: 1, lines: ['good'] });
    await store.save(2, ['well again']);
    assert.deepEqual(await store.newest(), { seq: 2, lines: ['well again'] });
  }),
  contract('holds its snapshots after reopening', async ({ store, reopen }) => {
    if (reopen === undefined) return;
    await store.save(1, ['old']);
    await store.save(2, ['new']);
    const reopened = await reopen();
    assert.deepEqual(await reopened.newest(), { seq: 2, lines: ['new'] });
    assert.deepEqual(await reopened.newest(1), { seq: 1, lines: ['old'] });
  }),
  contract('passes a damaged one over, and tells', async ({ store, damage }) => {
    if (damage === undefined) return;
    await store.save(1, ['old']);
    await store.save(2, ['new']);
    await damage(2);
    assert.deepEqual(await store.newest(), { seq: 1, lines: ['old'] });
    assert.equal(store.skipped.length, 1);
    await damage(1);
    assert.equal(await store.newest(), undefined);
    assert.equal(store.skipped.length, 2);
    await store.save(3, ['newer']);
    assert.deepEqual(await store.newest(), { seq: 3, lines: ['newer'] });
    assert.deepEqual(store.skipped, []);
  }),
];
