import type { Clock } from '../core/clock.ts';

/**
 * Runs `work` with a signal that aborts when the time is up or `stop` aborts. Abort wins, also over work that ignores it.
 */
export async function inTime<T>(
  clock: Pick<Clock, 'deadline'>,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  const abort = new AbortController();
  const timer = clock.deadline(ms, () => {
    abort.abort(new Error(`no answer within ${ms} ms`));
  });
  const onStop = (): void => {
    abort.abort(stop?.reason);
  };
  if (stop?.aborted === true) onStop();
  stop?.addEventListener('abort', onStop, { once: true });
  const aborted = Promise.withResolvers<never>();
  abort.signal.addEventListener('abort', () => {
    aborted.reject(abort.signal.reason);
  });
  try {
    abort.signal.throwIfAborted();
    return await Promise.race([(async () => work(abort.signal))(), aborted.promise]);
  } finally {
    stop?.removeEventListener('abort', onStop);
    timer[Symbol.dispose]();
  }
}
