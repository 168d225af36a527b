import { expect, test } from 'vitest';
import type { CircuitBreakerOptions } from '../../../src/resilience/index.ts';
import { type Answer, CircuitWorld, type RunningCall } from './circuit-world.ts';

export const OPENED = 'closed > open: failure-rate';
export const PROBES = 'open > half-open: probe-due';
export const REOPENED = 'half-open > open: probe-failed';
export const CLOSED = 'half-open > closed: probe-succeeded';
export const ISOLATED = (from: string): string => `${from} > isolated: isolated`;
export const RELEASED = 'isolated > closed: released';

interface Scenario {
  readonly name: string;
  readonly options?: CircuitBreakerOptions;
  /** See {@link play}. */
  readonly script: string;
  /** Every change of state that it makes. */
  readonly changes?: readonly string[];
}

/** A test of each. Unless one says otherwise: at least 4 calls, half of them bad, within 10 s; slow above 1 s; open for 5 s, at most 20 s; a probe has 3 s. */
export const scenarios = (all: readonly Scenario[]): void => {
  test.each(all)('$name', async ({ script, options, changes = [] }) => {
    expect(await play(script, options)).toEqual(changes);
  });
};

/** What is in force when a scenario says nothing else. */
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
async function play(script: string, options: CircuitBreakerOptions = {}): Promise<readonly string[]> {
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
