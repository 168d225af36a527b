import type { Clock } from 'portcullis/core';

/** Whether a process answers under its URL at all: what it answers is for others. */
export const isAlive =
  (clock: Pick<Clock, 'deadline'>) =>
  async (url: string, timeoutMs: number): Promise<boolean> => {
    const over = new AbortController();
    const late = clock.deadline(timeoutMs, () => {
      over.abort();
    });
    try {
      const answer = await fetch(`${url}/live`, { signal: over.signal });
      await answer.body?.cancel();
      return true;
    } catch {
      return false;
    } finally {
      late[Symbol.dispose]();
    }
  };
