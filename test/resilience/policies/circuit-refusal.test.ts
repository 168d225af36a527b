import { describe, expect, test } from 'vitest';
import { CircuitWorld } from './circuit-world.ts';

describe('refusal', () => {
  test('says for a call to come what the call would be told, and nothing once a probe may go', async () => {
    const world = new CircuitWorld({ minCalls: 1, openMs: 1_000, jitterFraction: 0 });
    expect(world.breaker.refusal()).toBeUndefined();
    await world.calls(1, 'fail');
    expect(world.breaker.refusal()).toMatchObject({
      code: 'CIRCUIT_OPEN',
      state: 'open',
      retryAfterMs: 1_000,
    });
    world.clock.advance(999);
    expect(world.breaker.refusal()).toMatchObject({ retryAfterMs: 1 });
    world.clock.advance(1);
    expect(world.breaker.refusal()).toBeUndefined();
    world.breaker.isolate('by hand');
    expect(world.breaker.refusal()).toMatchObject({ state: 'isolated', retryAfterMs: undefined });
  });
});
