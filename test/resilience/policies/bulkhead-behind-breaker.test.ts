import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import {
  Bulkhead,
  type Call,
  CircuitBreaker,
  type Failure,
  type Outcome,
  Timeout,
  pipeline,
} from '../../../src/resilience/index.ts';

const OPEN_MS = 1_000;
const down: Failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: true, error: 'down' };
const DOWN: Outcome<string> = { ok: false, failure: down };

/** One slot behind a breaker that opens on the first failure; each work ends when the test says how. */
function world() {
  const clock = new ManualClock();
  const breaker = new CircuitBreaker(
    { minCalls: 1, openMs: OPEN_MS, maxOpenMs: OPEN_MS, jitterFraction: 0 },
    { clock },
  );
  const bulkhead = new Bulkhead(
    { maxConcurrent: 1, maxQueued: 10 },
    { clock, recheck: (call) => breaker.recheck(call) },
  );
  const policies = pipeline({ breaker, bulkhead });
  const ends: ((outcome: Outcome<string>) => void)[] = [];
  const ask = (signal: AbortSignal | undefined = new AbortController().signal): Promise<Outcome<string>> =>
    policies.run(() => new Promise((end) => ends.push(end)), newCall({ signal }));
  return { clock, breaker, bulkhead, ends, ask };
}

describe('calls that wait for a slot behind a breaker', () => {
  test('are not made when the circuit has opened meanwhile', async () => {
    const { clock, bulkhead, ends, ask } = world();
    const all = [ask(), ask(), ask(), ask()];
    ends[0]?.(DOWN);
    await clock.turn();
    // The slot of the failure that opens it is given away in the same tick: one call still goes.
    expect(ends).toHaveLength(2);
    ends[1]?.(DOWN);
    const open = {
      code: 'CIRCUIT_OPEN',
      upstream: 'unknown',
      mayRetry: false,
      retryAfterMs: OPEN_MS,
      state: 'open',
    };
    const refusal = { ok: false, failure: open };
    expect(await Promise.all(all)).toEqual([DOWN, DOWN, refusal, refusal]);
    expect(ends).toHaveLength(2);
    expect(bulkhead.status()).toEqual({ running: 0, abandoned: 0, waiting: 0 });
  });

  test('are not made when it was isolated meanwhile', async () => {
    const { breaker, ends, ask } = world();
    const all = [ask(), ask(), ask()];
    breaker.isolate('by hand');
    ends[0]?.({ ok: true, value: 'a' });
    const refusal = { failure: { code: 'CIRCUIT_OPEN', state: 'isolated' } };
    expect(await Promise.all(all)).toMatchObject([{ ok: true, value: 'a' }, refusal, refusal]);
    expect(ends).toHaveLength(1);
  });

  test('are made when it is closed', async () => {
    const { ends, ask } = world();
    const all = [ask(), ask()];
    ends[0]?.({ ok: true, value: 'a' });
    await all[0];
    await Promise.resolve();
    ends[1]?.({ ok: true, value: 'b' });
    expect(await Promise.all(all)).toEqual([
      { ok: true, value: 'a' },
      { ok: true, value: 'b' },
    ]);
  });
});

describe('recheck, in the tick of the send', () => {
  /** A breaker around attempts with a timeout of their own, each of which looks again when it is told to. */
  function sending() {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ minCalls: 1, openMs: OPEN_MS, jitterFraction: 0 }, { clock });
    const attemptTimeout = new Timeout({ scope: 'attempt', timeoutMs: 60_000 }, { clock });
    const policies = pipeline({ breaker, attemptTimeout });
    const start = (call: Call = newCall({ signal: new AbortController().signal })) => {
      const ready = Promise.withResolvers<Outcome<string>>();
      let refusal: (() => Failure | undefined) | undefined;
      const outcome = policies.run((inner) => {
        refusal = () => breaker.recheck(inner);
        return ready.promise;
      }, call);
      return { outcome, end: ready.resolve, recheck: () => refusal?.() };
    };
    return { clock, breaker, start };
  }

  const circuitOpen = (state: 'open' | 'half-open' | 'isolated', retryAfterMs?: number): Failure => ({
    code: 'CIRCUIT_OPEN',
    upstream: 'unknown',
    mayRetry: false,
    retryAfterMs,
    state,
  });

  test('closed, everybody goes; open and isolated, nobody does', async () => {
    const { clock, breaker, start } = sending();
    const [fails, waits] = [start(), start()];
    expect(waits.recheck()).toBeUndefined();
    fails.end(DOWN);
    await fails.outcome;
    clock.advance(400);
    expect(waits.recheck()).toEqual(circuitOpen('open', OPEN_MS - 400));
    breaker.isolate('by hand');
    expect(waits.recheck()).toEqual(circuitOpen('isolated'));
    breaker.release();
    expect(waits.recheck()).toBeUndefined();
  });

  test('half-open, the probe goes, though policies further in have made it another call; nobody else does', async () => {
    const { clock, breaker, start } = sending();
    const [fails, waits] = [start(), start()];
    fails.end(DOWN);
    await fails.outcome;
    clock.advance(OPEN_MS);
    const call = newCall();
    const probe = start(call);
    expect(breaker.state).toBe('half-open');
    expect(probe.recheck()).toBeUndefined();
    expect(waits.recheck()).toMatchObject({ code: 'CIRCUIT_OPEN', state: 'half-open' });
    // Another attempt of the very call whose attempt is the probe: a hedge that was let through before.
    expect(breaker.recheck({ ...call, attempt: 2 })).toMatchObject({ state: 'half-open' });
    breaker.isolate('by hand');
    expect(probe.recheck()).toEqual(circuitOpen('isolated'));
  });

  test('who is refused so counts neither way', async () => {
    const { clock, breaker, start } = sending();
    const [fails, waits] = [start(), start()];
    fails.end(DOWN);
    await fails.outcome;
    clock.advance(OPEN_MS);
    const probe = start();
    const failure = waits.recheck();
    waits.end({ ok: false, failure: failure ?? down });
    expect(await waits.outcome).toMatchObject({ failure: { state: 'half-open' } });
    expect(breaker.state).toBe('half-open');
    expect(probe.recheck()).toBeUndefined();
    probe.end({ ok: true, value: 'back' });
    await probe.outcome;
    expect(breaker.explain()).toMatchObject({ state: 'closed', counts: { calls: 0 } });
  });
});

describe('work that breaks its promise not to throw', () => {
  test.each([
    [
      'throws',
      (): never => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
  ])('%s: the next call is the probe', async (_how, work) => {
    const clock = new ManualClock();
    const breaker = new CircuitBreaker({ minCalls: 1, openMs: OPEN_MS, jitterFraction: 0 }, { clock });
    await breaker.run(() => Promise.resolve(DOWN), newCall());
    clock.advance(OPEN_MS);
    await expect(async () => breaker.run(work, newCall())).rejects.toThrow('broken');
    expect(breaker.state).toBe('half-open');
    const back: Outcome<string> = { ok: true, value: 'back' };
    expect(await breaker.run(() => Promise.resolve(back), newCall())).toEqual(back);
    expect(breaker.state).toBe('closed');
  });
});
