import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock, person, system } from '../../src/core/index.ts';
import {
  FIRM,
  KillSwitch,
  type KillSwitchChange,
  type Scope,
  type WorkingOrders,
} from '../../src/risk/index.ts';
import { MemoryStateStore, SqliteStateStore, type StateStore } from '../../src/storage/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';
import { pricedOf } from '../support/orders.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';

const ANN = person('ann');
const MONITOR = system('monitor');
const AT_MS = Date.UTC(2026, 0, 2);
const account = (id: string): Scope => ({ kind: 'account', id });

const reducing = (scope: Scope = FIRM) =>
  ({ scope, to: 'reducing', reason: 'drawdown', by: MONITOR }) as const;
const halted = (scope: Scope = FIRM) => ({ scope, to: 'halted', reason: 'fire', by: ANN }) as const;
const release = (scope: Scope = FIRM) => ({ scope, reason: 'checked', by: ANN }) as const;
const recordOf = (trip: ReturnType<typeof reducing> | ReturnType<typeof halted>, atMs = AT_MS) => ({
  scope: trip.scope,
  state: trip.to,
  reason: trip.reason,
  by: trip.by,
  atMs,
});
const failed = (code: string, message: string) => expect.objectContaining({ code, message }) as Error;

async function open({
  store = new ScriptedStateStore(),
  isNew = true,
  venue,
}: {
  store?: Pick<StateStore, 'get' | 'set'>;
  isNew?: boolean;
  venue?: string;
} = {}) {
  const clock = new ManualClock(AT_MS);
  const killSwitch = await KillSwitch.open(
    { store, clock, ...(venue === undefined ? {} : { venue }) },
    isNew,
  );
  const changes: KillSwitchChange[] = [];
  killSwitch.onChange((change) => changes.push(change));
  return { clock, killSwitch, changes };
}

async function scripted() {
  const store = new ScriptedStateStore();
  return { store, ...(await open({ store })) };
}

/** Working orders that write down what was cancelled. */
function workingOrders(cancel: WorkingOrders['cancel'] = () => ['order-1', 'order-2']) {
  const calls: unknown[] = [];
  const port: WorkingOrders = {
    cancel(scope, rule) {
      calls.push([scope, rule]);
      return cancel(scope, rule);
    },
  };
  return { calls, port };
}

describe('KillSwitch, trip', () => {
  test('is active to begin with', async () => {
    const { killSwitch } = await open();
    expect([killSwitch.tradingState(), killSwitch.records()]).toEqual(['active', []]);
  });

  test('counts before its promise settles', async () => {
    const { killSwitch } = await open();
    const report = killSwitch.trip(halted());
    expect(killSwitch.tradingState(pricedOf())).toBe('halted');
    await report;
  });

  test('reports what it did', async () => {
    const { killSwitch, changes } = await open();
    killSwitch.attach(workingOrders().port);
    const record = recordOf(reducing());
    expect([await killSwitch.trip(reducing()), changes]).toEqual([
      { record, cancelRequested: ['order-1', 'order-2'], durable: true },
      [{ kind: 'tripped', record }],
    ]);
  });

  test('is about the firm unless said otherwise', async () => {
    const { killSwitch } = await open();
    const { record } = await killSwitch.trip({ to: 'halted', reason: 'fire', by: ANN });
    expect(record.scope).toEqual(FIRM);
  });

  test.each([
    [halted(), 'all'],
    [reducing(), 'not-reducing'],
    [halted(account('acc')), 'all'],
    [reducing(account('acc')), 'not-reducing'],
  ] as const)('%o cancels %s', async (trip, rule) => {
    const { killSwitch } = await open();
    const { calls, port } = workingOrders();
    killSwitch.attach(port);
    void killSwitch.trip(trip);
    expect(calls).toEqual([[trip.scope, rule]]);
  });

  test('cancels with the switch already thrown', async () => {
    const { killSwitch } = await open();
    const states: unknown[] = [];
    killSwitch.attach({
      cancel: () => {
        states.push(killSwitch.tradingState());
        return [];
      },
    });
    await killSwitch.trip(halted());
    expect(states).toEqual(['halted']);
  });

  test('cancels through every desk that shares it, whatever one of them does', async () => {
    const { killSwitch } = await open();
    const [first, second] = [workingOrders(), workingOrders()];
    killSwitch.attach(first.port);
    killSwitch.attach({
      cancel: () => {
        throw new Error('broken');
      },
    });
    killSwitch.attach(second.port);
    const report = await killSwitch.trip(halted());
    expect([
      first.calls.length,
      second.calls.length,
      report.cancelRequested.length,
      report.error?.code,
    ]).toEqual([1, 1, 4, 'CALLBACK_FAILED']);
  });

  test('cancels nothing where no desk is attached', async () => {
    const { killSwitch } = await open();
    expect((await killSwitch.trip(halted())).cancelRequested).toEqual([]);
  });

  test('tightens from reducing to halted', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(reducing());
    await killSwitch.trip(halted());
    expect([killSwitch.records(), changes.length]).toEqual([[recordOf(halted())], 2]);
  });

  test('never loosens: what is halted stays halted, and cancels all once more', async () => {
    const { killSwitch, changes } = await open();
    const { calls, port } = workingOrders();
    await killSwitch.trip(halted());
    killSwitch.attach(port);
    const report = await killSwitch.trip(reducing());
    expect([report.record, killSwitch.records(), calls, changes.length]).toEqual([
      recordOf(halted()),
      [recordOf(halted())],
      [[FIRM, 'all']],
      1,
    ]);
  });

  test('the first reason stays, and is told once', async () => {
    const { killSwitch, changes, clock } = await open();
    await killSwitch.trip(reducing());
    clock.advance(1_000);
    const report = await killSwitch.trip({ ...reducing(), reason: 'something else' });
    expect([report.record, changes]).toEqual([
      recordOf(reducing()),
      [{ kind: 'tripped', record: recordOf(reducing()) }],
    ]);
  });

  test('a clock that jumps back changes nothing but the time that is told', async () => {
    const { killSwitch, clock } = await open();
    await killSwitch.trip(reducing());
    clock.jump(-86_400_000);
    const { record } = await killSwitch.trip(halted());
    expect([record.atMs, killSwitch.tradingState()]).toEqual([AT_MS - 86_400_000, 'halted']);
  });

  test('a listener that has left is not told', async () => {
    const { killSwitch } = await open();
    const told: unknown[] = [];
    const listening = killSwitch.onChange((change) => told.push(change));
    listening[Symbol.dispose]();
    await killSwitch.trip(halted());
    expect(told).toEqual([]);
  });
});

describe('KillSwitch, scopes', () => {
  const order = pricedOf({ accountId: 'acc', strategyId: 'strat' });

  test.each<[Scope, boolean]>([
    [FIRM, true],
    [account('acc'), true],
    [account('other'), false],
    [{ kind: 'strategy', id: 'strat' }, true],
    [{ kind: 'strategy', id: 'other' }, false],
    [{ kind: 'instrument', id: 'GOLD' }, true],
    [{ kind: 'instrument', id: 'SILVER' }, false],
    [{ kind: 'venue', id: 'paper' }, true],
    [{ kind: 'venue', id: 'other' }, false],
  ])('a trip of %o concerns the order: %s', async (scope, concerns) => {
    const { killSwitch } = await open({ venue: 'paper' });
    void killSwitch.trip(halted(scope));
    expect([killSwitch.tradingState(order), killSwitch.tradingState()]).toEqual([
      concerns ? 'halted' : 'active',
      'halted',
    ]);
  });

  test('where nobody said which venue orders go to, a trip of any venue concerns them', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted({ kind: 'venue', id: 'other' }));
    expect(killSwitch.tradingState(order)).toBe('halted');
  });

  test('the strictest scope applies', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted(account('acc')));
    void killSwitch.trip(reducing());
    expect([
      killSwitch.tradingState(order),
      killSwitch.tradingState(pricedOf({ accountId: 'other' })),
    ]).toEqual(['halted', 'reducing']);
  });

  test('releasing one scope leaves the others', async () => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted(account('acc')));
    void killSwitch.trip(reducing());
    await killSwitch.release(release(account('acc')));
    expect(killSwitch.tradingState(order)).toBe('reducing');
  });
});

describe('KillSwitch, whatever fails', () => {
  test('a trip stands when the disk refuses it, and the error is reported and told', async () => {
    const { store, killSwitch, changes } = await scripted();
    killSwitch.attach(workingOrders().port);
    store.mode = 'refuse';
    const report = await killSwitch.trip(halted());
    const record = recordOf(halted());
    const error = failed('STORE_UNAVAILABLE', 'the disk is full');
    expect([report, killSwitch.tradingState(), changes]).toEqual([
      { record, cancelRequested: ['order-1', 'order-2'], durable: false, error },
      'halted',
      [
        { kind: 'tripped', record },
        { kind: 'failed', record, error },
      ],
    ]);
  });

  test('any error of a store is reported as one of ours', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store });
    store.set = () => {
      throw new TypeError('a store of its own kind');
    };
    const report = await killSwitch.trip(halted());
    expect(report.error).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'the kill switch could not be recorded',
      cause: expect.any(TypeError) as Error,
    });
  });

  test('a trip that the disk refused is written with the next one', async () => {
    const { store, killSwitch } = await scripted();
    store.mode = 'refuse';
    await killSwitch.trip(reducing(account('acc')));
    store.mode = 'write';
    const report = await killSwitch.trip(halted());
    expect([report.durable, store.written.at(-1)]).toEqual([
      true,
      { version: 1, records: [recordOf(reducing(account('acc'))), recordOf(halted())] },
    ]);
  });

  test('a trip that the disk refused is written when it is tripped again', async () => {
    const { store, killSwitch } = await scripted();
    store.mode = 'refuse';
    await killSwitch.trip(reducing());
    store.mode = 'write';
    const report = await killSwitch.trip(reducing());
    expect([report.durable, store.written.at(-1)]).toEqual([
      true,
      { version: 1, records: [recordOf(reducing())] },
    ]);
  });

  test('a trip stands, cancels and tells while the disk hangs', async () => {
    const { store, killSwitch, changes } = await scripted();
    const { calls, port } = workingOrders();
    killSwitch.attach(port);
    store.mode = 'wait';
    let isSettled = false;
    void killSwitch.trip(halted()).then(() => (isSettled = true));
    await settle();
    expect([killSwitch.tradingState(), calls.length, changes.length, isSettled]).toEqual([
      'halted',
      1,
      1,
      false,
    ]);
  });

  test('cancels that throw stop neither the trip nor the disk', async () => {
    const { store, killSwitch, changes } = await scripted();
    killSwitch.attach({
      cancel: () => {
        throw new Error('no connection');
      },
    });
    const record = recordOf(halted());
    const error = failed('CALLBACK_FAILED', 'the cancels of a trip failed');
    expect([await killSwitch.trip(halted()), changes, store.written.at(-1)]).toEqual([
      { record, cancelRequested: [], durable: true, error },
      [
        { kind: 'failed', record, error },
        { kind: 'tripped', record },
      ],
      { version: 1, records: [record] },
    ]);
  });

  test('a listener that throws stops neither the trip, the cancels, the disk nor the others', async () => {
    const store = new ScriptedStateStore();
    const killSwitch = await KillSwitch.open({ store, clock: new ManualClock(AT_MS) }, true);
    const { calls, port } = workingOrders();
    killSwitch.attach(port);
    const changes: KillSwitchChange[] = [];
    killSwitch.onChange(() => {
      throw new Error('always');
    });
    killSwitch.onChange((change) => changes.push(change));
    const report = await killSwitch.trip(halted());
    const record = recordOf(halted());
    expect([report.durable, calls.length, changes, store.written.at(-1)]).toEqual([
      true,
      1,
      [
        { kind: 'failed', record, error: failed('CALLBACK_FAILED', 'a listener failed on tripped') },
        { kind: 'tripped', record },
      ],
      { version: 1, records: [record] },
    ]);
  });

  test('a release stands though a listener throws', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(halted());
    killSwitch.onChange(({ kind }) => {
      if (kind === 'released') throw new Error('a bug');
    });
    await killSwitch.release(release());
    expect([killSwitch.tradingState(), changes.map(({ kind }) => kind)]).toEqual([
      'active',
      ['tripped', 'released', 'failed'],
    ]);
  });

  test('a listener may trip', async () => {
    const { store, killSwitch } = await scripted();
    killSwitch.onChange(({ kind, record }) => {
      if (kind === 'tripped' && record.state === 'reducing') void killSwitch.trip(halted());
    });
    await killSwitch.trip(reducing(account('acc')));
    await settle();
    expect([killSwitch.tradingState(), store.written.at(-1)]).toEqual([
      'halted',
      { version: 1, records: [recordOf(reducing(account('acc'))), recordOf(halted())] },
    ]);
  });
});

describe('KillSwitch, release', () => {
  test('counts when it is on disk, not before', async () => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.trip(halted());
    store.mode = 'wait';
    const releasing = killSwitch.release(release());
    await settle();
    const before = killSwitch.tradingState();
    store.mode = 'write';
    store.answer();
    await releasing;
    expect([before, killSwitch.tradingState(), store.written.at(-1), changes.at(-1)]).toEqual([
      'halted',
      'active',
      { version: 1, records: [] },
      { kind: 'released', record: recordOf(halted()), reason: 'checked', by: ANN },
    ]);
  });

  test('is about the firm unless said otherwise', async () => {
    const { killSwitch } = await open();
    await killSwitch.trip(halted());
    await killSwitch.release({ reason: 'checked', by: ANN });
    expect(killSwitch.tradingState()).toBe('active');
  });

  test('does not happen when the disk refuses it', async () => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.trip(halted());
    store.mode = 'refuse';
    await expect(killSwitch.release(release())).rejects.toThrow(
      failed('STORE_UNAVAILABLE', 'the disk is full'),
    );
    expect([killSwitch.tradingState(), changes.length]).toEqual(['halted', 1]);
  });

  test('tells any error of a store as one of ours', async () => {
    const { store, killSwitch } = await scripted();
    await killSwitch.trip(halted());
    store.set = () => Promise.reject(new TypeError('a store of its own kind'));
    await expect(killSwitch.release(release())).rejects.toThrow(
      failed('STORE_UNAVAILABLE', 'the kill switch could not be recorded'),
    );
  });

  test('can be asked for again after the disk refused it', async () => {
    const { store, killSwitch } = await scripted();
    await killSwitch.trip(halted());
    store.mode = 'refuse';
    await killSwitch.release(release()).catch(() => undefined);
    store.mode = 'write';
    await killSwitch.release(release());
    expect(killSwitch.tradingState()).toBe('active');
  });

  test.each([
    { reason: 'checked', by: MONITOR },
    { reason: ' ', by: ANN },
    { reason: 'checked', by: person('') },
  ])('takes a person with a reason, not %o', async (order) => {
    const { killSwitch } = await open();
    await killSwitch.trip(halted());
    await expect(killSwitch.release(order)).rejects.toThrow(
      expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }),
    );
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test('of what is not restricted changes nothing', async () => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.release(release());
    expect([store.written.length, changes]).toEqual([1, []]);
  });

  const duringRelease = async (trip: ReturnType<typeof reducing> | ReturnType<typeof halted>) => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.trip(reducing());
    store.mode = 'wait';
    const releasing = killSwitch.release(release());
    await settle();
    const report = killSwitch.trip(trip);
    store.mode = 'write';
    store.answer();
    await releasing;
    const between = killSwitch.tradingState();
    await report;
    return { between, state: killSwitch.tradingState(), written: store.written.at(-1), changes };
  };

  test.each([
    ['stricter', halted()],
    ['the same', reducing()],
  ] as const)('a trip in the meantime wins: %s', async (_name, trip) => {
    const { between, state, written, changes } = await duringRelease(trip);
    expect([between, state, written, changes.some(({ kind }) => kind === 'released')]).toEqual([
      trip.to,
      trip.to,
      { version: 1, records: [recordOf(trip)] },
      false,
    ]);
  });

  test('a trip of another scope in the meantime stays', async () => {
    const { between, state, written } = await duringRelease(halted(account('acc')));
    expect([between, state, written]).toEqual([
      'halted',
      'halted',
      { version: 1, records: [recordOf(halted(account('acc')))] },
    ]);
  });

  test('two releases at a time are one', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(halted());
    await Promise.all([killSwitch.release(release()), killSwitch.release(release())]);
    expect([killSwitch.tradingState(), changes.map(({ kind }) => kind)]).toEqual([
      'active',
      ['tripped', 'released'],
    ]);
  });

  test('after it, it can be tripped again', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(reducing());
    await killSwitch.release(release());
    await killSwitch.trip(reducing());
    expect([killSwitch.tradingState(), changes.map(({ kind }) => kind)]).toEqual([
      'reducing',
      ['tripped', 'released', 'tripped'],
    ]);
  });
});

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
    ['of another version', { version: 2, records: [] }],
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
      haltedBecause('the kill-switch record cannot be read or written: bad sector'),
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
});
