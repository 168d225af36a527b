import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { MemoryStateStore, SqliteStateStore } from '../../src/storage/index.ts';
import { versionAfter } from '../../src/storage/state-version.ts';

const NOW_MS = Date.UTC(2026, 0, 2);

describe('versionAfter', () => {
  test.each([
    ['is the wall clock in microseconds', 0, NOW_MS, NOW_MS * 1_000],
    ['is one more within a microsecond', NOW_MS * 1_000, NOW_MS, NOW_MS * 1_000 + 1],
    ['is the wall clock one microsecond later', NOW_MS * 1_000 - 1, NOW_MS, NOW_MS * 1_000],
    ['is one more after the clock was set back', NOW_MS * 1_000, NOW_MS - 1, NOW_MS * 1_000 + 1],
    ['takes a part of a millisecond', 0, 1.5, 1_500],
    ['is one more without a time', 4, NaN, 5],
    ['is one more at a time that is none', 4, 1e300, 5],
    ['is one more before the epoch', 0, -1, 1],
  ])('%s', (_, last, nowMs, version) => {
    expect(versionAfter(last, nowMs)).toBe(version);
  });
});

describe.each<[string, (clock: ManualClock) => Promise<MemoryStateStore | SqliteStateStore>]>([
  ['MemoryStateStore', (clock) => Promise.resolve(new MemoryStateStore({ clock }))],
  ['SqliteStateStore', (clock) => SqliteStateStore.open({ path: ':memory:' }, { clock })],
])('%s', (_, open) => {
  test('gives versions that go on from those of a store on a server, and never back', async () => {
    const clock = new ManualClock(NOW_MS);
    const store = await open(clock);
    expect(await store.set('a', 1)).toEqual({ outcome: 'written', version: NOW_MS * 1_000 });
    await store.setAll([
      { key: 'b', value: 1 },
      { key: 'c', value: 1 },
    ]);
    expect((await store.list('')).map(({ version }) => version)).toEqual(
      [0, 1, 2].map((more) => NOW_MS * 1_000 + more),
    );
    clock.advance(1);
    expect(await store.set('a', 2)).toEqual({ outcome: 'written', version: NOW_MS * 1_000 + 1_000 });
    await store.close();
  });
});
