import pRetry from 'p-retry';
import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { parseOptions } from '../../core/options.ts';
import type { MetricsRegistry } from '../../telemetry/index.ts';
import { isAborted } from '../call-within.ts';
import type { Call } from '../call.ts';
import { type Failure, type FailureCode, aborted } from '../failure.ts';
import { type Outcome, failed } from '../outcome.ts';
import { Policy, type Work } from '../policy.ts';
import { withEarlier } from '../still-running.ts';
import { type BackoffOptions, backoffMs, systemRandom } from '../../core/backoff.ts';
import { RetryBudget, retryBudgetSchema } from './retry-budget.ts';

const RETRIES = {
  name: 'trading_retries_total',
  help: 'Retries made, and why calls that failed got none or no further one, by target.',
  labels: {
    target: 'any',
    outcome: ['retried', 'exhausted', 'not-retryable', 'budget', 'wait-too-long', 'refused', 'aborted'],
  },
} as const;

type RetryOutcome = (typeof RETRIES.labels.outcome)[number];

const schema = z
  .strictObject({
    /** Attempts beyond the first; a call may bring its own number. */
    retries: z.int().min(0).default(3),
    /** Longest wait before the first retry, milliseconds; doubles with each. The wait itself is drawn between 0 and that. */
    baseDelayMs: z.number().min(0).default(100),
    /** Longest wait before any retry, milliseconds, unless the upstream asks for more. */
    maxDelayMs: z.number().min(0).default(5_000),
    /** An upstream that asks for a longer wait is not retried. Milliseconds. */
    maxRetryAfterMs: z.number().min(0).default(30_000),
    /** Bounds all retries of this policy together. */
    budget: retryBudgetSchema.prefault({}),
    /** The `target` in metrics. */
    name: z.string().min(1).default('retry'),
  })
  .refine(({ baseDelayMs, maxDelayMs }) => baseDelayMs <= maxDelayMs, {
    path: ['baseDelayMs'],
    error: 'expected at most maxDelayMs',
  });

/** @interface */
export type RetryOptions = z.input<typeof schema>;

export interface RetryDeps {
  readonly clock: Clock;
  /** In [0, 1), for the jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Asked before each further attempt, such as for a token of a rate limiter; a failure ends the retries. It heeds `call.signal`. */
  readonly before?: ((call: Call) => Promise<Failure | undefined>) | undefined;
  readonly metrics?: MetricsRegistry | undefined;
}

/** The attempt was not made: what went wrong before it says more. */
const NOT_ASKED: ReadonlySet<FailureCode> = new Set(['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'RATE_LIMITED']);
/** Another attempt would be refused again, or nobody waits for it any more. */
const NEVER: ReadonlySet<FailureCode> = new Set([...NOT_ASKED, 'ABORTED']);

/**
 * Makes further attempts at work whose failure says that one may help (`mayRetry`), after a wait with full jitter; where
 * the upstream asks for a wait (`retryAfterMs`), the jitter comes on top of that. The last failure itself comes back: when
 * the attempts are used up, when a further one is refused on our side (the circuit has opened), and at once when the budget is spent or the wait would be too long or pass the call's deadline.
 * Only for work that may run twice.
 */
export class Retry extends Policy {
  readonly #rules: Rules;
  readonly #retries: number;

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: RetryOptions, deps: RetryDeps) {
    super();
    const { retries, budget, name, ...waits } = parseOptions('Retry', schema, options);
    const { clock, metrics } = deps;
    this.#retries = retries;
    const counter = metrics?.counter(RETRIES);
    counter?.expect({ target: name });
    this.#rules = {
      ...waits,
      clock,
      random: deps.random ?? systemRandom,
      before: deps.before,
      budget: new RetryBudget(budget, { clock }),
      count: (outcome) => counter?.inc({ target: name, outcome }),
    };
  }

  async run<T>(work: Work<T>, call: Call): Promise<Outcome<T>> {
    if (isAborted(call)) return failed(aborted(call.signal));
    this.#rules.budget.deposit();
    const first = await work(call);
    if (first.ok) return first;
    return new Attempts(work, call, first, wholeNumber(call.retries ?? this.#retries), this.#rules).make();
  }
}

const wholeNumber = (retries: number): number => (retries >= 1 ? Math.floor(retries) : 0);

const mayHelp = (failure: Failure): boolean =>
  failure.mayRetry &&
  !NEVER.has(failure.code) &&
  !(failure.code === 'TIMED_OUT' && failure.scope === 'total');

interface Rules extends BackoffOptions {
  readonly maxRetryAfterMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly before: RetryDeps['before'];
  readonly budget: RetryBudget;
  readonly count: (outcome: RetryOutcome) => void;
}

/** Tells the loop to go on. What went wrong is kept beside it, so that a failed attempt costs no stack trace. */
const TRY_AGAIN: Error = Object.freeze(new Error('another attempt may help'));

/** The attempts of one call whose first has failed. */
class Attempts<T> {
  readonly #work: Work<T>;
  readonly #call: Call;
  readonly #first: Outcome<T>;
  readonly #retries: number;
  readonly #rules: Rules;
  /** Of the last attempt, with the work that any of them left running. */
  #failure: Failure | undefined;

  constructor(work: Work<T>, call: Call, first: Outcome<T>, retries: number, rules: Rules) {
    this.#work = work;
    this.#call = call;
    this.#first = first;
    this.#retries = retries;
    this.#rules = rules;
  }

  /** The loop is that of p-retry. Its timers are not used: `shouldRetry` waits, on our clock. */
  async make(): Promise<Outcome<T>> {
    try {
      return await pRetry((number) => this.#attempt(number), {
        retries: this.#retries,
        minTimeout: 0,
        shouldRetry: ({ error, attemptNumber }) =>
          error === TRY_AGAIN && this.#failure !== undefined && this.#mayGoOn(attemptNumber, this.#failure),
      });
    } catch (error) {
      if (error !== TRY_AGAIN || this.#failure === undefined) throw error;
      return failed(this.#failure);
    }
  }

  async #attempt(number: number): Promise<Outcome<T>> {
    const again = (): Promise<Outcome<T>> =>
      this.#work({ ...this.#call, attempt: this.#call.attempt + number - 1 });
    const outcome = number === 1 ? this.#first : await again();
    if (outcome.ok) return outcome;
    if (this.#failure !== undefined && NOT_ASKED.has(outcome.failure.code)) {
      this.#rules.count('refused');
      return failed(this.#failure);
    }
    this.#failure = withEarlier(outcome.failure, this.#failure?.stillRunning);
    if (mayHelp(outcome.failure)) {
      if (number > this.#retries) this.#rules.count('exhausted');
      throw TRY_AGAIN;
    }
    this.#rules.count(outcome.failure.code === 'ABORTED' ? 'aborted' : 'not-retryable');
    return failed(this.#failure);
  }

  async #mayGoOn(retry: number, failure: Failure): Promise<boolean> {
    const outcome = await this.#wait(retry, failure);
    this.#rules.count(outcome);
    if (outcome === 'aborted') this.#failure = aborted(this.#call.signal, failure.stillRunning);
    return outcome === 'retried';
  }

  /** @returns `retried` when the next attempt is to be made now, else why not */
  async #wait(retry: number, failure: Failure): Promise<RetryOutcome> {
    const { clock, maxRetryAfterMs, random, budget, before } = this.#rules;
    const { signal, deadlineMs } = this.#call;
    if (isAborted(this.#call)) return 'aborted';
    const retryAfterMs = failure.retryAfterMs ?? 0;
    const waitMs = retryAfterMs + backoffMs(retry - 1, this.#rules, random);
    const isShort = retryAfterMs <= maxRetryAfterMs && clock.monotonicMs() + waitMs < deadlineMs;
    if (!isShort) return 'wait-too-long';
    if (!budget.withdraw()) return 'budget';
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined); // an abort is seen below
    const refused = isAborted(this.#call) ? undefined : await before?.(this.#call);
    if (isAborted(this.#call)) return 'aborted';
    return refused === undefined ? 'retried' : 'refused';
  }
}
