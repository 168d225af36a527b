export interface BackoffOptions {
  /** Longest wait before the first retry, milliseconds; doubles with each. */
  readonly baseDelayMs: number;
  /** Longest wait before any, milliseconds. */
  readonly maxDelayMs: number;
}

/** Further doublings change nothing, and their number must not leave the range of float64. */
const MAX_DOUBLINGS = 52;

/**
 * The wait before a retry, milliseconds: uniform between 0 and the exponential delay ("full jitter"), so that callers who
 * failed together do not come back together.
 *
 * @param retry 0 for the first
 * @param random in [0, 1)
 */
export const backoffMs = (
  retry: number,
  { baseDelayMs, maxDelayMs }: BackoffOptions,
  random: () => number,
): number => random() * Math.min(maxDelayMs, baseDelayMs * 2 ** Math.min(retry, MAX_DOUBLINGS));

/** For jitter, which is neither money nor a secret, and must differ between processes. */
// eslint-disable-next-line no-restricted-properties -- a seeded source would make all processes wait alike
export const systemRandom: () => number = Math.random;
