import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock, system } from '../../../src/core/index.ts';
import { type KillSwitchOptions, FIRM } from '../../../src/risk/index.ts';
import { MemoryStateStore, SqliteStateStore, type StateStore } from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../storage/support/temporary.ts';
import { ScriptedStateStore, settle } from '../../support/state-stores.ts';
import {
  AT_MS,
  account,
  reducing,
  halted,
  release,
  recordOf,
  open,
  scripted,
} from '../../risk/support/kill-switch.ts';

describe('KillSwitch, open', () => {
  const haltedBecause = (why: string) => ({
    scope: FIRM,
    state: 'halted',
    reason: `${why}; once you have checked positions and orders at the venue, release the firm scope: that begins a new record`,
    by: system('kill-switch'),
    atMs: AT_MS,
  });

  test('a new directory is active, and that is recorded', async () => {
    const { store, killSwitch } = await scripted();
    expect([killSwitch.tradingState(), store.written]).toEqual(['active', [{ version: 1, records: [] }]]);
  });

  test('a missing record in a directory that is not new means halted, and says how to recover', async () => {
    const { killSwitch } = await open({ isNew: false });
    expect(killSwitch.records()).toEqual([
      haltedBecause('no kill-switch record in a data directory that is not new'),
    ]);
  });

  test.each<[string, object]>([
    ['of an older version', { version: 0, records: [] }],
    ['whose version is none', { version: '2', records: [] }],
    ['without records', { version: 1 }],
    ['with a state that is none', { version: 1, records: [{ ...recordOf(halted()), state: 'active' }] }],
    [
      'with a scope that is none',
      { version: 1, records: [{ ...recordOf(halted()), scope: { kind: 'desk' } }] },
    ],
    ['with a field too many', { version: 1, records: [{ ...recordOf(halted()), until: 5 }] }],
    ['that is a list', []],
  ])('a damaged record, %s, means halted', async (_name, value) => {
    const store = new ScriptedStateStore();
    await store.set('kill-switch', value);
    const { killSwitch } = await open({ store, isNew: false });
    expect(killSwitch.records()).toMatchObject([
      { scope: FIRM, state: 'halted', reason: expect.stringContaining('recorded kill switch: ') as string },
    ]);
  });

  test.each([true, false])('a store that cannot be read means halted (new: %s)', async (isNew) => {
    const store = new ScriptedStateStore();
    store.get = () => Promise.reject(new Error('bad sector'));
    const { killSwitch } = await open({ store, isNew });
    expect(killSwitch.records()).toEqual([
      haltedBecause(
        'the kill-switch record cannot be read or written: the kill switch could not be read: bad sector',
      ),
    ]);
  });

  test('a new directory that cannot be written means halted', async () => {
    const store = new ScriptedStateStore();
    store.mode = 'refuse';
    const { killSwitch } = await open({ store });
    expect(killSwitch.records()).toEqual([
      haltedBecause('the kill-switch record cannot be read or written: the disk is full'),
    ]);
  });

  test('a person recovers from a missing record, and the next start is active', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store, isNew: false });
    await killSwitch.release(release());
    const reopened = await open({ store, isNew: false });
    expect([killSwitch.tradingState(), reopened.killSwitch.tradingState()]).toEqual(['active', 'active']);
  });

  test('a trip on top of a missing record records the halt as well', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store, isNew: false });
    await killSwitch.trip(reducing(account('acc')));
    const reopened = await open({ store, isNew: false });
    expect(reopened.killSwitch.records().map(({ state }) => state)).toEqual(['halted', 'reducing']);
  });

  const stores: readonly [string, () => Promise<() => Promise<StateStore>>][] = [
    [
      'MemoryStateStore',
      () => {
        const store = new MemoryStateStore({ clock: new ManualClock() });
        return Promise.resolve(() => Promise.resolve(store));
      },
    ],
    [
      'SqliteStateStore',
      async () => {
        const path = join(await temporaryDirectory(), 'state.db');
        return () => SqliteStateStore.open({ path }, { clock: new ManualClock() });
      },
    ],
  ];

  test.each(stores)('what is tripped is tripped after a restart: %s', async (name, prepare) => {
    const openStore = await prepare();
    const first = await openStore();
    const before = await open({ store: first });
    const trips = [
      reducing(),
      halted(account('acc')),
      halted({ kind: 'venue', id: 'paper' }),
      reducing({ kind: 'strategy', id: 'strat' }),
      halted({ kind: 'instrument', id: 'GOLD' }),
    ];
    for (const trip of trips) await before.killSwitch.trip(trip);
    if (name === 'SqliteStateStore') await first.close();
    const second = await openStore();
    const after = await open({ store: second, isNew: false });
    const records = after.killSwitch.records();
    await second.close();
    expect(records).toEqual(trips.map((trip) => recordOf(trip)));
  });

  test.each(stores)('what is released is released after a restart: %s', async (name, prepare) => {
    const openStore = await prepare();
    const first = await openStore();
    const { killSwitch } = await open({ store: first });
    await killSwitch.trip(halted());
    await killSwitch.release(release());
    if (name === 'SqliteStateStore') await first.close();
    const second = await openStore();
    const after = await open({ store: second, isNew: false });
    await second.close();
    expect(after.killSwitch.tradingState()).toBe('active');
  });

  test('a record of a newer version means halted, and says to start that one', async () => {
    const store = new ScriptedStateStore();
    await store.set('kill-switch', { version: 2, records: [], plus: 'more' });
    const { killSwitch } = await open({ store, isNew: false });
    expect(killSwitch.records()).toEqual([
      haltedBecause(
        'the kill-switch record cannot be read or written: format 2 was written by a newer version of portcullis, this one reads 1: start the newer one',
      ),
    ]);
  });

  test('a record that cannot be read is left as it is', async () => {
    const store = new ScriptedStateStore();
    await store.set('kill-switch', { version: 2, records: [] });
    await open({ store, isNew: false });
    await settle();
    expect(store.written).toEqual([{ version: 2, records: [] }]);
  });

  test.each([true, false])(
    'a store that hangs when it is read means halted in time (new: %s)',
    async (isNew) => {
      const store = new ScriptedStateStore();
      store.get = () => new Promise(() => undefined);
      const clock = new ManualClock(AT_MS - 5_000);
      const opening = open({ store, isNew, clock });
      clock.advance(5_000);
      expect((await opening).killSwitch.records()).toEqual([
        haltedBecause(
          'the kill-switch record cannot be read or written: the kill switch could not be read within 5000 ms',
        ),
      ]);
    },
  );

  test('a new directory that hangs when it is written means halted in time, also on disk once it answers', async () => {
    const store = new ScriptedStateStore();
    store.mode = 'wait';
    const clock = new ManualClock(AT_MS - 5_000);
    const opening = open({ store, clock });
    await settle();
    clock.advance(5_000);
    const { killSwitch } = await opening;
    store.mode = 'write';
    store.answer();
    await settle();
    const halt = haltedBecause(
      'the kill-switch record cannot be read or written: the kill switch could not be recorded within 5000 ms',
    );
    expect([killSwitch.records(), store.written.at(-1)]).toEqual([[halt], { version: 1, records: [halt] }]);
  });

  test.each<[string, KillSwitchOptions]>([
    ['writeTimeoutMs', { writeTimeoutMs: 0 }],
    ['coolDownMs', { coolDownMs: -1 }],
    ['secondPersons', { secondPersons: true } as KillSwitchOptions],
  ])('refuses a bad %s by name', async (name, options) => {
    await expect(open({ options })).rejects.toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
