import type { Clock } from '../core/clock.ts';

export type Answer<T> =
  { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'none'; readonly reason: string };

/**
 * Asks, and waits at most `timeoutMs`. No answer, an error and a late answer are all the same to the caller: nobody knows.
 *
 * @param onLate gets an answer that came after all
 */
export function answerInTime<T>(
  clock: Pick<Clock, 'deadline'>,
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
  onLate: (value: T) => void = () => undefined,
): Promise<Answer<T>> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    let late = false;
    const deadline = clock.deadline(timeoutMs, () => {
      late = true;
      const reason = `no answer within ${timeoutMs} ms`;
      resolve({ kind: 'none', reason });
      controller.abort(new Error(reason));
    });
    const failed = (error: unknown): void => {
      deadline[Symbol.dispose]();
      resolve({ kind: 'none', reason: error instanceof Error ? error.message : String(error) });
    };
    try {
      ask(controller.signal).then((value) => {
        if (late) {
          onLate(value);
          return;
        }
        deadline[Symbol.dispose]();
        resolve({ kind: 'answer', value });
      }, failed);
    } catch (error) {
      failed(error);
    }
  });
}
