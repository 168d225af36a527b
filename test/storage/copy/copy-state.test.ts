import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import {
  MemorySnapshotStore,
  MemoryStateStore,
  copySnapshots,
  copyState,
} from '../../../src/storage/index.ts';

const clock = new ManualClock(1_000_000);
const storeOf = async (
  entries: Readonly<Record<string, unknown>>,
  ttlMs?: number,
): Promise<MemoryStateStore> => {
  const store = new MemoryStateStore({ clock });
  for (const [key, value] of Object.entries(entries)) await store.set(key, value as object, { ttlMs });
  return store;
};
const invalid = { code: 'INPUT_INVALID' };

describe('copyState', () => {
  test('copies every entry, each with the time at which it expires', async () => {
    const from = await storeOf({ a: { state: 'halted' }, b: [1] });
    await from.set('lease', { holder: 'x' }, { ttlMs: 5_000 });
    clock.advance(1_000);
    const to = new MemoryStateStore({ clock });
    const report = await copyState(from, to, { clock });
    expect(report).toMatchObject({ copied: 3, present: 0 });
    const plain = async (store: MemoryStateStore) =>
      (await store.list('')).map(({ key, value, expiresAtMs }) => [key, value, expiresAtMs]);
    expect(await plain(to)).toEqual(await plain(from));
    expect((await copyState(from, to, { clock })).digest).toBe(report.digest);
  });

  test('goes on where an interrupted one has ended', async () => {
    const from = await storeOf({ a: 1, b: 2, c: 3 });
    const to = await storeOf({ a: 1 });
    expect(await copyState(from, to, { clock })).toMatchObject({ copied: 2, present: 1 });
  });

  test('leaves out what expires meanwhile', async () => {
    const from = await storeOf({ a: 1 }, 10);
    const entries = await from.list('');
    clock.advance(10);
    const to = new MemoryStateStore({ clock });
    await copyState({ list: () => Promise.resolve(entries) }, to, { clock });
    expect(await to.list('')).toEqual([]);
  });

  test.each([
    ['another value', { a: 2 }, undefined],
    ['an entry that the source has not', { a: 1, z: 1 }, undefined],
    ['one that expires', { a: 1 }, 1_000],
  ])('refuses a target with %s, and writes nothing', async (_, entries, ttlMs) => {
    const to = await storeOf(entries, ttlMs);
    const before = await to.list('');
    await expect(copyState(await storeOf({ a: 1, b: 2 }), to, { clock })).rejects.toMatchObject(invalid);
    expect(await to.list('')).toEqual(before);
  });

  test('notices a target that loses an entry', async () => {
    const to = new MemoryStateStore({ clock });
    const { set } = to;
    to.set = (key, value, options) =>
      key === 'b' ? Promise.resolve({ outcome: 'written', version: 9 }) : set.call(to, key, value, options);
    await expect(copyState(await storeOf({ a: 1, b: 2 }), to, { clock })).rejects.toMatchObject(invalid);
  });
});

describe('copySnapshots', () => {
  const snapshots = async (...of: readonly (readonly [seq: number, ...lines: string[]])[]) => {
    const store = new MemorySnapshotStore();
    for (const [seq, ...lines] of of) await store.save(seq, lines);
    return store;
  };

  test('copies those that are kept, each under its number', async () => {
    const to = new MemorySnapshotStore();
    expect(await copySnapshots(await snapshots([0, 'z'], [7, 'a', 'b']), to)).toMatchObject({
      copied: 2,
      present: 0,
    });
    expect(await to.newest()).toEqual({ seq: 7, lines: ['a', 'b'] });
    expect(await to.newest(6)).toEqual({ seq: 0, lines: ['z'] });
  });

  test('goes on where an interrupted one has ended', async () => {
    const to = await snapshots([3, 'z']);
    expect(await copySnapshots(await snapshots([3, 'z'], [7, 'a']), to)).toMatchObject({
      copied: 1,
      present: 1,
    });
  });

  test('refuses a target with another one', async () => {
    await expect(copySnapshots(await snapshots([3, 'z']), await snapshots([3, 'y']))).rejects.toMatchObject(
      invalid,
    );
    await expect(copySnapshots(await snapshots([3, 'z']), await snapshots([4, 'z']))).rejects.toMatchObject(
      invalid,
    );
  });

  test('notices a target that does not keep it', async () => {
    const to = new MemorySnapshotStore();
    to.save = () => Promise.resolve();
    await expect(copySnapshots(await snapshots([3, 'z']), to)).rejects.toMatchObject(invalid);
  });
});
