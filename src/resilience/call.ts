import { PortcullisError } from '../core/errors.ts';
import { PRIORITIES, type Priority } from './priority.ts';

/** What a call has cost so far; the policies count it up as they go. */
export interface CallStats {
  /** Attempts that reached the work. */
  attempts: number;
  /** Milliseconds spent waiting for tokens and slots. */
  waitMs: number;
  /** Milliseconds spent in the work itself, all attempts together. */
  workMs: number;
}

/** One call on its way through the policies. What an inner policy sees may be narrower: its own signal, a later attempt. */
export interface Call {
  /** Ends this call, or this attempt of it. */
  readonly signal: AbortSignal | undefined;
  readonly priority: Priority;
  /** Tokens that it takes from a rate limiter. */
  readonly weight: number;
  /** When its total deadline is, on the monotonic clock; Infinity for none. */
  readonly deadlineMs: number;
  /** Attempts beyond the first that this call may make; undefined leaves it to the retry policy. */
  readonly retries: number | undefined;
  /** The total timeout of this call, milliseconds; undefined leaves it to the policy. */
  readonly timeoutMs: number | undefined;
  /** 1 for the first. */
  readonly attempt: number;
  readonly stats: CallStats;
}

/** What may be said of a call when it is made. */
export interface CallOptions {
  /** Its abort ends every wait within the tick. */
  readonly signal?: AbortSignal | undefined;
  /** Default `normal`. */
  readonly priority?: Priority | undefined;
  /** Tokens that it takes from a rate limiter, 0 or more. Default 1. */
  readonly weight?: number | undefined;
  /** Attempts beyond the first. Default: as the retry policy says. */
  readonly retries?: number | undefined;
  /** Total timeout, milliseconds, above 0. Default: as the timeout policy says; without one there is none. */
  readonly timeoutMs?: number | undefined;
}

/** @throws {PortcullisError} `INPUT_INVALID` naming the option, its value and what was expected */
export function newCall({
  signal,
  priority = 'normal',
  weight = 1,
  retries,
  timeoutMs,
}: CallOptions = {}): Call {
  if (!PRIORITIES.includes(priority)) throw invalid('priority', priority, `one of ${PRIORITIES.join(', ')}`);
  if (!(weight >= 0)) throw invalid('weight', weight, '0 or more');
  if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0)) {
    throw invalid('retries', retries, 'a whole number, 0 or more');
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) throw invalid('timeoutMs', timeoutMs, 'more than 0');
  return {
    signal,
    priority,
    weight,
    deadlineMs: Infinity,
    retries,
    timeoutMs,
    attempt: 1,
    stats: { attempts: 0, waitMs: 0, workMs: 0 },
  };
}

const invalid = (option: string, value: unknown, expected: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `call: ${option}: expected ${expected}, got ${String(value)}`);
