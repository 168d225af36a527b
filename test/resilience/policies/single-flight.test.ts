import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import type { Call } from '../../../src/resilience/call.ts';
import type { Failure } from '../../../src/resilience/failure.ts';
import { SingleFlight } from '../../../src/resilience/policies/single-flight.ts';
import { ScriptedOrigin, callOf, failing, failed, settle, success } from './cache-world.ts';

const world = () => {
  const clock = new ManualClock();
  const origin = new ScriptedOrigin();
  return { clock, origin, flights: new SingleFlight<string>({ clock }) };
};

/** What has come of a promise by now. */
const soFar = async (promise: Promise<unknown>): Promise<unknown> => Promise.race([promise, settle()]);

describe('SingleFlight', () => {
  test('runs one work for a thousand callers, and all get its outcome', async () => {
    const { origin, flights } = world();
    const all = Array.from({ length: 1_000 }, () => flights.run('k', origin.work, callOf()));
    await origin.answer('once');
    expect(new Set(await Promise.all(all))).toEqual(new Set([success('once')]));
    expect(origin.calls).toHaveLength(1);
    expect(flights.size).toBe(0);
  });

  test('runs the works of two keys side by side', async () => {
    const { origin, flights } = world();
    void flights.run('a', origin.work, callOf());
    void flights.run('b', origin.work, callOf());
    expect([origin.running, flights.has('a'), flights.has('b'), flights.has('c')]).toEqual([
      2,
      true,
      true,
      false,
    ]);
  });

  test('starts anew after the end, also after a failure', async () => {
    const { origin, flights } = world();
    const first = flights.run('k', origin.work, callOf());
    await origin.answer(failed(failing));
    expect(await first).toEqual(failed(failing));
    void flights.run('k', origin.work, callOf());
    expect(origin.calls).toHaveLength(2);
  });

  test("ends one caller's wait on its abort, within the tick, and nobody else's", async () => {
    const { origin, flights } = world();
    const abort = new AbortController();
    const leaves = flights.run('k', origin.work, callOf({ signal: abort.signal }));
    const stays = flights.run('k', origin.work, callOf());
    abort.abort('enough');
    expect(await soFar(leaves)).toMatchObject({ ok: false, failure: { code: 'ABORTED', reason: 'enough' } });
    expect(origin.calls[0]?.signal?.aborted).toBe(false);
    await origin.answer('late');
    expect(await stays).toEqual(success('late'));
  });

  test('does not even start for a caller who is gone already', async () => {
    const { origin, flights } = world();
    const outcome = await flights.run('k', origin.work, callOf({ signal: AbortSignal.abort('gone') }));
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'ABORTED', reason: 'gone' } });
    expect(origin.calls).toHaveLength(0);
  });

  test('aborts the work when the last one has left, and not before', async () => {
    const { origin, flights } = world();
    const [first, second] = [new AbortController(), new AbortController()];
    void flights.run('k', origin.work, callOf({ signal: first.signal }));
    void flights.run('k', origin.work, callOf({ signal: second.signal }));
    first.abort();
    expect(origin.calls[0]?.signal?.aborted).toBe(false);
    second.abort();
    expect(origin.calls[0]?.signal?.aborted).toBe(true);
  });

  test('starts anew for who comes after that, even if the work does not heed its signal', async () => {
    const { clock, origin, flights } = world();
    void flights.run('k', origin.work, callOf({ deadlineMs: 100 }));
    clock.advance(100);
    expect(flights.size).toBe(0);
    void flights.run('k', origin.work, callOf({ deadlineMs: 200 }));
    clock.advance(100);
    const next = flights.run('k', origin.work, callOf());
    expect(origin.calls).toHaveLength(3);
    await origin.answer('of who left');
    expect(flights.has('k')).toBe(true);
    await origin.answer('of who left as well');
    await origin.answer('new');
    expect(await next).toEqual(success('new'));
    expect(flights.size).toBe(0);
  });

  test('lets who stands behind forgotten work go when nobody waits for that any more', async () => {
    const { clock, origin, flights } = world();
    void flights.run('k', origin.work, callOf({ deadlineMs: 100 }));
    flights.forget('k');
    const next = flights.run('k', origin.work, callOf());
    expect(origin.calls).toHaveLength(1);
    clock.advance(100);
    await settle();
    expect(origin.calls).toHaveLength(2);
    await origin.answer('of who left');
    await origin.answer('new');
    expect(await next).toEqual(success('new'));
  });

  test('does not start what stood in line when nobody waits for it any more', async () => {
    const { origin, flights } = world();
    const abort = new AbortController();
    void flights.run('k', origin.work, callOf());
    flights.forget('k');
    void flights.run('k', origin.work, callOf({ signal: abort.signal }));
    abort.abort();
    await origin.answer('old');
    expect([origin.calls.length, flights.size]).toEqual([1, 0]);
  });

  test('ends the wait of who joins at its own deadline, to the millisecond', async () => {
    const { clock, origin, flights } = world();
    const stays = flights.run('k', origin.work, callOf());
    const joins = flights.run('k', origin.work, callOf({ deadlineMs: 100 }));
    clock.advance(99);
    expect(await soFar(joins)).toBeUndefined();
    clock.advance(1);
    expect(await soFar(joins)).toMatchObject({
      ok: false,
      failure: { code: 'TIMED_OUT', scope: 'total', timeoutMs: 100 },
    });
    await origin.answer('late');
    expect(await stays).toEqual(success('late'));
  });

  test('heeds the timeout of who joins, and leaves that of who starts to the work', async () => {
    const { clock, origin, flights } = world();
    const starts = flights.run('k', origin.work, callOf({ timeoutMs: 50 }));
    const joins = flights.run('k', origin.work, callOf({ timeoutMs: 80 }));
    expect(origin.calls[0]?.timeoutMs).toBe(50);
    clock.advance(80);
    expect(await soFar(joins)).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT', timeoutMs: 80 } });
    expect(await soFar(starts)).toBeUndefined();
  });

  const busy: Failure = { ...failing, mayRetry: true };
  const late: Failure = {
    code: 'TIMED_OUT',
    upstream: 'failing',
    mayRetry: false,
    scope: 'total',
    timeoutMs: 100,
  };

  test.each<[string, Partial<Call>, Partial<Call>, Failure]>([
    ['more time than who started', { timeoutMs: 100 }, { timeoutMs: 101 }, late],
    ['the time of the policy, and who started its own', { timeoutMs: 100 }, {}, late],
    ['a later deadline', { deadlineMs: 100 }, { deadlineMs: 101 }, late],
    ['more retries', { retries: 0 }, { retries: 1 }, busy],
    ['the retries of the policy, and who started its own', { retries: 0 }, {}, busy],
    ['its own retries, and who started those of the policy', {}, { retries: 1 }, busy],
  ])('starts again, once, for who joins with %s', async (_, starter, joiner, failure) => {
    const { origin, flights } = world();
    const starts = flights.run('k', origin.work, callOf(starter));
    const call = callOf(joiner);
    const joins = flights.run('k', origin.work, call);
    await origin.answer(failed(failure));
    expect(await starts).toEqual(failed(failure));
    expect({ ...origin.calls[1] }).toMatchObject(joiner);
    await origin.answer(failed(failure));
    expect(await joins).toEqual(failed(failure));
    expect([origin.calls.length, call.stats.attempts, flights.size]).toEqual([2, 2, 0]);
  });

  test.each<[string, Partial<Call>, Partial<Call>, Failure]>([
    ['less time', { timeoutMs: 100 }, { timeoutMs: 99 }, late],
    ['the same rules', { timeoutMs: 100, retries: 2 }, { timeoutMs: 100, retries: 2 }, late],
    ['the rules of the policy, as who started', {}, {}, busy],
    ['fewer retries', { retries: 2 }, { retries: 1 }, busy],
    ['no retries', {}, { retries: 0 }, busy],
    ['more of all, when that would not help', { timeoutMs: 1, retries: 0 }, {}, failing],
  ])('gives the failure to who joins with %s', async (_, starter, joiner, failure) => {
    const { origin, flights } = world();
    void flights.run('k', origin.work, callOf(starter));
    const joins = flights.run('k', origin.work, callOf(joiner));
    await origin.answer(failed(failure));
    expect(await joins).toEqual(failed(failure));
    expect(origin.calls).toHaveLength(1);
  });

  test('shares the second work, and ends each wait with the time that its caller allowed in all', async () => {
    const { clock, origin, flights } = world();
    void flights.run('k', origin.work, callOf({ timeoutMs: 100 }));
    const joins = [500, 400].map((timeoutMs) => flights.run('k', origin.work, callOf({ timeoutMs })));
    clock.advance(100);
    await origin.answer(failed(late));
    expect(origin.calls).toHaveLength(2);
    clock.advance(299);
    expect(await soFar(Promise.race(joins))).toBeUndefined();
    clock.advance(1);
    expect(await joins[1]).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT', timeoutMs: 400 } });
    clock.advance(100);
    expect(await joins[0]).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT', timeoutMs: 500 } });
    expect(origin.calls[1]?.signal?.aborted).toBe(true);
  });

  test('takes the failure when its own time is over at that moment', async () => {
    const { clock, origin, flights } = world();
    void flights.run('k', origin.work, callOf({ retries: 0 }));
    const joins = flights.run('k', origin.work, callOf({ deadlineMs: 100 }));
    clock.advance(100);
    await origin.answer(failed(busy));
    expect(await joins).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT' } });
    expect(origin.calls).toHaveLength(1);
  });

  test('lets who is more urgent start its own while the work waits for its first attempt', async () => {
    const { origin, flights } = world();
    const line = Promise.withResolvers<undefined>();
    const inLine = async (call: Call) => {
      await line.promise;
      return origin.work(call);
    };
    const low = flights.run('k', inLine, callOf({ priority: 'low' }));
    const joins = flights.run('k', origin.work, callOf({ priority: 'low' }));
    expect(origin.calls).toHaveLength(0);
    const critical = flights.run('k', origin.work, callOf({ priority: 'critical' }));
    const normal = flights.run('k', origin.work, callOf());
    expect(origin.calls.map(({ priority }) => priority)).toEqual(['critical']);
    await origin.answer('of the urgent');
    line.resolve(undefined);
    await origin.answer('of the others');
    expect(await Promise.all([low, joins, critical, normal])).toEqual([
      success('of the others'),
      success('of the others'),
      success('of the urgent'),
      success('of the urgent'),
    ]);
  });

  test('refuses a caller whose deadline is over', async () => {
    const { clock, origin, flights } = world();
    clock.advance(10);
    const outcome = await flights.run('k', origin.work, callOf({ deadlineMs: 10 }));
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'TIMED_OUT' } });
    expect(origin.calls).toHaveLength(0);
  });

  test('is as urgent as the most urgent of those who wait, also in a copy of the call', () => {
    const { origin, flights } = world();
    void flights.run('k', origin.work, callOf({ priority: 'low', deadlineMs: 10 }));
    const [call] = origin.calls;
    expect({ ...call }).toMatchObject({ priority: 'low', deadlineMs: 10 });
    void flights.run('k', origin.work, callOf({ priority: 'critical' }));
    void flights.run('k', origin.work, callOf({ priority: 'normal' }));
    expect({ ...call }).toMatchObject({ priority: 'critical', deadlineMs: Infinity });
  });

  test('adds what the work cost to the stats of all who waited', async () => {
    const { origin, flights } = world();
    const calls = [callOf(), callOf()];
    const all = calls.map((call) => flights.run('k', origin.work, call));
    await origin.answer('x');
    await Promise.all(all);
    expect(calls.map(({ stats }) => stats.attempts)).toEqual([1, 1]);
  });

  test('keeps serving who waits when a key is forgotten, and starts anew for who comes then', async () => {
    const { origin, flights } = world();
    const before = flights.run('k', origin.work, callOf());
    flights.forget('k');
    const after = flights.run('k', origin.work, callOf());
    const joined = flights.run('k', origin.work, callOf());
    flights.forgetAll(); // what has not started is new enough
    await origin.answer('old');
    await origin.answer('new');
    expect(await Promise.all([before, after, joined])).toEqual([
      success('old'),
      success('new'),
      success('new'),
    ]);
    expect([origin.calls.length, origin.mostRunning]).toEqual([2, 1]);
  });

  test('takes work that throws against its contract for failed work', async () => {
    const { flights } = world();
    const error = new Error('thrown');
    const outcome = await flights.run('k', () => Promise.reject(error), callOf());
    expect(outcome).toEqual(failed({ code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error }));
    expect(flights.size).toBe(0);
  });

  test('leaves no listener and no timer behind', async () => {
    const { clock, origin, flights } = world();
    const abort = new AbortController();
    let listeners = 0;
    const { signal } = abort;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...given: Parameters<typeof add>) => ((listeners += 1), add(...given));
    signal.removeEventListener = (...given: Parameters<typeof remove>) => (
      (listeners -= 1),
      remove(...given)
    );
    const all = Array.from({ length: 100 }, () =>
      flights.run('k', origin.work, callOf({ signal, deadlineMs: 1e6 })),
    );
    expect(listeners).toBe(100);
    await origin.answer('x');
    await Promise.all(all);
    expect([listeners, clock.nextDueMs]).toEqual([0, Infinity]);
  });
});
