import { ManualClock } from '../../../src/core/index.ts';
import { type CallOptions, newCall } from '../../../src/resilience/call.ts';
import {
  type Call,
  type Outcome,
  type Policy,
  type RateLimited,
  RateLimiter,
  type RateLimiterOptions,
  type Work,
} from '../../../src/resilience/index.ts';
import type { MetricsRegistry } from '../../../src/telemetry/index.ts';

/** A call that was made, and what has become of it so far. */
export interface Asked<T = unknown> {
  readonly name: string;
  readonly call: Call;
  outcome: Outcome<T> | undefined;
}

/** A clock that knows how many of its timers are set. */
export class CountingClock extends ManualClock {
  timers = 0;
  timersSet = 0;

  override deadline(ms: number, onLate: () => void): Disposable {
    this.timers += 1;
    this.timersSet += 1;
    let isSet = true;
    const unset = (): void => {
      if (isSet) this.timers -= 1;
      isSet = false;
    };
    const timer = super.deadline(ms, () => {
      unset();
      onLate();
    });
    return {
      [Symbol.dispose]: () => {
        unset();
        timer[Symbol.dispose]();
      },
    };
  }
}

/** Calls under one policy on a manual clock, and the order in which their work began. */
export class WaitingWorld {
  readonly clock = new CountingClock();
  readonly began: string[] = [];
  readonly beganAtMs: number[] = [];

  /** Asks for work that is done at once, or for this work. */
  ask(
    policy: Policy,
    name: string,
    options: CallOptions & { deadlineMs?: number } = {},
    work?: Work<unknown>,
  ): Asked {
    // A weight that `newCall` refuses may still be handed on by a policy of somebody else.
    const { deadlineMs = Infinity, weight = 1, ...rest } = options;
    const asked: Asked = { name, call: { ...newCall(rest), weight, deadlineMs }, outcome: undefined };
    const begin: Work<unknown> = (call) => {
      this.began.push(name);
      this.beganAtMs.push(this.clock.monotonicMs());
      return work === undefined ? Promise.resolve({ ok: true, value: name }) : work(call);
    };
    void policy.run(begin, asked.call).then((outcome) => {
      asked.outcome = outcome;
    });
    return asked;
  }

  /** Moves the time, timer by timer, so that what a timer lets go is done before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.clock.turn();
    while (this.clock.nextDueMs <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs);
      await this.clock.turn();
    }
    this.clock.advanceTo(untilMs);
    await this.clock.turn();
  }
}

/** A limiter of one bucket: 2 at once, 1 a second. */
export const limiterOf = (
  world: WaitingWorld,
  {
    capacity = 2,
    refillPerSecond = 1,
    ...options
  }: Partial<RateLimiterOptions> & { capacity?: number; refillPerSecond?: number } = {},
  metrics?: MetricsRegistry,
): RateLimiter =>
  new RateLimiter(
    { buckets: [{ name: 'requests', capacity, refillPerSecond }], maxWaitMs: 60_000, ...options },
    { clock: world.clock, metrics },
  );

export const rateLimited = (because: RateLimited['because'], retryAfterMs?: number): Outcome<never> => ({
  ok: false,
  failure: { code: 'RATE_LIMITED', upstream: 'unknown', mayRetry: false, because, retryAfterMs },
});
