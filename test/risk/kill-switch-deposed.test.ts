import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { KillSwitch, SharedKillSwitch } from '../../src/risk/index.ts';
import { MemoryStateSignals, MemoryStateStore } from '../../src/storage/index.ts';
import { AT_MS, halted, open, recordOf, reducing, workingOrders } from './support/kill-switch.ts';

/** Working orders of a desk under a lease that the test takes away. */
function desk({ isDeposed = false } = {}) {
  const { calls, port } = workingOrders();
  const state = { isDeposed };
  return { calls, state, port: { ...port, isDeposed: () => state.isDeposed } };
}

describe('a kill switch whose desks have been deposed', () => {
  test('does not count what a program trips, writes nothing, cancels nothing, tells nobody', async () => {
    const { killSwitch, changes } = await open();
    const { calls, port } = desk({ isDeposed: true });
    killSwitch.attach(port);
    const report = await killSwitch.trip(reducing());
    expect(report).toEqual({
      record: recordOf(reducing()),
      cancelRequested: [],
      confirmed: expect.any(Promise) as unknown,
      durable: false,
      error: expect.objectContaining({
        code: 'LEASE_LOST',
        message: 'trip firm: another process trades now',
      }) as unknown,
    });
    expect(await report.confirmed).toEqual({ left: [], unprotected: [] });
    expect([killSwitch.records(), killSwitch.tradingState(), changes, calls]).toEqual([[], 'active', [], []]);
  });

  test('counts what a person trips', async () => {
    const { killSwitch } = await open();
    killSwitch.attach(desk({ isDeposed: true }).port);
    expect(await killSwitch.trip(halted())).toMatchObject({ durable: true });
    expect(killSwitch.records()).toEqual([recordOf(halted())]);
  });

  test('asks in the tick of the trip', async () => {
    const { killSwitch } = await open();
    const one = desk();
    killSwitch.attach(one.port);
    one.state.isDeposed = true;
    void killSwitch.trip(reducing());
    expect(killSwitch.tradingState()).toBe('active');
    one.state.isDeposed = false;
    void killSwitch.trip(reducing());
    expect(killSwitch.tradingState()).toBe('reducing');
  });

  test('counts as long as one of its desks trades, and from the next one on', async () => {
    const { killSwitch } = await open();
    const [old, other] = [desk({ isDeposed: true }), desk()];
    killSwitch.attach(old.port);
    const attached = killSwitch.attach(other.port);
    expect(await killSwitch.trip(reducing())).toMatchObject({ durable: true });
    other.state.isDeposed = true;
    attached[Symbol.dispose]();
    expect((await killSwitch.trip(reducing())).error).toMatchObject({ code: 'LEASE_LOST' });
    killSwitch.attach(desk().port);
    expect((await killSwitch.trip(reducing())).error).toBeUndefined();
  });

  test('asks a desk that has stopped as well: its lease may be let go of later', async () => {
    const { killSwitch } = await open();
    const one = desk();
    killSwitch.attach(one.port)[Symbol.dispose]();
    expect((await killSwitch.trip(reducing())).error).toBeUndefined();
    one.state.isDeposed = true;
    expect((await killSwitch.trip(reducing())).error).toMatchObject({ code: 'LEASE_LOST' });
    const next = killSwitch.attach(desk({ isDeposed: false }).port);
    next[Symbol.dispose]();
    expect((await killSwitch.trip(reducing())).error).toBeUndefined();
  });

  test.for([
    [
      'throws',
      () => {
        throw new Error('of a desk');
      },
    ],
    ['says anything but true', () => 'yes' as never],
  ] as const)('counts where a desk %s', async ([, isDeposed]) => {
    const { killSwitch } = await open();
    killSwitch.attach({ ...desk().port, isDeposed });
    expect((await killSwitch.trip(reducing())).error).toBeUndefined();
  });

  test('counts what nobody is named for', async () => {
    const { killSwitch } = await open();
    killSwitch.attach(desk({ isDeposed: true }).port);
    void killSwitch.trip({ ...reducing(), by: undefined as never });
    expect(killSwitch.tradingState()).toBe('reducing');
  });

  test('passes on to others what a person trips, and not what a program does; it goes on to take over theirs', async () => {
    const clock = new ManualClock(AT_MS);
    const [store, signals] = [new MemoryStateStore({ clock }), new MemoryStateSignals()];
    const member = async (isDeposed: boolean) => {
      const deps = { store: new MemoryStateStore({ clock }), clock };
      const killSwitch = await KillSwitch.open(deps, true);
      killSwitch.attach(desk({ isDeposed }).port);
      const shared = await SharedKillSwitch.open({ killSwitch, store, signals, clock }, { settleMs: 0 });
      return { killSwitch, shared };
    };
    const [old, next] = [await member(true), await member(false)];
    const inStep = async () => {
      for (const { shared } of [old, next, old, next]) await shared.look();
      return [old, next].map(({ killSwitch }) => killSwitch.records().map(({ reason }) => reason));
    };
    await old.killSwitch.trip(reducing());
    expect(await inStep()).toEqual([[], []]);
    await next.killSwitch.trip(reducing());
    expect(await inStep()).toEqual([['drawdown'], ['drawdown']]);
    await old.killSwitch.trip(halted());
    expect(await inStep()).toEqual([['fire'], ['fire']]);
    for (const { shared } of [old, next]) await shared.close();
  });
});
