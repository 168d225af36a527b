/**
 * The same items, until the signal aborts: then the iteration ends within the tick, whatever the source waits for. The source
 * is told, and not waited for.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) return;
  let wake = (): void => undefined;
  const onAbort = (): void => {
    wake();
  };
  signal?.addEventListener('abort', onAbort);
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    while (!isAborted()) {
      // A promise for each step: one for all of them would gather what waits for it.
      const step = await new Promise<IteratorResult<T, unknown> | undefined>((resolve, reject) => {
        wake = () => {
          resolve(undefined);
        };
        iterator.next().then(resolve, reject);
      });
      if (step === undefined) return;
      if (step.done === true) {
        isOver = true;
        return;
      }
      yield step.value;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    const ended = isOver ? undefined : iterator.return?.();
    if (isAborted()) ended?.catch(() => undefined);
    else await ended;
  }
}
