import { ManualClock } from '../../../src/core/index.ts';
import { newCall } from '../../../src/resilience/call.ts';
import {
  type Call,
  CircuitBreaker,
  type CircuitBreakerDeps,
  type CircuitBreakerOptions,
  type CircuitChange,
  type Failure,
  type Outcome,
  type WorkFailed,
} from '../../../src/resilience/index.ts';
import { failed, success } from '../../../src/resilience/outcome.ts';

/** Wall time of the world when its clock stands at 0. */
export const WALL_MS = Date.UTC(2026, 0, 5);

/** How an upstream can answer. `alive` is a refusal that shows that it works, `unknown` one that says nothing of it. */
export type Answer = 'ok' | 'fail' | 'alive' | 'unknown';

export const aFailure = (overrides: Partial<Omit<WorkFailed, 'code'>> = {}): WorkFailed => ({
  code: 'WORK_FAILED',
  upstream: 'failing',
  mayRetry: false,
  error: new Error('no luck'),
  ...overrides,
});

const FAILURES: Readonly<Record<Exclude<Answer, 'ok'>, Failure>> = {
  fail: aFailure(),
  alive: { code: 'UPSTREAM_STATUS', upstream: 'alive', mayRetry: false, status: 404, headers: {}, body: '' },
  unknown: { code: 'ABORTED', upstream: 'unknown', mayRetry: false, reason: 'enough' },
};

const outcomeOf = (answer: Answer): Outcome<string> =>
  answer === 'ok' ? success('value') : failed(FAILURES[answer]);

/** A call that hangs until it is told how it ends. */
export interface RunningCall {
  /** Whether it came through to the work. */
  readonly reached: boolean;
  readonly outcome: Promise<Outcome<string>>;
  end(answer: Answer | Outcome<string>): Promise<Outcome<string>>;
}

/** A breaker on a clock that is moved by hand, with jitter off. */
export class CircuitWorld {
  readonly clock = new ManualClock(WALL_MS);
  readonly changes: CircuitChange[] = [];
  readonly breaker: CircuitBreaker;

  constructor(options: CircuitBreakerOptions = {}, deps: Partial<CircuitBreakerDeps> = {}) {
    this.breaker = new CircuitBreaker(
      { name: 'venue', ...options },
      { clock: this.clock, random: () => 0, onChange: (change) => this.changes.push(change), ...deps },
    );
  }

  start(overrides: Partial<Call> = {}): RunningCall {
    const answer = Promise.withResolvers<Outcome<string>>();
    let reached = false;
    const outcome = this.breaker.run(
      () => {
        reached = true;
        return answer.promise;
      },
      { ...newCall(), ...overrides },
    );
    return {
      reached,
      outcome,
      end(given) {
        answer.resolve(typeof given === 'string' ? outcomeOf(given) : given);
        return outcome;
      },
    };
  }

  /** One call after the other, each answered at once or after `tookMs`. */
  async calls(count: number, answer: Answer, tookMs = 0): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const call = this.start();
      if (!call.reached)
        throw new Error(`call ${i + 1} of ${count} was refused, the circuit is ${this.breaker.state}`);
      this.clock.advance(tookMs);
      await call.end(answer);
    }
  }
}

/** Of a world that opens soon. */
export const SOON: CircuitBreakerOptions = { minCalls: 4, openMs: 5_000, probeTimeoutMs: 3_000 };

/** A world whose circuit has just opened, after four failures. */
export async function openedWorld(
  options: CircuitBreakerOptions = {},
  deps: Partial<CircuitBreakerDeps> = {},
): Promise<CircuitWorld> {
  const world = new CircuitWorld({ ...SOON, ...options }, deps);
  await world.calls(4, 'fail');
  return world;
}
