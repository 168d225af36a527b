import { isAborted } from './call-within.ts';
import { type Call, type CallOptions, newCall } from './call.ts';
import { type Failure, aborted } from './failure.ts';
import { type Outcome, failed, success } from './outcome.ts';
import { ResilienceError } from './resilience-error.ts';

/** What policies hand to each other: it never throws. */
export type Work<T> = (call: Call) => Promise<Outcome<T>>;

/** What a user wants done: it takes the call's signal, and throws when it fails. */
export type Task<T> = (call: Call) => Promise<T>;

/**
 * How work is run. A policy of one's own implements `run`: it gets the work, and may run it now, later, again, or not at
 * all. It must neither throw nor wait without heeding `call.signal`.
 */
export abstract class Policy {
  /** For composition: outcomes in, outcomes out. */
  abstract run<T>(work: Work<T>, call: Call): Promise<Outcome<T>>;

  /**
   * Runs a task under this policy, and tells what became of it as a value.
   *
   * @throws {PortcullisError} `INPUT_INVALID` for a bad option
   */
  async tryExecute<T>(task: Task<T>, options?: CallOptions): Promise<Outcome<T>> {
    return this.run(workOf(task), newCall(options));
  }

  /**
   * Runs a task under this policy.
   *
   * @throws {ResilienceError} what the policy says; what the task itself threw comes as it is
   * @throws {PortcullisError} as `tryExecute`
   */
  async execute<T>(task: Task<T>, options?: CallOptions): Promise<T> {
    const outcome = await this.tryExecute(task, options);
    if (outcome.ok) return outcome.value;
    throw errorOf(outcome.failure);
  }
}

/** A task as work: what it throws becomes a failure. An error with `retryable: true` is marked for another attempt. */
export const workOf =
  <T>(task: Task<T>): Work<T> =>
  async (call) => {
    if (isAborted(call)) return failed(aborted(call.signal));
    call.stats.attempts += 1;
    try {
      return success(await task(call));
    } catch (error) {
      return failed(failureOf(error, call));
    }
  };

function failureOf(error: unknown, call: Call): Failure {
  if (isAborted(call)) return aborted(call.signal);
  if (error instanceof ResilienceError) return error.failure;
  return { code: 'WORK_FAILED', upstream: 'failing', mayRetry: isRetryable(error), error };
}

const isRetryable = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'retryable' in error && error.retryable === true;

/** A failure as what `execute` throws. */
export function errorOf(failure: Failure): unknown {
  return failure.code === 'WORK_FAILED' ? failure.error : new ResilienceError(failure);
}
