import { expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { Bulkhead, CircuitBreaker, Retry, Timeout, pipeline } from '../../src/resilience/index.ts';

/** A signal costs more than all the policies together, so none is made for a call that nobody aborts, not even for one that waits. */
test('calls that run and wait under all policies make no signals', async () => {
  const made = vi.spyOn(globalThis, 'AbortController');
  onTestFinished(() => made.mockRestore());
  const clock = new ManualClock();
  const policies = pipeline({
    totalTimeout: new Timeout({ timeoutMs: 1_000, scope: 'total' }, { clock }),
    retry: new Retry({}, { clock }),
    breaker: new CircuitBreaker({}, { clock }),
    bulkhead: new Bulkhead({ maxConcurrent: 1, maxQueued: 10 }, { clock }),
    attemptTimeout: new Timeout({ timeoutMs: 100, scope: 'attempt' }, { clock }),
  });
  const calls = Array.from({ length: 5 }, (_, at) =>
    policies.execute(async () => {
      await clock.turn();
      return at;
    }),
  );
  expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4]);
  expect(made).not.toHaveBeenCalled();
});
