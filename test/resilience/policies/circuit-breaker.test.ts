import { describe, expect, test, vi } from 'vitest';
import { ManualClock, PortcullisError } from '../../../src/core/index.ts';
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitChange,
  ResilienceError,
} from '../../../src/resilience/index.ts';
import { failed } from '../../../src/resilience/outcome.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { CircuitWorld, WALL_MS, aFailure } from './circuit-world.ts';

const RULES: CircuitBreakerOptions = { minCalls: 4, openMs: 5_000, probeTimeoutMs: 3_000 };

const opened = async (
  options: CircuitBreakerOptions = {},
  ...deps: [ConstructorParameters<typeof CircuitWorld>[1]?]
): Promise<CircuitWorld> => {
  const world = new CircuitWorld({ ...RULES, ...options }, ...deps);
  await world.calls(4, 'fail');
  return world;
};

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
    const { breaker } = await opened();
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
    const world = await opened();
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
    const world = await opened();
    world.clock.advance(5_000);
    world.start();
    expect(world.clock.nextDueMs).toBe(Infinity);
  });

  test('leaves no listener on the signal of a call', async () => {
    const world = await opened();
    world.clock.advance(5_000);
    const { signal } = new AbortController();
    const listen = vi.spyOn(signal, 'addEventListener');
    await world.start({ signal }).end('ok');
    expect(listen).not.toHaveBeenCalled();
  });

  test('a flood of calls makes one probe per time box against an upstream that hangs', async () => {
    const world = await opened();
    world.clock.advance(5_000);
    let reached = 0;
    for (let ms = 0; ms < 30_000; ms += 10) {
      if (world.start().reached) reached += 1;
      world.clock.advance(10);
    }
    expect(reached).toBe(10);
  });

  test('every breaker is on its own', async () => {
    await opened();
    expect(new CircuitWorld(RULES).breaker.state).toBe('closed');
  });

  test('begins on a clock that has long been running', async () => {
    const clock = new ManualClock();
    clock.advance(123_456_789);
    const world = new CircuitWorld({ ...RULES }, { clock });
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
      const { breaker } = await opened({ jitterFraction }, { random: () => random });
      expect(breaker.explain().untilMs).toBe(WALL_MS + openForMs);
    },
  );

  test('takes from the doubled time, and doubles the time before jitter', async () => {
    const world = await opened({}, { random: () => 0.5 });
    world.clock.advance(4_500);
    await world.calls(1, 'fail');
    expect(world.breaker.explain().untilMs).toBe(WALL_MS + 4_500 + 9_000);
  });

  test('spreads a fleet over a fifth of the time by default', async () => {
    const untilMs = await Promise.all(
      Array.from(
        { length: 50 },
        async () => (await opened({}, { random: undefined })).breaker.explain().untilMs ?? NaN,
      ),
    );
    expect(new Set(untilMs).size).toBeGreaterThan(40);
    for (const each of untilMs) {
      expect(each).toBeGreaterThan(WALL_MS + 4_000);
      expect(each).toBeLessThanOrEqual(WALL_MS + 5_000);
    }
  });
});

describe('explain', () => {
  const RULES_SAID = { name: 'venue', windowMs: 10_000, failureRate: 0.5, minCalls: 4 };
  const NOTHING = { calls: 0, failed: 0, slow: 0, rate: 0 };

  test('closed: what the window holds, and what would open it', async () => {
    const world = new CircuitWorld({ ...RULES, slowCallMs: 10 });
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
    const world = new CircuitWorld(RULES);
    await world.calls(3, 'fail');
    world.clock.advance(10_000);
    expect(world.breaker.explain().counts).toEqual(NOTHING);
  });

  test('open: what opened it, and until when', async () => {
    const world = await opened();
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
    const world = await opened();
    world.clock.advance(5_000);
    expect(world.breaker.explain().text).toContain('has been open for 5000 ms, the next call is the probe: ');
  });

  test('open by a slow call', async () => {
    const world = new CircuitWorld({ ...RULES, minCalls: 1, slowCallMs: 1_000 });
    await world.calls(1, 'ok', 1_500);
    expect(world.breaker.explain().opening).toEqual({
      counts: { calls: 1, failed: 0, slow: 1, rate: 1 },
      cause: { code: 'SLOW_CALL', description: 'it took 1500 ms, more than 1000 ms' },
      failedProbes: 0,
    });
  });

  test('half-open: how long the probe may take', async () => {
    const world = await opened();
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
    const world = await opened();
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
    const world = await opened();
    world.clock.advance(5_000);
    const controller = new AbortController();
    world.start({ signal: controller.signal });
    controller.abort();
    expect(world.breaker.explain().untilMs).toBeUndefined();
  });

  test('open again: the counts that opened it, the failure of the latest probe', async () => {
    const world = await opened();
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
    const { breaker, clock } = new CircuitWorld(RULES);
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
    const world = await opened();
    world.clock.jump(3_600_000);
    expect(world.breaker.explain().sinceMs).toBe(WALL_MS + 3_600_000);
  });

  test('changes nothing', async () => {
    const world = await opened();
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
      description: 'it cannot be described',
    });
  });

  test('is plain data', async () => {
    const { breaker } = await opened();
    expect(JSON.parse(JSON.stringify(breaker.explain()))).toMatchObject({
      state: 'open',
      opening: { failedProbes: 0 },
    });
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
    const onChange = vi.fn<(change: CircuitChange) => unknown>(listener);
    const world = new CircuitWorld({ minCalls: 1 }, { onChange });
    const outcome = await world.start().end('fail');
    expect(outcome).toEqual({ ok: false, failure: aFailure() });
    expect(world.breaker.state).toBe('open');
    expect(onChange.mock.calls).toEqual([[{ from: 'closed', to: 'open', because: 'failure-rate' }]]);
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
    const world = await opened({}, { onChange: undefined });
    expect(world.breaker.state).toBe('open');
  });
});

describe('metrics', () => {
  const shown = async (metrics: MetricsRegistry): Promise<readonly string[]> =>
    (await metrics.exposition()).split('\n').filter((line) => line.startsWith('trading_circuit_breaker'));

  test('show the state from the start, and count no changes yet', async () => {
    const metrics = new MetricsRegistry();
    new CircuitWorld({}, { metrics });
    expect(await shown(metrics)).toEqual([
      'trading_circuit_breaker_state{target="venue",state="closed"} 1',
      'trading_circuit_breaker_state{target="venue",state="open"} 0',
      'trading_circuit_breaker_state{target="venue",state="half-open"} 0',
      'trading_circuit_breaker_state{target="venue",state="isolated"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="closed"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="open"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="half-open"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="isolated"} 0',
    ]);
  });

  test('follow each change, and isolating twice is one', async () => {
    const metrics = new MetricsRegistry();
    const world = await opened({}, { metrics });
    world.clock.advance(5_000);
    await world.calls(1, 'fail');
    world.breaker.isolate('maintenance');
    world.breaker.isolate('maintenance');
    expect(await shown(metrics)).toEqual([
      'trading_circuit_breaker_state{target="venue",state="closed"} 0',
      'trading_circuit_breaker_state{target="venue",state="open"} 0',
      'trading_circuit_breaker_state{target="venue",state="half-open"} 0',
      'trading_circuit_breaker_state{target="venue",state="isolated"} 1',
      'trading_circuit_breaker_transitions_total{target="venue",to="closed"} 0',
      'trading_circuit_breaker_transitions_total{target="venue",to="open"} 2',
      'trading_circuit_breaker_transitions_total{target="venue",to="half-open"} 1',
      'trading_circuit_breaker_transitions_total{target="venue",to="isolated"} 1',
    ]);
  });

  test('of two breakers stand side by side', async () => {
    const metrics = new MetricsRegistry();
    await opened({ name: 'a' }, { metrics });
    new CircuitWorld({ name: 'b' }, { metrics });
    const text = await metrics.exposition();
    expect(text).toContain('trading_circuit_breaker_state{target="a",state="open"} 1');
    expect(text).toContain('trading_circuit_breaker_state{target="b",state="open"} 0');
  });
});

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
    const world = await opened(options);
    world.clock.advance(options.openMs);
    await world.calls(1, 'fail');
    expect(world.breaker.explain().untilMs).toBe(WALL_MS + options.openMs + thenMs);
  });
});
