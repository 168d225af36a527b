import { ManualClock, PortcullisError } from 'portcullis/core';
import { MemoryAppendLog } from 'portcullis/storage';
import { expect, test, vi } from 'vitest';
import { WatchedLog } from '../../trading/watched-log.ts';

function begin() {
  const clock = new ManualClock();
  const log = new MemoryAppendLog();
  const failures: string[] = [];
  const onFailed = (reason: string): number => failures.push(reason);
  return { clock, log, failures, watched: new WatchedLog('journal', log, { clock, onFailed }) };
}

test('tells nobody of what is written, and hands on the promise of the log', async () => {
  const { watched, failures } = begin();
  expect(await watched.append({ n: 1 })).toEqual({ seq: 1 });
  expect([failures, watched.problem]).toEqual([[], undefined]);
});

test.each(['LOG_WRITE_FAILED', 'LOG_FENCED'] as const)(
  'tells of a log that refuses for good: %s',
  async (code) => {
    const { watched, log, failures } = begin();
    const refused = Promise.reject(new PortcullisError(code, 'the server is away'));
    vi.spyOn(log, 'append').mockReturnValue(refused);
    expect(watched.append({})).toBe(refused);
    await expect(refused).rejects.toThrow();
    expect(failures).toEqual(['journal: the server is away']);
  },
);

test.each(['INPUT_INVALID', 'LOG_CLOSED'] as const)(
  'a record that is refused is no failure: %s',
  async (code) => {
    const { watched, log, failures } = begin();
    vi.spyOn(log, 'append').mockRejectedValue(new PortcullisError(code, 'no'));
    await expect(watched.append({})).rejects.toThrow();
    expect(failures).toEqual([]);
  },
);

test('says that a record waits, from two seconds on', async () => {
  const { watched, log, clock } = begin();
  const receipt = Promise.withResolvers<{ readonly seq: number }>();
  vi.spyOn(log, 'append').mockReturnValue(receipt.promise);
  const appended = watched.append({});
  clock.advance(1_999);
  expect(watched.problem).toBeUndefined();
  clock.advance(1);
  expect(watched.problem).toBe('journal: nothing was written for 2000 ms');
  receipt.resolve({ seq: 1 });
  await appended;
  expect(watched.problem).toBeUndefined();
});
