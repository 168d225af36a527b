import { describe, expect, test } from 'vitest';
import { ManualClock, person } from '../../src/core/index.ts';
import { scopeKey, FIRM } from '../../src/risk/index.ts';
import { ScriptedStateStore, settle } from '../support/state-stores.ts';
import {
  type Trip,
  ANN,
  BOB,
  MONITOR,
  AT_MS,
  account,
  reducing,
  halted,
  release,
  recordOf,
  open,
  scripted,
  kinds,
  failure,
} from './support/kill-switch.ts';

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

  test('does not happen when the disk refuses it', async () => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.trip(halted());
    store.mode = 'refuse';
    await expect(killSwitch.release(release())).rejects.toThrow(
      failure('STORE_UNAVAILABLE', 'the disk is full'),
    );
    expect([killSwitch.tradingState(), kinds(changes)]).toEqual(['halted', ['tripped']]);
  });

  test('tells any error of a store as one of ours', async () => {
    const { store, killSwitch } = await scripted();
    await killSwitch.trip(halted());
    store.set = () => Promise.reject(new TypeError('a store of its own kind'));
    await expect(killSwitch.release(release())).rejects.toThrow(
      failure('STORE_UNAVAILABLE', 'the kill switch could not be recorded: a store of its own kind'),
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
    await expect(killSwitch.release({ ...release(), ...order })).rejects.toThrow(
      expect.objectContaining({ code: 'PRINCIPAL_REQUIRED' }),
    );
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test.each([FIRM, account('acc')])('of what is not tripped is refused, and says so: %o', async (scope) => {
    const { store, killSwitch, changes } = await scripted();
    await expect(killSwitch.release(release(scope))).rejects.toThrow(
      failure('RELEASE_REFUSED', `release ${scopeKey(scope)}: it is not tripped`),
    );
    expect([store.written.length, changes]).toEqual([1, []]);
  });

  const duringRelease = async (trip: Trip) => {
    const { store, killSwitch, changes } = await scripted();
    await killSwitch.trip(reducing());
    store.mode = 'wait';
    const releasing = killSwitch.release(release()).then(
      () => 'released',
      (error: unknown) => (error as Error).message,
    );
    await settle();
    const report = killSwitch.trip(trip);
    store.mode = 'write';
    store.answer();
    const answer = await releasing;
    const between = killSwitch.tradingState();
    await report;
    return { answer, between, state: killSwitch.tradingState(), written: store.written.at(-1), changes };
  };

  test.each([
    ['stricter', halted()],
    ['the same', reducing()],
  ] as const)('a trip in the meantime wins, and the release says so: %s', async (name, trip) => {
    const { answer, between, state, written, changes } = await duringRelease(trip);
    expect([answer, between, state, written, changes.some(({ kind }) => kind === 'released')]).toEqual([
      `release firm: tripped again meanwhile: ${recordOf(name === 'the same' ? reducing() : trip).reason}`,
      trip.to,
      trip.to,
      { version: 1, records: [recordOf(trip)] },
      false,
    ]);
  });

  test('a trip of another scope in the meantime stays', async () => {
    const { answer, between, state, written } = await duringRelease(halted(account('acc')));
    expect([answer, between, state, written]).toEqual([
      'released',
      'halted',
      'halted',
      { version: 1, records: [recordOf(halted(account('acc')))] },
    ]);
  });

  test('of two at a time the second is told that there is nothing left to release', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(halted());
    const answers = await Promise.allSettled([killSwitch.release(release()), killSwitch.release(release())]);
    expect([answers, killSwitch.tradingState(), kinds(changes)]).toEqual([
      [
        { status: 'fulfilled', value: undefined },
        { status: 'rejected', reason: failure('RELEASE_REFUSED', 'release firm: it is not tripped') },
      ],
      'active',
      ['tripped', 'released'],
    ]);
  });

  test('after it, it can be tripped again', async () => {
    const { killSwitch, changes } = await open();
    await killSwitch.trip(reducing());
    await killSwitch.release(release());
    await killSwitch.trip(reducing());
    expect([killSwitch.tradingState(), kinds(changes)]).toEqual([
      'reducing',
      ['tripped', 'released', 'tripped'],
    ]);
  });

  test.each([
    [FIRM, 'account:main'],
    [FIRM, 'Firm'],
    [FIRM, ''],
    [account('main'), 'firm'],
    [account('main'), 'main'],
    [account('main'), 'account:main '],
  ])('of %o with %j typed out is refused, and says what was expected', async (scope, confirm) => {
    const { killSwitch } = await open();
    await killSwitch.trip(halted(scope));
    const key = scopeKey(scope);
    await expect(killSwitch.release({ ...release(scope), confirm })).rejects.toThrow(
      failure(
        'RELEASE_REFUSED',
        `release ${key}: expected confirm ${JSON.stringify(key)}, got ${JSON.stringify(confirm)}`,
      ),
    );
    expect(killSwitch.tradingState()).toBe('halted');
  });
});

describe('KillSwitch, release by two persons', () => {
  test('takes another named person, and tells both', async () => {
    const { killSwitch, changes } = await open({ options: { secondPerson: true } });
    await killSwitch.trip(halted());
    await killSwitch.release({ ...release(), second: BOB });
    expect([killSwitch.tradingState(), changes.at(-1)]).toEqual([
      'active',
      { kind: 'released', record: recordOf(halted()), reason: 'checked', by: ANN, second: BOB },
    ]);
  });

  test.each([
    [undefined, 'nobody'],
    [ANN, 'person "ann"'],
    [person(' Ann'), 'person " Ann"'],
    [person(' '), 'person " "'],
    [MONITOR, 'system "monitor"'],
  ])('does not take %o for the second', async (second, got) => {
    const { killSwitch } = await open({ options: { secondPerson: true } });
    await killSwitch.trip(halted());
    await expect(killSwitch.release({ ...release(), ...(second && { second }) })).rejects.toThrow(
      failure('RELEASE_REFUSED', `release firm: expected a second named person besides "ann", got ${got}`),
    );
    expect(killSwitch.tradingState()).toBe('halted');
  });

  test('a second that is given must be one, also where none is needed', async () => {
    const { killSwitch } = await open();
    await killSwitch.trip(halted());
    await expect(killSwitch.release({ ...release(), second: ANN })).rejects.toThrow(
      expect.objectContaining({ code: 'RELEASE_REFUSED' }),
    );
  });
});

describe('KillSwitch, cool-down', () => {
  const cooling = async () => {
    const opened = await open({ options: { coolDownMs: 60_000 } });
    await opened.killSwitch.trip(halted());
    return opened;
  };

  test('is over after exactly that time', async () => {
    const { killSwitch, clock } = await cooling();
    clock.advance(60_000);
    await killSwitch.release(release());
    expect(killSwitch.tradingState()).toBe('active');
  });

  test('refuses a millisecond before', async () => {
    const { killSwitch, clock } = await cooling();
    clock.advance(59_999);
    await expect(killSwitch.release(release())).rejects.toThrow(
      failure(
        'RELEASE_REFUSED',
        'release firm: expected a cool-down of 60000 ms, it was tripped 59999 ms ago',
      ),
    );
  });

  test('refuses in the moment of the trip, and says so', async () => {
    const { killSwitch } = await cooling();
    await expect(killSwitch.release(release())).rejects.toThrow(
      failure('RELEASE_REFUSED', 'release firm: expected a cool-down of 60000 ms, it was tripped 0 ms ago'),
    );
  });

  test('where none is asked for, a clock that went back holds nothing', async () => {
    const { killSwitch, clock } = await open();
    await killSwitch.trip(halted());
    clock.jump(-1);
    await killSwitch.release(release());
    expect(killSwitch.tradingState()).toBe('active');
  });

  test('refuses when the clock went back behind the trip', async () => {
    const { killSwitch, clock } = await cooling();
    clock.jump(-1);
    await expect(killSwitch.release(release())).rejects.toThrow(
      failure(
        'RELEASE_REFUSED',
        'release firm: expected a cool-down of 60000 ms, the clock is before the trip',
      ),
    );
  });

  test('begins anew when what was reducing is halted', async () => {
    const { killSwitch, clock } = await open({ options: { coolDownMs: 60_000 } });
    await killSwitch.trip(reducing());
    clock.advance(60_000);
    await killSwitch.trip(halted());
    await expect(killSwitch.release(release())).rejects.toThrow(
      expect.objectContaining({ code: 'RELEASE_REFUSED' }),
    );
  });

  test('outlives a restart', async () => {
    const store = new ScriptedStateStore();
    const { killSwitch } = await open({ store });
    await killSwitch.trip(halted());
    const reopened = await open({
      store,
      isNew: false,
      clock: new ManualClock(AT_MS + 59_999),
      options: { coolDownMs: 60_000 },
    });
    await expect(reopened.killSwitch.release(release())).rejects.toThrow(
      expect.objectContaining({ code: 'RELEASE_REFUSED' }),
    );
  });
});

test('KillSwitch, a release writes down what else is tripped: it stands after a restart', async () => {
  const store = new ScriptedStateStore();
  const { killSwitch } = await open({ store });
  const [one, other] = [account('one'), account('other')];
  await killSwitch.trip(halted(one));
  await killSwitch.trip(halted(other));
  await killSwitch.release(release(one));
  const reopened = await open({ store, isNew: false });
  expect(reopened.killSwitch.records()).toEqual([recordOf(halted(other))]);
});
