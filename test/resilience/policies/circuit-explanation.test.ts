import { describe, expect, test } from 'vitest';
import { failed } from '../../../src/resilience/outcome.ts';
import { CircuitWorld, SOON, WALL_MS, aFailure, openedWorld } from './circuit-world.ts';

describe('explain', () => {
  const RULES_SAID = { name: 'venue', windowMs: 10_000, failureRate: 0.5, minCalls: 4 };
  const NOTHING = { calls: 0, failed: 0, slow: 0, rate: 0 };

  test('closed: what the window holds, and what would open it', async () => {
    const world = new CircuitWorld({ ...SOON, slowCallMs: 10 });
    await world.calls(1, 'ok', 11);
    await world.calls(1, 'fail');
    await world.calls(1, 'ok');
    expect(world.breaker.explain()).toEqual({
      ...RULES_SAID,
      state: 'closed',
      sinceMs: WALL_MS,
      untilMs: undefined,
      counts: { calls: 3, failed: 1, slow: 1, rate: 2 / 3 },
      opening: undefined,
      reason: undefined,
      text: 'venue has been closed for 11 ms: 1 of 3 calls failed, 1 were slow (66.7 %) within 10000 ms; opens at 50 % of at least 4',
    });
  });

  test('looks at the window as it is now', async () => {
    const world = new CircuitWorld(SOON);
    await world.calls(3, 'fail');
    world.clock.advance(10_000);
    expect(world.breaker.explain().counts).toEqual(NOTHING);
  });

  test('open: what opened it, and until when', async () => {
    const world = await openedWorld();
    world.clock.advance(1_200);
    expect(world.breaker.explain()).toEqual({
      ...RULES_SAID,
      state: 'open',
      sinceMs: WALL_MS,
      untilMs: WALL_MS + 5_000,
      counts: NOTHING,
      opening: {
        counts: { calls: 4, failed: 4, slow: 0, rate: 1 },
        cause: { code: 'WORK_FAILED', description: 'the work failed: no luck' },
        failedProbes: 0,
      },
      reason: undefined,
      text: 'venue has been open for 1200 ms, no probe for 3800 ms: 4 of 4 calls failed, 0 were slow (100 %), it opens at 50 % of at least 4; last: the work failed: no luck',
    });
  });

  test('open, and its time is over', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    expect(world.breaker.explain().text).toContain('has been open for 5000 ms, the next call is the probe: ');
  });

  test('open by a slow call', async () => {
    const world = new CircuitWorld({ ...SOON, minCalls: 1, slowCallMs: 1_000 });
    await world.calls(1, 'ok', 1_500);
    expect(world.breaker.explain().opening).toEqual({
      counts: { calls: 1, failed: 0, slow: 1, rate: 1 },
      cause: { code: 'SLOW_CALL', description: 'it took 1500 ms, more than 1000 ms' },
      failedProbes: 0,
    });
  });

  test('open by a refusal that shows life, and came too late', async () => {
    const world = new CircuitWorld({ ...SOON, minCalls: 1, slowCallMs: 1_000 });
    await world.calls(1, 'alive', 1_500);
    const { opening } = world.breaker.explain();
    expect({ slow: opening?.counts.slow, code: opening?.cause.code }).toEqual({ slow: 1, code: 'SLOW_CALL' });
  });

  test('half-open: how long the probe may take', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    world.start();
    world.clock.advance(1_000);
    const { state, sinceMs, untilMs, text } = world.breaker.explain();
    expect({ state, sinceMs, untilMs }).toEqual({
      state: 'half-open',
      sinceMs: WALL_MS + 5_000,
      untilMs: WALL_MS + 8_000,
    });
    expect(text).toContain('has been half-open for 1000 ms, its probe has 2000 ms left: ');
  });

  test('half-open for as long as probes follow each other', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    await world.calls(1, 'unknown', 700);
    await world.calls(1, 'unknown', 700);
    const { state, sinceMs, untilMs, text } = world.breaker.explain();
    expect({ state, sinceMs, untilMs }).toEqual({
      state: 'half-open',
      sinceMs: WALL_MS + 5_000,
      untilMs: undefined,
    });
    expect(text).toContain('has been half-open for 1400 ms, the next call is the probe: ');
  });

  test('half-open, and the caller of the probe has left', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    const controller = new AbortController();
    world.start({ signal: controller.signal });
    controller.abort();
    expect(world.breaker.explain().untilMs).toBeUndefined();
  });

  test('open again: the counts that opened it, the failure of the latest probe', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    await world.start().end(failed(aFailure({ error: new Error('still down') })));
    world.clock.advance(10_000);
    await world.start().end(failed(aFailure({ error: new Error('still asleep') })));
    const { opening, sinceMs, untilMs, text } = world.breaker.explain();
    expect({ opening, sinceMs, untilMs }).toEqual({
      opening: {
        counts: { calls: 4, failed: 4, slow: 0, rate: 1 },
        cause: { code: 'WORK_FAILED', description: 'the work failed: still asleep' },
        failedProbes: 2,
      },
      sinceMs: WALL_MS + 15_000,
      untilMs: WALL_MS + 35_000,
    });
    expect(text).toContain('; failed probes: 2, last: the work failed: still asleep');
  });

  test('isolated: who or what said so last, since the first time', () => {
    const { breaker, clock } = new CircuitWorld(SOON);
    breaker.isolate('maintenance');
    clock.advance(60_000);
    breaker.isolate('maintenance takes longer');
    expect(breaker.explain()).toEqual({
      ...RULES_SAID,
      state: 'isolated',
      sinceMs: WALL_MS,
      untilMs: undefined,
      counts: NOTHING,
      opening: undefined,
      reason: 'maintenance takes longer',
      text: 'venue has been isolated for 60000 ms: maintenance takes longer',
    });
  });

  test('tells wall times, whatever the wall clock was when it happened', async () => {
    const world = await openedWorld();
    world.clock.jump(3_600_000);
    expect(world.breaker.explain().sinceMs).toBe(WALL_MS + 3_600_000);
  });

  test('changes nothing', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    world.breaker.explain();
    expect(world.breaker.state).toBe('open');
    expect(world.changes).toHaveLength(1);
  });

  test('survives what cannot be read as text', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    await world.start().end(failed(aFailure({ error: Object.create(null) })));
    expect(world.breaker.explain().opening?.cause).toEqual({
      code: 'WORK_FAILED',
      description: 'the work failed: something that cannot be read as text',
    });
  });

  test('is plain data', async () => {
    const { breaker } = await openedWorld();
    expect(JSON.parse(JSON.stringify(breaker.explain()))).toMatchObject({
      state: 'open',
      opening: { failedProbes: 0 },
    });
  });
});
