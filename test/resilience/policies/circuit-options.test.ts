import { describe, expect, test } from 'vitest';
import { ManualClock, PortcullisError } from '../../../src/core/index.ts';
import { CircuitBreaker } from '../../../src/resilience/index.ts';
import { WALL_MS, openedWorld } from './circuit-world.ts';

describe('options', () => {
  const clock = new ManualClock();

  test.each<{ field: string; options: object }>([
    { field: 'minCalls', options: { minCalls: 0 } },
    { field: 'minCalls', options: { minCalls: 1.5 } },
    { field: 'failureRate', options: { failureRate: 0 } },
    { field: 'failureRate', options: { failureRate: 1.01 } },
    { field: 'windowMs', options: { windowMs: 0 } },
    { field: 'windowMs', options: { windowMs: Infinity } },
    { field: 'slowCallMs', options: { slowCallMs: 0 } },
    { field: 'openMs', options: { openMs: NaN } },
    { field: 'maxOpenMs', options: { openMs: 5_000, maxOpenMs: 4_999 } },
    { field: 'jitterFraction', options: { jitterFraction: 1.1 } },
    { field: 'probeTimeoutMs', options: { probeTimeoutMs: -1 } },
    { field: 'name', options: { name: '' } },
    { field: 'minimumCalls', options: { minimumCalls: 20 } },
  ])('refuses $options, and names $field', ({ field, options }) => {
    const build = (): CircuitBreaker => new CircuitBreaker(options, { clock });
    expect(build).toThrow(PortcullisError);
    expect(build).toThrow(new RegExp(`CircuitBreaker: .*${field}`));
  });

  test('has defaults that do not open on the first failure', () => {
    const { name, minCalls, failureRate, windowMs } = new CircuitBreaker({}, { clock }).explain();
    expect({ name, minCalls, failureRate, windowMs }).toEqual({
      name: 'circuit-breaker',
      minCalls: 20,
      failureRate: 0.5,
      windowMs: 10_000,
    });
  });

  test.each([
    { options: { openMs: 20_000 }, thenMs: 30_000 },
    { options: { openMs: 60_000 }, thenMs: 60_000 },
    { options: { openMs: 60_000, maxOpenMs: 60_000 }, thenMs: 60_000 },
    { options: { openMs: 60_000, maxOpenMs: 90_000 }, thenMs: 90_000 },
  ])('$options: after a failed probe it is open for $thenMs ms', async ({ options, thenMs }) => {
    const world = await openedWorld(options);
    world.clock.advance(options.openMs);
    await world.calls(1, 'fail');
    expect(world.breaker.explain().untilMs).toBe(WALL_MS + options.openMs + thenMs);
  });
});
