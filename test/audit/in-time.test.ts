import { describe, expect, test } from 'vitest';
import { inTime } from '../../src/audit/in-time.ts';
import { ManualClock } from '../../src/core/index.ts';
import { never, settle } from './support/audit-world.ts';

describe('inTime', () => {
  test('gives what the work gives, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    expect(await inTime(clock, 10, () => Promise.resolve('done'))).toBe('done');
    await expect(inTime(clock, 10, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const thrown = inTime(clock, 10, () => {
      throw new Error('at once');
    });
    await expect(thrown).rejects.toThrow('at once');
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('ends at the limit, and not before, with work that ignores its signal', async () => {
    const clock = new ManualClock();
    let ended = false;
    const late = inTime(clock, 10, never).finally(() => (ended = true));
    clock.advance(9);
    await settle();
    expect(ended).toBe(false);
    clock.advance(1);
    await expect(late).rejects.toThrow('no answer within 10 ms');
  });

  test('ends with the signal it was given, and does not begin when that has come before', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    let signal: AbortSignal | undefined;
    const work = (given: AbortSignal): Promise<never> => {
      signal = given;
      return never();
    };
    const stopped = inTime(clock, 10, work, stop.signal);
    stop.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    expect(signal?.aborted).toBe(true);
    signal = undefined;
    await expect(inTime(clock, 10, work, stop.signal)).rejects.toThrow('stop');
    expect(signal).toBeUndefined();
    expect(clock.nextDueMs).toBe(Infinity);
  });
});
