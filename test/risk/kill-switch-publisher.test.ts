import { describe, expect, test } from 'vitest';
import { ManualClock, person, system } from '../../src/core/index.ts';
import { KillSwitch, KillSwitchPublisher } from '../../src/risk/index.ts';
import { MemoryStateStore } from '../../src/storage/index.ts';
import { RecordingBus } from '../support/recording-bus.ts';

const AT_MS = 1_767_261_600_000;
const ADA = person('ada');
const MAIN = { kind: 'account', id: 'main' } as const;
const FIRM = { kind: 'firm' } as const;
const MONITOR = system('drawdown-monitor');
const TRIP = { scope: MAIN, to: 'reducing', reason: 'drawdown', by: MONITOR } as const;
const RELEASE = { scope: MAIN, confirm: 'account:main', reason: 'checked', by: ADA } as const;

async function world(before: (killSwitch: KillSwitch) => unknown = () => undefined) {
  const clock = new ManualClock(AT_MS);
  const bus = new RecordingBus();
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  await before(killSwitch);
  const publisher = new KillSwitchPublisher({ killSwitch, bus, clock });
  return { clock, bus, killSwitch, publisher };
}

/** Lets the longest wait go by. */
async function retries(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await clock.turn();
}

describe('KillSwitchPublisher', () => {
  test('tells a trip as it happens, under the id of its record', async () => {
    const { bus, killSwitch } = await world();
    void killSwitch.trip(TRIP);
    expect(bus.published).toEqual([
      {
        type: 'risk.trading-state-changed',
        data: {
          scope: MAIN,
          from: 'active',
          to: 'reducing',
          cause: 'trip',
          reason: 'drawdown',
          by: MONITOR,
        },
        options: { id: `trip:account:main:reducing:${AT_MS}`, atMs: AT_MS },
      },
    ]);
  });

  test('tells a trip that makes it stricter, and none that changes nothing', async () => {
    const { bus, killSwitch } = await world();
    await killSwitch.trip(TRIP);
    await killSwitch.trip({ ...TRIP, reason: 'again' });
    await killSwitch.trip({ ...TRIP, to: 'halted', reason: 'worse' });
    expect(bus.take()).toMatchObject([
      { from: 'active', to: 'reducing' },
      { from: 'reducing', to: 'halted', reason: 'worse' },
    ]);
  });

  test('tells a release, with both persons', async () => {
    const { bus, killSwitch } = await world();
    await killSwitch.trip({ ...TRIP, to: 'halted' });
    bus.take();
    await killSwitch.release({ ...RELEASE, second: person('grace') });
    expect(bus.published).toEqual([
      {
        type: 'risk.trading-state-changed',
        data: {
          scope: MAIN,
          from: 'halted',
          to: 'active',
          cause: 'release',
          reason: 'checked',
          by: ADA,
          second: person('grace'),
        },
        options: { id: `release:account:main:halted:${AT_MS}` },
      },
    ]);
  });

  test('a release in a scope that is restrained leaves it so', async () => {
    const { bus, killSwitch } = await world();
    killSwitch.restrain({ scope: MAIN, to: 'reducing', reason: 'not reconciled', by: system('desk') });
    await killSwitch.trip({ ...TRIP, to: 'halted' });
    await killSwitch.release(RELEASE);
    expect(bus.take()).toMatchObject([
      { cause: 'restraint', from: 'active', to: 'reducing' },
      { cause: 'trip', from: 'reducing', to: 'halted' },
      { cause: 'release', from: 'halted', to: 'reducing' },
    ]);
  });

  test('tells a restraint where it changes the state, and not another reason', async () => {
    const { bus, killSwitch } = await world();
    const restraint = killSwitch.restrain({ scope: FIRM, to: 'halted', reason: 'a', by: system('desk') });
    restraint.update('b');
    const second = killSwitch.restrain({ scope: FIRM, to: 'reducing', reason: 'c', by: system('desk') });
    restraint[Symbol.dispose]();
    second[Symbol.dispose]();
    expect(bus.published.map(({ data, options }) => ({ ...(data as object), options }))).toMatchObject([
      { cause: 'restraint', from: 'active', to: 'halted', reason: 'a', options: undefined },
      { cause: 'restraint-lifted', from: 'halted', to: 'reducing', reason: 'b' },
      { cause: 'restraint-lifted', from: 'reducing', to: 'active', reason: 'c' },
    ]);
  });

  test('a trip that repeats what is restrained already is told all the same', async () => {
    const { bus, killSwitch } = await world();
    killSwitch.restrain({ scope: MAIN, to: 'reducing', reason: 'a', by: system('desk') });
    await killSwitch.trip(TRIP);
    expect(bus.take()).toMatchObject([
      { cause: 'restraint' },
      { cause: 'trip', from: 'reducing', to: 'reducing' },
    ]);
  });

  test('tells again at the beginning what is tripped, under the same id, and no restraint', async () => {
    const { bus, killSwitch } = await world(async (before) => {
      before.restrain({ scope: FIRM, to: 'reducing', reason: 'a', by: system('desk') });
      await before.trip(TRIP);
    });
    expect(bus.published).toEqual([
      {
        type: 'risk.trading-state-changed',
        data: { scope: MAIN, to: 'reducing', cause: 'trip', reason: 'drawdown', by: MONITOR },
        options: { id: `trip:account:main:reducing:${AT_MS}`, atMs: AT_MS },
      },
    ]);
    bus.take();
    await killSwitch.trip({ to: 'halted', reason: 'fire', by: ADA });
    await killSwitch.release(RELEASE);
    expect(bus.take()).toMatchObject([
      { scope: FIRM, from: 'reducing', to: 'halted' },
      { scope: MAIN, from: 'reducing', to: 'active' },
    ]);
  });

  test('what is tripped, released and tripped within one millisecond are four events', async () => {
    const { bus, killSwitch, clock } = await world();
    for (const round of [1, 2]) {
      await killSwitch.trip({ ...TRIP, reason: `round ${round}` });
      await killSwitch.release(RELEASE);
    }
    clock.advance(1);
    await killSwitch.trip(TRIP);
    expect(bus.published.map(({ options }) => options?.id)).toEqual([
      `trip:account:main:reducing:${AT_MS}`,
      `release:account:main:reducing:${AT_MS}`,
      `trip:account:main:reducing:${AT_MS}:1`,
      `release:account:main:reducing:${AT_MS}:1`,
      `trip:account:main:reducing:${AT_MS + 1}`,
    ]);
  });

  test('cuts a reason that is too long to be told', async () => {
    const { bus, killSwitch } = await world();
    await killSwitch.trip({ ...TRIP, reason: 'x'.repeat(5_000) });
    expect(bus.take()).toMatchObject([{ reason: 'x'.repeat(2_000) }]);
  });

  test('an exit that is permitted, and what fails, are not told', async () => {
    const { bus, killSwitch } = await world();
    killSwitch.permitExit('order-1', { by: ADA, reason: 'out' });
    killSwitch.onChange(() => {
      throw new Error('a bad listener');
    });
    await killSwitch.trip(TRIP);
    expect(bus.take()).toHaveLength(1);
  });

  test('a bus that refuses all keeps no trip from counting', async () => {
    const { bus, killSwitch } = await world();
    bus.outcome = () => Promise.reject(new Error('closed'));
    const { durable } = await killSwitch.trip(TRIP);
    expect([durable, killSwitch.tradingState()]).toEqual([true, 'reducing']);
  });

  test('a trip that the bus does not take is told until it has it, under its id', async () => {
    const { bus, clock, killSwitch } = await world();
    bus.outcome = () => Promise.reject(new Error('no room'));
    await killSwitch.trip(TRIP);
    await clock.turn();
    bus.outcome = () => ({ outcome: 'dropped', id: 'x' });
    await retries(clock, 500);
    bus.outcome = () => ({ outcome: 'published', id: 'x', position: '1' });
    await retries(clock, 1_000);
    await retries(clock, 60_000);
    expect(bus.published.map(({ options }) => options?.id)).toEqual(
      Array.from({ length: 3 }, () => `trip:account:main:reducing:${AT_MS}`),
    );
  });

  test('what is newer takes its place; other scopes have their own', async () => {
    const { bus, clock, killSwitch } = await world();
    bus.outcome = () => Promise.reject(new Error('no room'));
    await killSwitch.trip(TRIP);
    await killSwitch.trip({ to: 'halted', reason: 'fire', by: ADA });
    await killSwitch.release(RELEASE);
    await clock.turn();
    bus.take();
    bus.outcome = () => ({ outcome: 'published', id: 'x', position: '1' });
    await retries(clock, 60_000);
    const told = bus.take() as { readonly cause: string; readonly to: string }[];
    expect(told.map(({ cause, to }) => [cause, to]).toSorted()).toEqual([
      ['release', 'active'],
      ['trip', 'halted'],
    ]);
  });

  test('at its end it tries once more what the bus has not taken', async () => {
    const { bus, clock, killSwitch, publisher } = await world();
    bus.outcome = () => Promise.reject(new Error('no room'));
    await killSwitch.trip(TRIP);
    await clock.turn();
    bus.take();
    publisher[Symbol.dispose]();
    await retries(clock, 60_000);
    expect(bus.take()).toMatchObject([{ cause: 'trip' }]);
  });

  test('tells nothing after it was disposed', async () => {
    const { bus, killSwitch, publisher } = await world();
    publisher[Symbol.dispose]();
    await killSwitch.trip(TRIP);
    expect(bus.take()).toEqual([]);
  });
});
