import { expect } from 'vitest';
import type { CircuitBreakerOptions } from '../../../src/resilience/index.ts';
import { type Answer, CircuitWorld, type RunningCall } from './circuit-world.ts';

/** What is in force when a scenario says nothing else: easy numbers. */
const OPTIONS: CircuitBreakerOptions = {
  minCalls: 4,
  failureRate: 0.5,
  windowMs: 10_000,
  slowCallMs: 1_000,
  openMs: 5_000,
  maxOpenMs: 20_000,
  probeTimeoutMs: 3_000,
};

/**
 * Plays a script of steps, divided by `;`:
 *
 *     ok | fail | alive | unknown [COUNT]   so many calls, answered at once
 *     slow [COUNT]                          so many that succeed 1 ms later than `slowCallMs`
 *     advance MS
 *     start NAME                            a call that reaches the work, and hangs
 *     end NAME ok|fail|alive|unknown        its answer
 *     abort NAME                            its caller aborts; nothing answers yet
 *     expect STATE
 *     refused [MS|never]                    a call is refused, and told to come again in so many milliseconds, or nothing
 *     isolate | release
 *
 * @returns the changes of state, such as `closed > open: failure-rate`
 */
export async function play(script: string, options: CircuitBreakerOptions = {}): Promise<readonly string[]> {
  const rules = { ...OPTIONS, ...options };
  const world = new CircuitWorld(rules);
  const running = new Map<string, RunningCall & { readonly controller: AbortController }>();
  const named = (name: string | undefined): RunningCall & { readonly controller: AbortController } => {
    const call = running.get(name ?? '');
    if (call === undefined) throw new Error(`no call ${String(name)}`);
    return call;
  };
  for (const step of script.split(';').map((text) => text.trim())) {
    const [verb = '', first, second] = step.split(/\s+/);
    switch (verb) {
      case 'ok':
      case 'fail':
      case 'alive':
      case 'unknown':
        await world.calls(Number(first ?? 1), verb);
        break;
      case 'slow':
        await world.calls(Number(first ?? 1), 'ok', (rules.slowCallMs ?? 0) + 1);
        break;
      case 'advance':
        world.clock.advance(Number(first));
        break;
      case 'start': {
        const controller = new AbortController();
        const call = world.start({ signal: controller.signal });
        expect(call.reached, `${step} in: ${script}`).toBe(true);
        running.set(first ?? '', { ...call, controller });
        break;
      }
      case 'end':
        await named(first).end(second as Answer);
        break;
      case 'abort':
        named(first).controller.abort();
        break;
      case 'expect':
        expect(world.breaker.state, script).toBe(first);
        break;
      case 'refused': {
        const call = world.start();
        expect(call.reached, `${step} in: ${script}`).toBe(false);
        expect(await call.outcome, script).toEqual({
          ok: false,
          failure: {
            code: 'CIRCUIT_OPEN',
            upstream: 'unknown',
            mayRetry: false,
            state: world.breaker.state,
            retryAfterMs: waitOf(first),
          },
        });
        break;
      }
      case 'isolate':
        world.breaker.isolate('a person said so');
        break;
      case 'release':
        world.breaker.release();
        break;
      default:
        throw new Error(`no step ${step}`);
    }
  }
  return world.changes.map(({ from, to, because }) => `${from} > ${to}: ${because}`);
}

const waitOf = (text: string | undefined): unknown => {
  if (text === undefined) return expect.any(Number);
  return text === 'never' ? undefined : Number(text);
};
