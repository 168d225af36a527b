import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  type CancelResult,
  type KillSwitchChange,
  type Scope,
  FIRM,
  KillSwitch,
} from '../../src/risk/index.ts';
import { pricedOf } from '../support/orders.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';
import {
  ANN,
  AT_MS,
  account,
  reducing,
  halted,
  release,
  recordOf,
  round,
  confirmedOf,
  open,
  scripted,
  kinds,
  workingOrders,
  failure,
} from './support/kill-switch.ts';

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
      {
        record,
        cancelRequested: ['order-1', 'order-2'],
        confirmed: expect.any(Promise) as Promise<CancelResult>,
        durable: true,
      },
      [{ kind: 'tripped', record }, confirmedOf(record)],
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
        return round([]);
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
    expect([killSwitch.records(), kinds(changes)]).toEqual([[recordOf(halted())], ['tripped', 'tripped']]);
  });

  test('never loosens: what is halted stays halted, and cancels all once more', async () => {
    const { killSwitch, changes } = await open();
    const { calls, port } = workingOrders();
    await killSwitch.trip(halted());
    killSwitch.attach(port);
    const report = await killSwitch.trip(reducing());
    expect([report.record, killSwitch.records(), calls, kinds(changes)]).toEqual([
      recordOf(halted()),
      [recordOf(halted())],
      [[FIRM, 'all']],
      ['tripped'],
    ]);
  });

  test('the first reason stays, and is told once', async () => {
    const { killSwitch, changes, clock } = await open();
    await killSwitch.trip(reducing());
    clock.advance(1_000);
    const report = await killSwitch.trip({ ...reducing(), reason: 'something else' });
    expect([report.record, changes]).toEqual([
      recordOf(reducing()),
      [{ kind: 'tripped', record: recordOf(reducing()) }, confirmedOf(recordOf(reducing()))],
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

describe('KillSwitch, tripped again and again', () => {
  /** Tripped, with one desk that has two orders. */
  async function tripped() {
    const opened = await open();
    const { calls, port } = workingOrders();
    const attached = opened.killSwitch.attach(port);
    const first = await opened.killSwitch.trip(reducing());
    return { ...opened, calls, attached, first };
  }

  test('what tightens nothing walks no orders within five seconds, and is told nothing of', async () => {
    const { killSwitch, calls, clock, first, changes } = await tripped();
    clock.advance(4_999);
    const again = await killSwitch.trip(reducing());
    expect([calls.length, again.cancelRequested, again.confirmed]).toEqual([
      1,
      first.cancelRequested,
      first.confirmed,
    ]);
    expect(changes.map(({ kind }) => kind)).toEqual(['tripped', 'confirmed']);
  });

  test('nor in the same millisecond', async () => {
    const { killSwitch, calls } = await tripped();
    await killSwitch.trip(reducing());
    expect(calls).toHaveLength(1);
  });

  test('what finds nothing to cancel later on is told nothing of', async () => {
    const { killSwitch, clock, changes } = await open();
    await killSwitch.trip(reducing());
    clock.advance(5_000);
    await killSwitch.trip(reducing());
    expect(changes.map(({ kind }) => kind)).toEqual(['tripped', 'confirmed']);
  });

  test('its report has no error where nothing failed', async () => {
    const { first } = await tripped();
    expect(first).not.toHaveProperty('error');
  });

  test('after that it cancels once more', async () => {
    const { killSwitch, calls, clock } = await tripped();
    clock.advance(5_000);
    await killSwitch.trip(reducing());
    expect(calls).toHaveLength(2);
  });

  test('what tightens cancels at once', async () => {
    const { killSwitch, calls } = await tripped();
    await killSwitch.trip(halted());
    expect(calls).toEqual([
      [FIRM, 'not-reducing'],
      [FIRM, 'all'],
    ]);
  });

  test('so does another scope', async () => {
    const { killSwitch, calls } = await tripped();
    await killSwitch.trip(reducing(account('acc')));
    expect(calls).toHaveLength(2);
  });

  test('so does one that was released meanwhile', async () => {
    const { killSwitch, calls } = await tripped();
    await killSwitch.release(release());
    await killSwitch.trip(reducing());
    expect(calls).toHaveLength(2);
  });

  test('so does one with another desk since', async () => {
    const { killSwitch } = await tripped();
    const { calls, port } = workingOrders();
    killSwitch.attach(port);
    await killSwitch.trip(reducing());
    expect(calls).toHaveLength(1);
  });

  test('so does one after a clock that went back', async () => {
    const { killSwitch, calls, clock } = await tripped();
    clock.jump(-1);
    await killSwitch.trip(reducing());
    expect(calls).toHaveLength(2);
  });

  test('a desk that has been detached is asked no more', async () => {
    const { killSwitch, calls, attached } = await tripped();
    attached[Symbol.dispose]();
    expect((await killSwitch.trip(halted())).cancelRequested).toEqual([]);
    expect(calls).toHaveLength(1);
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

  test.each([
    ['a', 'halted'],
    ['b', 'active'],
  ] as const)('an order that goes to %s is %s when a is', async (venue, state) => {
    const { killSwitch } = await open();
    void killSwitch.trip(halted({ kind: 'venue', id: 'a' }));
    expect([killSwitch.tradingState(order, venue), killSwitch.whyRestricted(order, venue)]).toEqual([
      state,
      state === 'halted' ? 'venue:a: fire' : undefined,
    ]);
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
    const error = failure('STORE_UNAVAILABLE', 'the disk is full');
    expect([report, killSwitch.tradingState(), changes]).toEqual([
      {
        record,
        cancelRequested: ['order-1', 'order-2'],
        confirmed: expect.any(Promise) as Promise<CancelResult>,
        durable: false,
        error,
      },
      'halted',
      [{ kind: 'tripped', record }, confirmedOf(record), { kind: 'failed', record, error }],
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
      message: 'the kill switch could not be recorded: a store of its own kind',
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
    expect([killSwitch.tradingState(), calls.length, kinds(changes), isSettled]).toEqual([
      'halted',
      1,
      ['tripped'],
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
    const error = failure('CALLBACK_FAILED', 'the cancels of a trip failed');
    expect([await killSwitch.trip(halted()), changes, store.written.at(-1)]).toEqual([
      {
        record,
        cancelRequested: [],
        confirmed: expect.any(Promise) as Promise<CancelResult>,
        durable: true,
        error,
      },
      [{ kind: 'failed', record, error }, { kind: 'tripped', record }, confirmedOf(record)],
      { version: 1, records: [record] },
    ]);
    expect(changes[0]).toMatchObject({ error: { cause: { message: 'no connection' } } });
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
        { kind: 'failed', record, error: failure('CALLBACK_FAILED', 'a listener failed on tripped') },
        { kind: 'tripped', record },
        { kind: 'failed', record, error: failure('CALLBACK_FAILED', 'a listener failed on confirmed') },
        confirmedOf(record),
      ],
      { version: 1, records: [record] },
    ]);
    expect(changes[0]).toMatchObject({ error: { cause: { message: 'always' } } });
  });

  test('a release stands though a listener throws', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(halted());
    killSwitch.onChange(({ kind }) => {
      if (kind === 'released') throw new Error('a bug');
    });
    await killSwitch.release(release());
    expect([killSwitch.tradingState(), kinds(changes)]).toEqual([
      'active',
      ['tripped', 'released', 'failed'],
    ]);
  });

  test('a listener may trip', async () => {
    const { store, killSwitch } = await scripted();
    killSwitch.onChange((change) => {
      if (change.kind === 'tripped' && change.record.state === 'reducing') void killSwitch.trip(halted());
    });
    await killSwitch.trip(reducing(account('acc')));
    await settle();
    expect([killSwitch.tradingState(), store.written.at(-1)]).toEqual([
      'halted',
      { version: 1, records: [recordOf(reducing(account('acc'))), recordOf(halted())] },
    ]);
  });
});
