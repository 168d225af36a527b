import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';

export const retryBudgetSchema = z.strictObject({
  /** Retries that each call earns, whatever becomes of it: 0.1 allows one retry for ten calls. */
  ratio: z.number().min(0).max(10).default(0.1),
  /** Retries per second that need no earning, so that few calls may all be retried. */
  minPerSecond: z.number().min(0).default(10),
  /** What was earned fades: after this time 37 % of it is left. Milliseconds. */
  windowMs: z.number().positive().default(10_000),
});

/** @interface */
export type RetryBudgetOptions = z.input<typeof retryBudgetSchema>;

export interface RetryBudgetDeps {
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Bounds retries to a share of the calls, so that an upstream in trouble gets little more than its usual load: with the
 * defaults at most 1.1 times the calls, 10 a second, and what the last seconds had earned.
 */
export class RetryBudget {
  readonly #callsPerRetry: number;
  readonly #minPerMs: number;
  readonly #maxReserve: number;
  readonly #windowMs: number;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #atMs: number;
  /** Calls whose share is not used up yet: whole numbers, which ratios such as 0.1 are not. */
  #calls = 0;
  #reserve: number;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: RetryBudgetOptions, { clock }: RetryBudgetDeps) {
    const { ratio, minPerSecond, windowMs } = parseOptions('RetryBudget', retryBudgetSchema, options);
    this.#callsPerRetry = 1 / ratio;
    this.#minPerMs = minPerSecond / 1_000;
    // One second's worth; a whole retry at least, or there would never be one.
    this.#maxReserve = minPerSecond === 0 ? 0 : Math.max(1, minPerSecond);
    this.#reserve = this.#maxReserve;
    this.#windowMs = windowMs;
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  /** A call begins. */
  deposit(): void {
    this.#pass();
    this.#calls += 1;
  }

  /** Takes one retry out; false when there is none left. */
  withdraw(): boolean {
    this.#pass();
    if (this.#calls >= this.#callsPerRetry) {
      this.#calls -= this.#callsPerRetry;
      return true;
    }
    if (this.#reserve >= 1) {
      this.#reserve -= 1;
      return true;
    }
    return false;
  }

  #pass(): void {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#atMs;
    if (!(passedMs > 0)) return;
    this.#atMs = nowMs;
    this.#calls *= Math.exp(-passedMs / this.#windowMs);
    this.#reserve = Math.min(this.#maxReserve, this.#reserve + passedMs * this.#minPerMs);
  }
}
