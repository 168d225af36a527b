import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import {
  Lease,
  type LeaseDeps,
  type LeaseHold,
  type LeaseOptions,
  MemoryStateSignals,
  MemoryStateStore,
  SqliteStateStore,
} from '../../src/storage/index.ts';
import { advanceBy } from '../../src/testing/stepped-clock.ts';
import { ScriptedStore } from './support/scripted-state-store.ts';
import { temporaryDirectory } from './support/temporary.ts';

/** Held for 900 ms after a renewal, each 300 ms; others wait for 1,000 ms, and look each 100 ms. A call may take 150 ms. */
const TIMES = { ttlMs: 1_000, marginMs: 100, renewEveryMs: 300, pollEveryMs: 100 };

interface World {
  readonly clock: ManualClock;
  readonly store: ScriptedStore;
  lease(owner: string, options?: Partial<LeaseOptions>, deps?: Partial<LeaseDeps>): Lease;
  /** Moves the clock as long as it takes; how long that was. */
  got(acquiring: Promise<LeaseHold>): Promise<{ hold: LeaseHold; afterMs: number }>;
}

function world(): World {
  const clock = new ManualClock();
  const store = new ScriptedStore();
  return {
    clock,
    store,
    lease: (owner, options, deps) =>
      new Lease({ name: 'desk', owner, ...TIMES, ...options }, { store, clock, ...deps }),
    got: async (acquiring) => {
      const startMs = clock.monotonicMs();
      let hold: LeaseHold | undefined;
      void acquiring.then((one) => (hold = one));
      for (;;) {
        for (let turns = 0; turns < 5; turns += 1) await clock.turn();
        if (hold !== undefined) return { hold, afterMs: clock.monotonicMs() - startMs };
        if (clock.monotonicMs() - startMs > 60_000) throw new Error('never acquired');
        await advanceBy(clock, 10);
      }
    },
  };
}

/** A world in which `a` holds the lease, since just now. */
async function heldWorld() {
  const one = world();
  const { hold } = await one.got(one.lease('a').acquire());
  one.store.calls.length = 0;
  return { ...one, hold };
}

const expired = 'its time ran out before the store had taken a renewal';
const changed = 'somebody else has changed its entry, or the store has lost it';

describe('the first who acquires', () => {
  test('waits one time to live: nobody can say who had it before', async () => {
    const { got, lease } = world();
    const { afterMs } = await got(lease('a').acquire());
    expect(afterMs).toBe(1_000);
  });

  test('has a token that is the version of the write that took it', async () => {
    const { hold, store } = await heldWorld();
    expect(store.entry).toMatchObject({ version: hold.token, value: { state: 'held', owner: 'a' } });
    expect(store.entry?.value).not.toHaveProperty('token');
  });

  test('is told of by its owner, its token and its info, also once it was renewed', async () => {
    const { clock, lease, got } = world();
    const one = lease('a', { info: { url: 'http://a' } });
    expect(await one.holder()).toBeUndefined();
    const { hold } = await got(one.acquire());
    const holder = { owner: 'a', token: hold.token, info: { url: 'http://a' } };
    expect(await lease('b').holder()).toEqual(holder);
    await advanceBy(clock, 5_000);
    expect(await lease('b').holder()).toEqual(holder);
    expect([hold.name, hold.owner, hold.isHeld()]).toEqual(['desk', 'a', true]);
  });
});

describe('one who waits', () => {
  test('gets it one time to live after it has seen the last sign of a holder that died', async () => {
    const { clock, store, got, lease } = world();
    const dying = { monotonicMs: () => clock.monotonicMs(), deadline: clock.deadline.bind(clock) };
    const { hold } = await got(lease('a', {}, { clock: dying }).acquire());
    const waiting = lease('b').acquire();
    await advanceBy(clock, 1_000); // it was renewed the last time 100 ms ago
    dying.deadline = () => ({ [Symbol.dispose]: () => undefined }); // nothing goes on in that process
    await advanceBy(clock, 300);
    const calls = store.calls.filter((call) => call === 'set held').length;
    const { hold: next, afterMs } = await got(waiting);
    expect(store.calls.filter((call) => call === 'set held').length).toBe(calls + 1);
    expect(afterMs).toBeLessThanOrEqual(1_000 + 100 + 100);
    expect(hold.isHeld()).toBe(false);
    expect(next.token).toBeGreaterThan(hold.token);
  });

  test('does not get it while it is renewed', async () => {
    const { clock, hold, lease } = await heldWorld();
    const got = vi.fn();
    void lease('b').acquire().then(got);
    await advanceBy(clock, 30_000);
    expect(got).not.toHaveBeenCalled();
    expect(hold.isHeld()).toBe(true);
  });

  test('gets it at once when it is released and announced, within one look when it is not', async () => {
    const signals = new MemoryStateSignals();
    const { clock, got, lease } = world();
    const { hold } = await got(lease('a', {}, { signals }).acquire());
    const waiting = lease('b', {}, { signals }).acquire();
    await advanceBy(clock, 50);
    await hold.release();
    const second = await got(waiting);
    expect(second.afterMs).toBe(0);
    const unannounced = lease('c').acquire();
    await advanceBy(clock, 50);
    await second.hold.release();
    expect((await got(unannounced)).afterMs).toBeLessThanOrEqual(100);
  });

  test('leaves a holder with a longer time to live its own', async () => {
    const { clock, got, lease } = world();
    const { hold } = await got(lease('a', { ttlMs: 5_000 }).acquire());
    const other = { ...TIMES, ttlMs: 1_000 };
    const got2 = vi.fn();
    void lease('b', other).acquire().then(got2);
    clock.advance(4_899); // in one go: it was stopped for so long
    expect(hold.isHeld()).toBe(true);
    await advanceBy(clock, 0);
    expect(got2).not.toHaveBeenCalled();
  });

  test('counts what it does not understand as a holder who cannot be asked', async () => {
    const { store, got, lease } = world();
    store.entry = { key: 'lease/desk', value: 'of another version', version: 1_000, expiresAtMs: undefined };
    expect(await lease('a').holder()).toBeUndefined();
    expect((await got(lease('a').acquire())).afterMs).toBe(1_000);
  });

  test('is given up by its signal at once, and takes nothing then', async () => {
    const { clock, store, lease } = world();
    const controller = new AbortController();
    const waiting = lease('a').acquire(controller.signal);
    await advanceBy(clock, 500);
    controller.abort(new Error('shutting down'));
    await expect(waiting).rejects.toThrow('shutting down');
    await advanceBy(clock, 10_000);
    expect(store.entry?.value).toEqual({ state: 'unclaimed' });
    await expect(lease('b').acquire(AbortSignal.abort(new Error('no')))).rejects.toThrow('no');
  });

  test('lets go of what it gets after it was given up', async () => {
    const { clock, store, lease } = world();
    const controller = new AbortController();
    const waiting = lease('a').acquire(controller.signal);
    await advanceBy(clock, 980);
    store.mode = 'answer-late';
    await advanceBy(clock, 20);
    store.answer(); // the look
    await advanceBy(clock, 0);
    controller.abort('enough');
    await expect(waiting).rejects.toThrow('enough');
    store.mode = 'do';
    store.answer(); // the write
    await advanceBy(clock, 0);
    expect(store.entry?.value).toEqual({ state: 'released' });
  });

  test.for(['refuse', 'hang'] as const)('goes on through a store whose calls %s', async (mode) => {
    const { clock, store, got, lease } = world();
    store.mode = mode;
    const waiting = lease('a').acquire();
    await advanceBy(clock, 5_000);
    const calls = store.calls.length;
    expect(calls).toBeLessThanOrEqual(51);
    const asked = expect(lease('b').holder()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await advanceBy(clock, 150);
    await asked;
    store.mode = 'do';
    expect((await got(waiting)).afterMs).toBeLessThanOrEqual(1_250);
  });

  test('whose write was done but never answered takes it as anybody would', async () => {
    const { clock, store, got, lease } = world();
    const waiting = lease('a').acquire();
    await advanceBy(clock, 990);
    store.next.push('do', 'lose-answer');
    const { hold, afterMs } = await got(waiting);
    expect(afterMs).toBeGreaterThan(1_000);
    expect(hold.token).toBe(store.entry?.version);
  });

  test('counts from before the request that took it, not from its answer', async () => {
    const { clock, store, lease } = world();
    const waiting = lease('a').acquire();
    await advanceBy(clock, 990);
    store.next.push('do', 'answer-late');
    await advanceBy(clock, 110); // asked for at 1,000
    store.mode = 'hang';
    store.answer();
    const hold = await waiting;
    clock.advance(799);
    expect(hold.isHeld()).toBe(true);
    clock.advance(1);
    expect(hold.isHeld()).toBe(false);
  });
});

describe('a hold', () => {
  test('lasts for the time to live less the margin, from before the request, to the millisecond', async () => {
    const { clock, store, hold } = await heldWorld();
    store.mode = 'hang';
    clock.advance(899);
    expect(hold.isHeld()).toBe(true);
    clock.advance(1);
    expect(hold.isHeld()).toBe(false);
  });

  test('counts from before the request of a renewal, not from its answer', async () => {
    const { clock, store, hold } = await heldWorld();
    store.mode = 'answer-late';
    await advanceBy(clock, 400); // asked for at 300
    store.answer();
    store.mode = 'hang';
    await advanceBy(clock, 0);
    clock.advance(799); // 1,199
    expect(hold.isHeld()).toBe(true);
    clock.advance(1);
    expect(hold.isHeld()).toBe(false);
  });

  test('is told to be lost when it runs out, also where nobody asks; once, and at once to who comes late', async () => {
    const { clock, store, hold } = await heldWorld();
    const [told, disposed, late] = [vi.fn(), vi.fn(), vi.fn()];
    hold.onLost(() => {
      throw new Error('of a listener');
    });
    hold.onLost(told);
    hold.onLost(disposed)[Symbol.dispose]();
    store.mode = 'refuse';
    await advanceBy(clock, 899);
    expect(told).not.toHaveBeenCalled();
    await advanceBy(clock, 1);
    expect(told.mock.calls).toEqual([[expired]]);
    await advanceBy(clock, 5_000);
    hold.onLost(late);
    expect([told.mock.calls, late.mock.calls, disposed.mock.calls]).toEqual([[[expired]], [[expired]], []]);
  });

  test('that ran out is not revived by the answer of a renewal', async () => {
    const { clock, store, hold } = await heldWorld();
    store.mode = 'answer-late';
    clock.advance(300);
    await advanceBy(clock, 0);
    clock.advance(600); // stopped, timers and all
    store.answer();
    await advanceBy(clock, 0);
    expect(hold.isHeld()).toBe(false);
    store.mode = 'do';
    await advanceBy(clock, 5_000);
    expect(hold.isHeld()).toBe(false);
  });

  test('that has run out when a renewal is answered is over, also where no timer has said so yet', async () => {
    const { clock, store, hold } = await heldWorld();
    store.mode = 'answer-late';
    await advanceBy(clock, 300);
    const nowMs = clock.monotonicMs();
    vi.spyOn(clock, 'monotonicMs').mockReturnValue(nowMs + 600); // it was stopped, and is answered before its timers run
    store.answer();
    for (let turns = 0; turns < 5; turns += 1) await clock.turn();
    expect(hold.isHeld()).toBe(false);
  });

  test('is lost at once when a renewal finds that another has written', async () => {
    const { clock, store, hold } = await heldWorld();
    const told = vi.fn();
    hold.onLost(told);
    await store.set('lease/desk', { state: 'held', owner: 'b', ttlMs: 1_000 });
    await advanceBy(clock, 300);
    expect(told.mock.calls).toEqual([[changed]]);
    expect(hold.isHeld()).toBe(false);
    const { version } = store.entry ?? {};
    await hold.release(); // and leaves theirs alone
    expect(store.entry).toMatchObject({ version, value: { owner: 'b' } });
  });

  test('goes on where the store conflicts with what it has written itself', async () => {
    const { clock, store, hold } = await heldWorld();
    const set = store.set.bind(store);
    for (let round = 0; round < 5; round += 1) {
      vi.spyOn(store, 'set').mockImplementationOnce(async (...about) => {
        await set(...about); // the answer is lost on the way, and it asks again
        return set(...about);
      });
      await advanceBy(clock, 700);
      expect(hold.isHeld()).toBe(true);
    }
  });

  test('is lost at once when the store has forgotten it', async () => {
    const { clock, store, hold } = await heldWorld();
    store.forget();
    await advanceBy(clock, 300);
    expect(hold.isHeld()).toBe(false);
  });

  test.for([
    ['done, its answer lost', 'lose-answer'],
    ['never done', 'hang'],
    ['refused', 'refuse'],
    ['done, its answer late', 'answer-late'],
    ['done late', 'do-late'],
  ] as const)('goes on after a renewal that was %s', async ([, mode]) => {
    const { clock, store, hold } = await heldWorld();
    for (let round = 0; round < 5; round += 1) {
      store.next.push(mode);
      await advanceBy(clock, 460);
      store.answer(); // what was abandoned confuses nobody
      await advanceBy(clock, 340);
      expect(hold.isHeld()).toBe(true);
    }
    expect(store.entry?.value).toMatchObject({ token: hold.token });
  });

  test('goes on where what was abandoned is done between the look and the write after it', async () => {
    const { clock, store, hold } = await heldWorld();
    store.next.push('do-late', 'answer-late');
    await advanceBy(clock, 525); // the renewal is abandoned at 450, and the look asked for at 525
    store.answer();
    await advanceBy(clock, 1_500);
    expect(hold.isHeld()).toBe(true);
  });

  test('is lost when another wrote while it did not know its own version', async () => {
    const { clock, store, hold } = await heldWorld();
    store.next.push('hang');
    await advanceBy(clock, 451);
    await store.set('lease/desk', { state: 'held', owner: 'b', ttlMs: 1_000 });
    await advanceBy(clock, 100);
    expect(hold.isHeld()).toBe(false);
  });

  test('is not held where the clock does not tell the time', async () => {
    const { hold, clock } = await heldWorld();
    vi.spyOn(clock, 'monotonicMs').mockReturnValue(NaN);
    expect(hold.isHeld()).toBe(false);
  });
});

describe('release', () => {
  test('ends it in the same tick, before the store knows; twice is harmless, and it is not lost', async () => {
    const { hold, store, clock } = await heldWorld();
    const told = vi.fn();
    hold.onLost(told);
    store.mode = 'answer-late';
    const released = [hold.release(), hold.release()];
    expect(hold.isHeld()).toBe(false);
    await advanceBy(clock, 0);
    store.answer();
    await Promise.all(released);
    hold.onLost(told);
    expect([store.entry?.value, told.mock.calls]).toEqual([{ state: 'released' }, []]);
    expect(store.calls).toEqual(['set released']);
  });

  test('waits for the renewal that is under way, and builds on what became of it', async () => {
    const { hold, store, clock } = await heldWorld();
    store.next.push('answer-late');
    await advanceBy(clock, 300);
    const released = hold.release();
    store.answer();
    await released;
    expect(store.entry?.value).toEqual({ state: 'released' });
  });

  test.for(['lose-answer', 'hang', 'refuse'] as const)('is tried again after an answer: %s', async (mode) => {
    const { hold, store, clock } = await heldWorld();
    store.next.push(mode);
    const released = hold.release();
    await advanceBy(clock, 1_000);
    await released;
    expect(store.entry?.value).toEqual({ state: 'released' });
  });

  test.for(['hang', 'refuse'] as const)('never rejects, and ends, where all calls %s', async (mode) => {
    const { hold, store, clock } = await heldWorld();
    store.mode = mode;
    const released = hold.release();
    await advanceBy(clock, 1_000);
    expect(await released).toBeUndefined();
  });

  test('does not wait for an announcement that hangs', async () => {
    const { clock, got, lease } = world();
    const signals = Object.assign(new MemoryStateSignals(), {
      announce: () => new Promise<void>(() => undefined),
    });
    const { hold } = await got(lease('a', {}, { signals }).acquire());
    const released = hold.release();
    await advanceBy(clock, 150);
    expect(await released).toBeUndefined();
  });

  test('lets go of what has run out, as nobody acts under it any more', async () => {
    const { hold, store, clock } = await heldWorld();
    store.mode = 'hang';
    await advanceBy(clock, 900);
    store.mode = 'do';
    await hold.release();
    expect(store.entry?.value).toEqual({ state: 'released' });
  });
});

describe('a lease', () => {
  test('tells its logger what becomes of it', async () => {
    const { clock, store, got, lease } = world();
    const logger = { info: vi.fn(), warn: vi.fn() };
    const { hold } = await got(lease('a', {}, { logger }).acquire());
    store.mode = 'hang';
    await advanceBy(clock, 900);
    expect(logger.info.mock.calls).toEqual([
      [{ lease: 'desk', owner: 'a', token: hold.token }, 'lease acquired'],
    ]);
    expect(logger.warn.mock.calls).toEqual([[{ lease: 'desk', owner: 'a', reason: expired }, 'lease lost']]);
  });

  test.for([
    [{ name: 'with blank' }, /name/],
    [{ owner: '' }, /owner/],
    [{ ttlMs: 0 }, /ttlMs/],
    [{ marginMs: 0 }, /marginMs/],
    [{ renewEveryMs: 451 }, /one renewal may fail/],
    [{ pollMs: 1 }, /pollMs/],
  ] as const)('refuses %o', ([options, message]) => {
    const refused = () => world().lease('a', options as Partial<LeaseOptions>);
    expect(refused).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(refused).toThrow(message);
  });

  test('takes a third, a tenth and a fifth of its time to live for what it is not told', async () => {
    const { clock, store, got } = world();
    const { hold, afterMs } = await got(new Lease({ name: 'd', owner: 'a' }, { store, clock }).acquire());
    expect(afterMs).toBe(5_000);
    store.mode = 'hang';
    clock.advance(4_499);
    expect(hold.isHeld()).toBe(true);
    clock.advance(1);
    expect(hold.isHeld()).toBe(false);
  });

  test('keeps leases of other names apart', async () => {
    const clock = new ManualClock();
    const store = new MemoryStateStore({ clock });
    const [one, other] = ['x', 'y'].map(
      (name) => new Lease({ name, owner: 'a', ...TIMES }, { store, clock }),
    );
    const holds = Promise.all([one?.acquire(), other?.acquire()]);
    await advanceBy(clock, 1_100);
    expect((await holds).map((hold) => hold?.isHeld())).toEqual([true, true]);
  });

  test('is handed on through an SQLite store', async () => {
    const clock = new ManualClock();
    const path = join(await temporaryDirectory(), 'state.db');
    const store = await SqliteStateStore.open({ path }, { clock });
    const lease = (owner: string) => new Lease({ name: 'desk', owner, ...TIMES }, { store, clock });
    const first = lease('a').acquire();
    await advanceBy(clock, 1_100);
    const hold = await first;
    const second = lease('b').acquire();
    await advanceBy(clock, 1_000);
    await hold.release();
    await advanceBy(clock, 100);
    const next = await second;
    expect([hold.isHeld(), next.isHeld(), next.token > hold.token]).toEqual([false, true, true]);
    await next.release();
    await store.close();
  });
});
