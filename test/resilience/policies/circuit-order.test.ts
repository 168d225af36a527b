import { describe, expect, test } from 'vitest';
import { newCall } from '../../../src/resilience/call.ts';
import { type Outcome, type Policy, Retry, Timeout, type Work } from '../../../src/resilience/index.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';
import { CircuitWorld, aFailure } from './circuit-world.ts';

/* What the place of a breaker among other policies means for it. */

/** Runs work under policies, the outermost first; how often it was reached, and what became of the call. */
async function under(
  policies: readonly Policy[],
  answer: () => Outcome<string>,
): Promise<{ reached: number; outcome: Outcome<string> }> {
  let reached = 0;
  const innermost: Work<string> = () => {
    reached += 1;
    return Promise.resolve(answer());
  };
  const work = policies.reduceRight<Work<string>>(
    (inner, policy) => (call) => policy.run(inner, call),
    innermost,
  );
  const outcome = await work(newCall());
  return { reached, outcome };
}

const hang = (): Promise<Outcome<string>> => new Promise(() => {});

const failing = (): Outcome<string> => failed(aFailure({ mayRetry: true }));

const retries = ({ clock }: CircuitWorld): Retry =>
  new Retry({ retries: 2, baseDelayMs: 0, budget: { minPerSecond: 100 } }, { clock, random: () => 0 });

describe('inside of retries', () => {
  test('each attempt is a call, so one call can open the circuit', async () => {
    const world = new CircuitWorld({ minCalls: 3 });
    const { reached } = await under([retries(world), world.breaker], failing);
    expect(reached).toBe(3);
    expect(world.breaker.state).toBe('open');
  });

  test('attempts end where the circuit opens', async () => {
    const world = new CircuitWorld({ minCalls: 2 });
    const { reached, outcome } = await under([retries(world), world.breaker], failing);
    expect(reached).toBe(2);
    expect(outcome).toEqual(failing());
  });

  test('an open circuit is not asked again', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    await world.calls(1, 'fail');
    const { reached, outcome } = await under([retries(world), world.breaker], () => success('value'));
    expect(reached).toBe(0);
    expect(outcome).toMatchObject({ failure: { code: 'CIRCUIT_OPEN', retryAfterMs: 5_000 } });
  });
});

describe('around retries', () => {
  test('a call counts once, whatever it took', async () => {
    const world = new CircuitWorld({ minCalls: 2 });
    const { reached } = await under([world.breaker, retries(world)], failing);
    expect(reached).toBe(3);
    expect(world.breaker.explain().counts).toEqual({ calls: 1, failed: 1, slow: 0, rate: 1 });
  });
});

describe('around the timeout of an attempt', () => {
  test('an upstream that hangs opens the circuit', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    const timeout = new Timeout({ timeoutMs: 800, scope: 'attempt' }, { clock: world.clock });
    const outcome = world.breaker.run((call) => timeout.run(() => hang(), call), newCall());
    world.clock.advance(800);
    expect(await outcome).toMatchObject({ failure: { code: 'TIMED_OUT', scope: 'attempt' } });
    expect(world.breaker.explain().opening?.cause.code).toBe('TIMED_OUT');
  });
});

describe('inside of the timeout of the whole call', () => {
  const giveUp = async (world: CircuitWorld): Promise<void> => {
    const timeout = new Timeout({ timeoutMs: 800, scope: 'total' }, { clock: world.clock });
    const outcome = timeout.run((call) => world.breaker.run(() => hang(), call), newCall());
    world.clock.advance(800);
    expect(await outcome).toMatchObject({ failure: { code: 'TIMED_OUT', scope: 'total' } });
  };

  test('a call that was given up counts neither way', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    await giveUp(world);
    expect(world.breaker.explain().counts.calls).toBe(0);
  });

  test('a probe that was given up leaves its place to the next call at once', async () => {
    const world = new CircuitWorld({ minCalls: 1 });
    await world.calls(1, 'fail');
    world.clock.advance(5_000);
    await giveUp(world);
    expect(world.breaker.state).toBe('half-open');
    await world.calls(1, 'ok');
    expect(world.breaker.state).toBe('closed');
  });
});
