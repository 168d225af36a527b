import type { Failure } from '../failure.ts';
import type { CacheMetrics } from './cache-metrics.ts';

/** For how long an answer may be given again. Each call has its own: the age is judged by the rules of who asks. */
export interface CacheRules {
  /** Milliseconds for which an answer is fresh; 0 keeps nothing, and still shares work that is under way. */
  readonly ttlMs: number;
  /** For so long after that it is given at once while one renewal runs in the background. Default 0. */
  readonly staleWhileRevalidateMs?: number | undefined;
  /** For so long after `ttlMs` it is given when no new one can be had. Default 0. */
  readonly staleIfErrorMs?: number | undefined;
  /** For how long a failure that `isNegative` names is an answer. Default 0. */
  readonly negativeTtlMs?: number | undefined;
  /** Failures that say "there is none", such as a status of 404. Default: none. */
  readonly isNegative?: ((failure: Failure) => boolean) | undefined;
  /** For how long the second level keeps it at least, for `previous`. Default: as long as it may be given. */
  readonly keepMs?: number | undefined;
}

interface Kept {
  /** When it came, on the monotonic clock. */
  readonly writtenMs: number;
  /** What is left of its time to live after jitter, 0 to 1. */
  readonly lifeFraction: number;
}

export interface KeptValue<T> extends Kept {
  readonly kind: 'value';
  readonly value: T;
  /** No renewal in the background before, on the monotonic clock: the last one failed. */
  renewFromMs: number;
}

export interface KeptFailure extends Kept {
  readonly kind: 'failure';
  readonly failure: Failure;
}

export type Entry<T> = KeptValue<T> | KeptFailure;

/** What may be done with a value of this age: give it, give it while renewing it, give it for want of a new one, nothing. */
export type Use = 'fresh' | 'renew' | 'on-error' | 'none';

/** Phrased as the pass: a NaN gives nothing. */
export function useOf(entry: KeptValue<unknown>, rules: CacheRules, nowMs: number): Use {
  const ageMs = nowMs - entry.writtenMs;
  const freshMs = rules.ttlMs * entry.lifeFraction;
  if (ageMs < freshMs) return 'fresh';
  if (ageMs < freshMs + (rules.staleWhileRevalidateMs ?? 0)) return 'renew';
  return ageMs < freshMs + (rules.staleIfErrorMs ?? 0) ? 'on-error' : 'none';
}

export const mayServeOnError = (entry: KeptValue<unknown>, rules: CacheRules, nowMs: number): boolean =>
  nowMs - entry.writtenMs < rules.ttlMs * entry.lifeFraction + (rules.staleIfErrorMs ?? 0);

export const isFreshFailure = (
  { writtenMs, lifeFraction }: KeptFailure,
  rules: CacheRules,
  nowMs: number,
): boolean => nowMs - writtenMs < (rules.negativeTtlMs ?? 0) * lifeFraction;

/** How long the second level has use for a value. */
export const keepMsOf = ({
  ttlMs,
  staleWhileRevalidateMs = 0,
  staleIfErrorMs = 0,
  keepMs = 0,
}: CacheRules): number => Math.max(ttlMs + Math.max(staleWhileRevalidateMs, staleIfErrorMs), keepMs);

const REFUSED_BY_US = new Set(['CIRCUIT_OPEN', 'BULKHEAD_FULL', 'RATE_LIMITED', 'TIMED_OUT']);

/** Statuses of 4xx that are no answer to what was asked: it cannot be asked now. 418 is a ban at some venues. */
const NOT_NOW = new Set([408, 418, 425, 429]);

/** Whether an old value is better than this: the upstream fails, or cannot be asked now; not when it said no. */
export function isOutage(failure: Failure): boolean {
  if (failure.code === 'ABORTED') return false;
  if (failure.code === 'UPSTREAM_STATUS' && failure.status >= 400 && failure.status < 500)
    return NOT_NOW.has(failure.status);
  return failure.upstream === 'failing' || REFUSED_BY_US.has(failure.code);
}

/** Whether a failure is an answer that is kept. */
export const isNegative = (
  failure: Failure,
  { negativeTtlMs = 0, isNegative: names }: CacheRules,
  metrics: CacheMetrics,
): boolean => negativeTtlMs > 0 && metrics.answerOf(() => names?.(failure) === true, false);
