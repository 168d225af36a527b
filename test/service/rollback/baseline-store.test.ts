import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { BaselineStore } from '../../../src/service/index.ts';
import { MemoryStateStore } from '../../../src/storage/index.ts';
import { START_MS } from './support.ts';

const clock = new ManualClock(START_MS);
const world = () => {
  const state = new MemoryStateStore({ clock });
  return { state, store: new BaselineStore({ state, clock }) };
};

const STATS = {
  requests: 100,
  errors: 1,
  latency: { upperBounds: [0.1], cumulativeCounts: [90, 100], sumSeconds: 5 },
  custom: { slippage: { sum: -2.5, count: 10 } },
};

describe('BaselineStore', () => {
  test('gives back what was recorded of a version, and when', async () => {
    const { store } = world();
    await store.record('1.3.0', STATS);
    expect(await store.find('1.3.0')).toEqual({
      formatVersion: 1,
      version: '1.3.0',
      recordedAtMs: START_MS,
      stats: STATS,
    });
    expect(await store.find('1.3')).toBeUndefined();
  });

  test('keeps the later of two', async () => {
    const { store } = world();
    await store.record('1.3.0', STATS);
    await store.record('1.3.0', { requests: 5, errors: 0 });
    expect((await store.find('1.3.0'))?.stats).toEqual({ requests: 5, errors: 0 });
  });

  test.each([
    ['what is no sample', '1.3.0', { requests: 1, errors: 2 }],
    ['a version with blanks', '1 3', STATS],
  ])('refuses %s', async (_, version, stats) => {
    await expect(world().store.record(version, stats)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('refuses what is damaged, by name', async () => {
    const { store, state } = world();
    await state.set('rollback/baseline/1.3.0', {
      formatVersion: 2,
      version: '1.3.0',
      recordedAtMs: 0,
      stats: STATS,
    });
    await expect(store.find('1.3.0')).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('baseline of 1.3.0: formatVersion') as string,
    });
  });
});
