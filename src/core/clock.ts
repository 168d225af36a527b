/**
 * The only source of time. `nowMs` is wall time (it may jump), `monotonicMs` never goes back and is what freshness,
 * expiry and deadlines are measured with.
 */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. May jump, also backwards. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start. Never goes backwards. */
  monotonicMs(): number;
  /**
   * Resolves after `ms`; rejects with the signal's reason as soon as it aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` each `ms`, at least 1 and at most 24.8 days, until disposed. The timer alone does not keep the process alive. */
  every(ms: number, fn: () => void): Disposable;
  /** Calls `onLate` once after `ms`, unless disposed before. Keeps the process alive until then. */
  deadline(ms: number, onLate: () => void): Disposable;
  /** Lets everything that is ready to run go first: one turn of the event loop, no time passes on a manual clock. */
  turn(): Promise<void>;
}

/** The longest that a timer of Node can wait, 24.8 days; asked for more, it fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The clock of the machine. This file is the only one that may read it. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  every(ms: number, fn: () => void): Disposable {
    const timer = setInterval(fn, Math.min(ms, LONGEST_TIMER_MS)).unref();
    return onDispose(() => {
      clearInterval(timer);
    });
  }

  deadline(ms: number, onLate: () => void): Disposable {
    let timer: NodeJS.Timeout;
    const arm = (leftMs: number): void => {
      timer =
        leftMs > LONGEST_TIMER_MS
          ? setTimeout(arm, LONGEST_TIMER_MS, leftMs - LONGEST_TIMER_MS)
          : setTimeout(onLate, leftMs);
    };
    arm(ms);
    return onDispose(() => {
      clearTimeout(timer);
    });
  }

  turn(): Promise<void> {
    return nextTurn();
  }
}

/** The next turn of the event loop: every promise that is already settled has been served by then. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const onDispose = (dispose: () => void): Disposable => ({ [Symbol.dispose]: dispose });

/** `sleep` over any clock's `deadline`; abort wins within the same tick. */
export function sleepOn(clock: Pick<Clock, 'deadline'>, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      if (signal !== undefined) reject(abortReason(signal));
    };
    const timer = clock.deadline(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

const abortReason = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
