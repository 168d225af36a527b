import {
  RateLimiter,
  type RateLimiterOptions,
  type SharedRate,
  type SharedRateAnswer,
  type SharedRateTake,
} from '../../../src/resilience/index.ts';
import type { MetricsRegistry } from '../../../src/telemetry/index.ts';
import type { WaitingWorld } from './waiting-world.ts';

/** One question that waits for the test to answer it. */
export interface Question {
  readonly limit: string;
  readonly takes: readonly SharedRateTake[];
  readonly answer: (answer: SharedRateAnswer) => void;
  readonly fail: () => void;
}

/** Others who hold a limit, and answer when the test says so. */
export class ScriptedShared implements SharedRate {
  readonly questions: Question[] = [];
  /** Answers at once, when it is set. */
  answer: SharedRateAnswer | Error | undefined;

  take(limit: string, takes: readonly SharedRateTake[]): Promise<SharedRateAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<SharedRateAnswer>();
    this.questions.push({ limit, takes, answer: resolve, fail: () => reject(new Error('nobody is there')) });
    if (this.answer instanceof Error) reject(this.answer);
    else if (this.answer !== undefined) resolve(this.answer);
    return promise;
  }

  /** What was asked for, by bucket. */
  get costs(): readonly (readonly number[])[] {
    return this.questions.map(({ takes }) => takes.map(({ cost }) => cost));
  }
}

/** A limiter of one bucket, 4 at once and 4 a second, that two processes hold. */
export const sharedLimiter = (
  world: WaitingWorld,
  shared: SharedRate,
  {
    capacity = 4,
    refillPerSecond = 4,
    ...options
  }: Partial<RateLimiterOptions> & { capacity?: number; refillPerSecond?: number } = {},
  metrics?: MetricsRegistry,
): RateLimiter =>
  new RateLimiter(
    {
      buckets: [{ name: 'requests', capacity, refillPerSecond }],
      maxWaitMs: 60_000,
      shared: { limit: 'venue', expectedProcesses: 2 },
      ...options,
    },
    { clock: world.clock, shared, metrics },
  );
