import type { Clock } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import { redactText } from '../telemetry/redact.ts';
import { isDeadLetter } from './dead-letter.ts';
import type { AttemptOutcome } from './member-metrics.ts';

const LONGEST_DETAIL = 1000;

/** What was thrown, fit to be kept. */
export const detailOf = (thrown: unknown): string => redactText(messageOf(thrown)).slice(0, LONGEST_DETAIL);

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** What a function threw, or its promise rejected with; `undefined` where all went well. */
export async function failureOf(fn: () => Promise<void>): Promise<{ readonly error: unknown } | undefined> {
  try {
    await fn();
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** Tells once how the promise of a handler has ended, or that its time was up; nothing any more once disposed. */
export function watchHandler(
  promise: Promise<unknown>,
  { clock, timeoutMs }: { readonly clock: Pick<Clock, 'deadline'>; readonly timeoutMs: number },
  onEnd: (outcome: AttemptOutcome, value: unknown) => void,
): Disposable {
  let isOver = false;
  const watch: Disposable = {
    [Symbol.dispose]() {
      isOver = true;
      timer[Symbol.dispose]();
    },
  };
  const end = (outcome: AttemptOutcome, value: unknown): void => {
    if (isOver) return;
    watch[Symbol.dispose]();
    onEnd(outcome, value);
  };
  const timer = clock.deadline(timeoutMs, () => {
    end('timed-out', new PortcullisError('TIMED_OUT', `the handler has not ended within ${timeoutMs} ms`));
  });
  promise.then(
    (value) => {
      end(isDeadLetter(value) ? 'dead' : 'done', value);
    },
    (error: unknown) => {
      end('failed', error);
    },
  );
  return watch;
}
