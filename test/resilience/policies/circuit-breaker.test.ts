import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { type CircuitChange, ResilienceError } from '../../../src/resilience/index.ts';
import { failed } from '../../../src/resilience/outcome.ts';
import { CircuitWorld, SOON, WALL_MS, aFailure, openedWorld } from './circuit-world.ts';

describe('CircuitBreaker', () => {
  test('hands on what the task gives, and the call with it', async () => {
    const { breaker } = new CircuitWorld();
    await expect(
      breaker.execute(({ priority }) => Promise.resolve(priority), { priority: 'high' }),
    ).resolves.toBe('high');
  });

  test('hands on the error of the task, as it is', async () => {
    const { breaker } = new CircuitWorld();
    const error = new Error('no luck');
    await expect(breaker.execute(() => Promise.reject(error))).rejects.toBe(error);
  });

  test('throws CIRCUIT_OPEN out of execute, and does not run the task', async () => {
    const { breaker } = await openedWorld();
    const task = vi.fn(() => Promise.resolve(1));
    const refusal = breaker.execute(task);
    await expect(refusal).rejects.toThrow('not asked, the circuit is open, again in 5000 ms');
    await expect(refusal).rejects.toBeInstanceOf(ResilienceError);
    expect(task).not.toHaveBeenCalled();
  });

  test('delivers the value of a call that was too slow', async () => {
    const { breaker, clock } = new CircuitWorld({ slowCallMs: 10, minCalls: 1 });
    const value = breaker.execute(async () => {
      clock.advance(11);
      return 'late';
    });
    await expect(value).resolves.toBe('late');
    expect(breaker.state).toBe('open');
  });

  test('delivers the value of a probe that was given up', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    const late = world.start();
    world.clock.advance(3_000);
    world.start();
    await expect(late.end('ok')).resolves.toEqual({ ok: true, value: 'value' });
  });

  test('waiting on this side is not slowness of the upstream', async () => {
    const { breaker, clock } = new CircuitWorld({ slowCallMs: 10, minCalls: 1 });
    await breaker.execute(async ({ stats }) => {
      clock.advance(500);
      stats.waitMs += 490;
    });
    expect(breaker.state).toBe('closed');
  });

  test('waits of earlier attempts do not make this one faster', async () => {
    const world = new CircuitWorld({ slowCallMs: 10, minCalls: 1 });
    const call = world.start({ stats: { attempts: 1, waitMs: 500, workMs: 0 } });
    world.clock.advance(11);
    await call.end('ok');
    expect(world.breaker.state).toBe('open');
  });

  test('opens when attempts time out inside of it', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    await world
      .start()
      .end(
        failed({ code: 'TIMED_OUT', upstream: 'failing', mayRetry: true, scope: 'attempt', timeoutMs: 800 }),
      );
    expect(world.breaker.explain().opening?.cause).toEqual({
      code: 'TIMED_OUT',
      description: 'no answer within 800 ms (one attempt)',
    });
  });

  test('sets no timers', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    world.start();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('leaves no listener on the signal of a call', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    const { signal } = new AbortController();
    const listen = vi.spyOn(signal, 'addEventListener');
    await world.start({ signal }).end('ok');
    expect(listen).not.toHaveBeenCalled();
  });

  test('a flood of calls makes one probe per time box against an upstream that hangs', async () => {
    const world = await openedWorld();
    world.clock.advance(5_000);
    let reached = 0;
    for (let ms = 0; ms < 30_000; ms += 10) {
      if (world.start().reached) reached += 1;
      world.clock.advance(10);
    }
    expect(reached).toBe(10);
  });

  test('every breaker is on its own', async () => {
    await openedWorld();
    expect(new CircuitWorld(SOON).breaker.state).toBe('closed');
  });

  test('begins on a clock that has long been running', async () => {
    const clock = new ManualClock();
    clock.advance(123_456_789);
    const world = new CircuitWorld({ ...SOON }, { clock });
    await world.calls(4, 'fail');
    expect(world.breaker.state).toBe('open');
  });
});

describe('jitter', () => {
  test.each([
    { random: 0, jitterFraction: 0.2, openForMs: 5_000 },
    { random: 0.5, jitterFraction: 0.2, openForMs: 4_500 },
    { random: 0.5, jitterFraction: 0, openForMs: 5_000 },
    { random: 0.75, jitterFraction: 1, openForMs: 1_250 },
  ])(
    'at $random of $jitterFraction it is open for $openForMs ms',
    async ({ random, jitterFraction, openForMs }) => {
      const { breaker } = await openedWorld({ jitterFraction }, { random: () => random });
      expect(breaker.explain().untilMs).toBe(WALL_MS + openForMs);
    },
  );

  test('takes from the doubled time, and doubles the time before jitter', async () => {
    const world = await openedWorld({}, { random: () => 0.5 });
    world.clock.advance(4_500);
    await world.calls(1, 'fail');
    expect(world.breaker.explain().untilMs).toBe(WALL_MS + 4_500 + 9_000);
  });

  test('spreads a fleet over a fifth of the time by default', async () => {
    const untilMs = await Promise.all(
      Array.from(
        { length: 50 },
        async () => (await openedWorld({}, { random: undefined })).breaker.explain().untilMs ?? NaN,
      ),
    );
    expect(new Set(untilMs).size).toBeGreaterThan(40);
    for (const each of untilMs) {
      expect(each).toBeGreaterThan(WALL_MS + 4_000);
      expect(each).toBeLessThanOrEqual(WALL_MS + 5_000);
    }
  });
});

describe('onChange', () => {
  test.each([
    {
      kind: 'throws',
      listener: () => {
        throw new Error('listener');
      },
    },
    { kind: 'rejects', listener: () => Promise.reject(new Error('listener')) },
  ])('a listener that $kind changes nothing for the call', async ({ listener }) => {
    // No mock: it would look after the rejection itself. Left alone, it fails the run.
    const heard: CircuitChange[] = [];
    const onChange = (change: CircuitChange): unknown => {
      heard.push(change);
      return listener();
    };
    const world = new CircuitWorld({ minCalls: 1 }, { onChange });
    const outcome = await world.start().end('fail');
    await world.clock.turn();
    expect(outcome).toEqual({ ok: false, failure: aFailure() });
    expect(world.breaker.state).toBe('open');
    expect(heard).toEqual([{ from: 'closed', to: 'open', because: 'failure-rate' }]);
  });

  test('sees the new state', async () => {
    const seen: string[] = [];
    const world: CircuitWorld = new CircuitWorld(
      { minCalls: 1 },
      { onChange: () => seen.push(world.breaker.state) },
    );
    await world.calls(1, 'fail');
    world.clock.advance(5_000);
    await world.calls(1, 'ok');
    expect(seen).toEqual(['open', 'half-open', 'closed']);
  });

  test('may isolate when it hears of a probe, and the probe does not go', async () => {
    const world: CircuitWorld = new CircuitWorld(
      { minCalls: 1 },
      {
        onChange: ({ to }) => {
          if (to === 'half-open') world.breaker.isolate('no probes today');
        },
      },
    );
    await world.calls(1, 'fail');
    world.clock.advance(5_000);
    const call = world.start();
    expect(call.reached).toBe(false);
    expect(await call.outcome).toMatchObject({ failure: { code: 'CIRCUIT_OPEN', state: 'isolated' } });
  });

  test('is not needed', async () => {
    const world = await openedWorld({}, { onChange: undefined });
    expect(world.breaker.state).toBe('open');
  });
});
