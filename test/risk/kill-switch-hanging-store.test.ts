import { describe, expect, test } from 'vitest';
import { FIRM } from '../../src/risk/index.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';
import {
  AT_MS,
  account,
  failure,
  halted,
  kinds,
  open,
  recordOf,
  reducing,
  release,
  scripted,
} from './support/kill-switch.ts';

const LATE = failure('STORE_UNAVAILABLE', 'the kill switch could not be recorded within 5000 ms');
const restart = async (store: ScriptedStateStore) => (await open({ store, isNew: false })).killSwitch;

/** Resolves when time has passed for whatever waits for the disk. */
async function pass(clock: { advance(ms: number): void }, ms: number): Promise<void> {
  await settle();
  clock.advance(ms);
  await settle();
}

describe('KillSwitch, a store that hangs', () => {
  test('a trip is reported as not durable after exactly the time that a write may take', async () => {
    const { store, killSwitch, clock } = await scripted();
    store.mode = 'wait';
    let report: unknown;
    void killSwitch.trip(halted()).then((answer) => (report = answer));
    await pass(clock, 4_999);
    const before = report;
    await pass(clock, 1);
    expect([before, report]).toEqual([
      undefined,
      expect.objectContaining({ record: recordOf(halted()), durable: false, error: LATE }),
    ]);
  });

  test('that trip stands, is told as failed, and is on disk when the store answers late', async () => {
    const { store, killSwitch, clock, changes } = await scripted();
    store.mode = 'wait';
    void killSwitch.trip(halted());
    await pass(clock, 5_000);
    store.mode = 'write';
    store.answer();
    await settle();
    expect([killSwitch.tradingState(), kinds(changes), (await restart(store)).records()]).toEqual([
      'halted',
      ['tripped', 'failed'],
      [recordOf(halted())],
    ]);
  });

  test('a trip that the disk refused is written again, each second, until it is on disk; then no more', async () => {
    const { store, killSwitch, clock } = await scripted();
    store.mode = 'refuse';
    expect((await killSwitch.trip(halted())).durable).toBe(false);
    await pass(clock, 1_000); // refused again
    store.mode = 'write';
    await pass(clock, 999);
    const before = store.written.length;
    await pass(clock, 1);
    expect([store.written.length - before, (await restart(store)).records()]).toEqual([
      1,
      [recordOf(halted())],
    ]);
    await pass(clock, 60_000);
    expect(store.written.length - before).toBe(1);
  });

  test('one write that hangs does not block the next for ever', async () => {
    const { store, killSwitch, clock } = await scripted();
    store.mode = 'wait';
    void killSwitch.trip(halted(account('acc')));
    await settle();
    store.mode = 'write';
    const report = killSwitch.trip(reducing());
    await pass(clock, 5_000);
    expect([(await report).durable, (await restart(store)).records()]).toEqual([
      true,
      [recordOf(halted(account('acc'))), recordOf(reducing())],
    ]);
  });

  test('many trips wait together, not one behind the other', async () => {
    const { store, killSwitch, clock } = await scripted();
    store.mode = 'wait';
    const reports = [1, 2, 3, 4, 5, 6].map((n) => killSwitch.trip(halted(account(String(n)))));
    await pass(clock, 5_000);
    expect((await Promise.all(reports)).map(({ durable }) => durable)).toEqual(reports.map(() => false));
  });

  test('a write that lands late does not undo a later one', async () => {
    const { store, killSwitch, clock } = await scripted();
    store.mode = 'wait';
    void killSwitch.trip(reducing(account('acc')));
    await pass(clock, 5_000);
    store.mode = 'write';
    await killSwitch.trip(halted());
    store.answer();
    await settle();
    expect((await restart(store)).records()).toEqual([
      recordOf(reducing(account('acc'))),
      recordOf(halted(), AT_MS + 5_000),
    ]);
  });

  test('the time that a write may take is an option', async () => {
    const { store, killSwitch, clock } = await scripted({ writeTimeoutMs: 50 });
    store.mode = 'wait';
    const report = killSwitch.trip(halted());
    await pass(clock, 50);
    expect((await report).durable).toBe(false);
  });
});

describe('KillSwitch, a release whose write hangs', () => {
  /** Halted, and a release that has been given up. */
  const givenUp = async () => {
    const opened = await scripted();
    await opened.killSwitch.trip(halted());
    opened.store.mode = 'wait';
    const answer = opened.killSwitch.release(release()).catch((error: unknown) => error);
    await pass(opened.clock, 5_000);
    return { ...opened, answer: await answer };
  };

  test('is given up in time, and releases nothing', async () => {
    const { answer, killSwitch, changes } = await givenUp();
    expect([answer, killSwitch.tradingState(), kinds(changes)]).toEqual([LATE, 'halted', ['tripped']]);
  });

  test('never counts later: neither here nor after a restart', async () => {
    const { killSwitch, store, changes } = await givenUp();
    store.mode = 'write';
    for (let i = 0; i < 5; i += 1) store.answer();
    await settle();
    expect([killSwitch.tradingState(), (await restart(store)).tradingState(), kinds(changes)]).toEqual([
      'halted',
      'halted',
      ['tripped'],
    ]);
  });

  test('is written over also when it lands after the next write was given up', async () => {
    const { killSwitch, store, clock } = await givenUp();
    await pass(clock, 5_000); // the write that follows hangs as well
    store.mode = 'write';
    store.answer();
    await settle();
    expect([killSwitch.tradingState(), (await restart(store)).tradingState()]).toEqual(['halted', 'halted']);
  });

  test('can be asked for again', async () => {
    const { killSwitch, store, clock } = await givenUp();
    store.mode = 'write';
    const again = killSwitch.release(release());
    await pass(clock, 5_000);
    await again;
    expect([killSwitch.tradingState(), (await restart(store)).tradingState()]).toEqual(['active', 'active']);
  });

  test('a trip while a release waits behind a write that hangs wins over it', async () => {
    const { killSwitch, store, clock } = await scripted();
    await killSwitch.trip(reducing());
    store.mode = 'wait';
    void killSwitch.trip(halted(account('acc')));
    await settle();
    const answer = killSwitch.release(release()).catch((error: unknown) => error);
    void killSwitch.trip(halted(FIRM));
    store.mode = 'write';
    await pass(clock, 5_000);
    expect([await answer, (await restart(store)).records()]).toEqual([
      failure('RELEASE_REFUSED', 'release firm: tripped again meanwhile: fire'),
      [recordOf(halted()), recordOf(halted(account('acc')))],
    ]);
  });
});

describe('KillSwitch, someone else writes to its record', () => {
  test('a trip is written over it', async () => {
    const { store, killSwitch } = await scripted();
    await store.set('kill-switch', { version: 1, records: [] });
    expect([(await killSwitch.trip(halted())).durable, store.written.at(-1)]).toEqual([
      true,
      { version: 1, records: [recordOf(halted())] },
    ]);
  });

  test('each write names the version that it replaces, and it tries five times', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store });
    const replaced: unknown[] = [];
    store.set = (_key, _value, options) => {
      replaced.push(options?.ifVersion);
      return Promise.resolve({ outcome: 'conflict', version: 7 });
    };
    await killSwitch.trip(halted());
    expect(replaced).toEqual([1, 7, 7, 7, 7]);
  });

  test('again and again: the trip stands and says that it is not durable', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store });
    store.set = () => Promise.resolve({ outcome: 'conflict', version: 7 });
    const report = await killSwitch.trip(halted());
    expect([report.durable, report.error, killSwitch.tradingState()]).toEqual([
      false,
      failure('STORE_UNAVAILABLE', 'the kill-switch record is being changed by someone else'),
      'halted',
    ]);
  });
});
