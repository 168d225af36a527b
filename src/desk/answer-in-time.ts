import type { Clock } from '../core/clock.ts';
import { messageOf } from '../core/message-of.ts';

export type Answer<T> =
  { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'none'; readonly reason: string };

/**
 * Asks, and waits at most `timeoutMs`. No answer, an error and a late answer are all the same to the caller: nobody knows.
 *
 * @param onLate gets an answer that came after all, after the caller has been told that there is none
 */
export function answerInTime<T>(
  clock: Pick<Clock, 'deadline'>,
  timeoutMs: number,
  ask: (signal: AbortSignal) => Promise<T>,
  onLate: (value: T) => void = () => undefined,
): Promise<Answer<T>> {
  const { promise: answer, resolve } = Promise.withResolvers<Answer<T>>();
  const controller = new AbortController();
  let late = false;
  const deadline = clock.deadline(timeoutMs, () => {
    late = true;
    const reason = `no answer within ${timeoutMs} ms`;
    resolve({ kind: 'none', reason });
    controller.abort(new Error(reason));
  });
  const answered = (value: T): void => {
    if (late) {
      void answer.then(() => {
        onLate(value);
      });
      return;
    }
    deadline[Symbol.dispose]();
    resolve({ kind: 'answer', value });
  };
  const failed = (error: unknown): void => {
    deadline[Symbol.dispose]();
    resolve({ kind: 'none', reason: messageOf(error) });
  };
  try {
    ask(controller.signal).then(answered, failed);
  } catch (error) {
    failed(error);
  }
  return answer;
}
