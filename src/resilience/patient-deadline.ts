import { type Clock, onDispose } from '../core/clock.ts';

/** A timer that is later than this says that the process stood still, not whoever was asked. */
const STOOD_STILL_MS = 100;

/**
 * As the clock's `deadline`, for an answer: a process that stood still waits once more, since the answer may be there and not read
 * yet.
 */
export function patientDeadline(
  clock: Pick<Clock, 'monotonicMs' | 'deadline'>,
  ms: number,
  onLate: () => void,
): Disposable {
  let dueMs = clock.monotonicMs() + ms;
  const fire = (): void => {
    const nowMs = clock.monotonicMs();
    if (nowMs - dueMs <= STOOD_STILL_MS) {
      onLate();
      return;
    }
    dueMs = nowMs + ms;
    timer = clock.deadline(ms, fire);
  };
  let timer = clock.deadline(ms, fire);
  return onDispose(() => {
    timer[Symbol.dispose]();
  });
}
