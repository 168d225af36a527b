import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { settleWithin } from '../../src/service/settle-within.ts';

const never = () => new Promise<never>(() => undefined);

describe('settleWithin', () => {
  test('gives the value of work that ends in time, and leaves no timer behind', async () => {
    const clock = new ManualClock();
    expect(await settleWithin(clock, 10, async () => 7)).toEqual({ kind: 'done', value: 7 });
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('gives the error of work that throws, at once or later', async () => {
    const clock = new ManualClock();
    const error = new Error('no');
    const thrown = settleWithin(clock, 10, () => {
      throw error;
    });
    expect(await thrown).toEqual({ kind: 'failed', error });
    expect(await settleWithin(clock, 10, () => Promise.reject(error))).toEqual({ kind: 'failed', error });
  });

  test('is late at the limit and not before', async () => {
    const clock = new ManualClock();
    let end: string | undefined;
    void settleWithin(clock, 10, never).then(({ kind }) => {
      end = kind;
    });
    clock.advance(9);
    await clock.turn();
    expect(end).toBeUndefined();
    clock.advance(1);
    await clock.turn();
    expect(end).toBe('late');
  });

  test.each([0, -1, NaN])('with %s ms left, work gets one turn', async (ms) => {
    const clock = new ManualClock();
    expect(await settleWithin(clock, ms, () => 'quick')).toEqual({ kind: 'done', value: 'quick' });
    expect(await settleWithin(clock, ms, never)).toEqual({ kind: 'late' });
  });

  test('an error that comes too late is nobody’s', async () => {
    const clock = new ManualClock();
    const work = Promise.withResolvers<never>();
    const end = settleWithin(clock, 10, () => work.promise);
    clock.advance(10);
    expect(await end).toEqual({ kind: 'late' });
    work.reject(new Error('too late'));
    await clock.turn();
  });
});
