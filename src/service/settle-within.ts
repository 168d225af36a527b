import type { Clock } from '../core/clock.ts';

/** How a piece of work ended, or that it did not in time. */
export type Settled<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' };

/**
 * Runs `work` and waits for it, at most `ms`; 0 or less gives it one turn of the event loop. Never rejects. Work that is late
 * goes on unobserved: give it a signal if it can be stopped.
 */
export async function settleWithin<T>(
  clock: Clock,
  ms: number,
  work: () => T | Promise<T>,
): Promise<Settled<T>> {
  const late = { kind: 'late' } as const;
  const settled = (async () => work())().then(
    (value) => ({ kind: 'done', value }) as const,
    (error: unknown) => ({ kind: 'failed', error }) as const,
  );
  if (!(ms > 0)) return Promise.race([settled, clock.turn().then(() => late)]);

  let timer: Disposable | undefined;
  const deadline = new Promise<typeof late>((resolve) => {
    timer = clock.deadline(ms, () => {
      resolve(late);
    });
  });
  try {
    return await Promise.race([settled, deadline]);
  } finally {
    timer?.[Symbol.dispose]();
  }
}
