import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import {
  Bulkhead,
  CircuitBreaker,
  type Failure,
  type Outcome,
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

describe('recheck', () => {
  test('half-open lets the probe go, and refuses who was let through before', async () => {
    const { clock, breaker, ends, ask } = world();
    const first = ask();
    ends[0]?.(DOWN);
    await first;
    clock.advance(OPEN_MS);
    const { signal } = new AbortController();
    void ask(signal);
    expect(breaker.state).toBe('half-open');
    expect(breaker.recheck(newCall({ signal }))).toBeUndefined();
    expect(breaker.recheck(newCall({ signal: new AbortController().signal }))).toMatchObject({
      code: 'CIRCUIT_OPEN',
      state: 'half-open',
    });
  });
});
