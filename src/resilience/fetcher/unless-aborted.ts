import { linkedAbort } from '../linked-abort.ts';

/** What is waited for, or undefined as soon as the signal aborts: for waits on what knows nothing of signals. */
export const unlessAborted = <T>(
  waited: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    const link = linkedAbort(signal, () => {
      resolve(undefined);
    });
    waited.then(resolve, reject).finally(() => {
      link.dispose();
    });
  });
