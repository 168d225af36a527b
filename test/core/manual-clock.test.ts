import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';

const START = 1_700_000_000_000;

describe('ManualClock', () => {
  test('stands still until told to move', () => {
    const clock = new ManualClock(START);
    expect([clock.nowMs(), clock.monotonicMs(), clock.nextDueMs]).toEqual([START, 0, Infinity]);
  });

  test('moves both times', () => {
    const clock = new ManualClock(START);
    clock.advance(5);
    clock.advanceTo(START + 12);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([START + 12, 12]);
  });

  test('does not move to a wall time in the past', () => {
    const clock = new ManualClock(START);
    clock.advanceTo(START - 1);
    clock.advanceTo(NaN);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([START, 0]);
  });

  test.each([-1, NaN])('refuses to advance by %d', (ms) => {
    expect(() => new ManualClock().advance(ms)).toThrow(RangeError);
  });

  test('steps the wall clock back alone: monotonic time and timers stay', () => {
    const clock = new ManualClock(START);
    const fired: number[] = [];
    clock.deadline(10, () => fired.push(clock.nowMs()));
    clock.jump(-1_000);
    expect([clock.nowMs(), clock.monotonicMs(), clock.nextDueMs]).toEqual([START - 1_000, 0, START - 990]);
    clock.advance(10);
    expect(fired).toEqual([START - 990]);
  });

  test('fires in the order due, and in the order set when due together', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    clock.deadline(20, () => fired.push('c'));
    clock.deadline(10, () => fired.push('a'));
    clock.deadline(10, () => fired.push('b'));
    clock.advance(20);
    expect(fired).toEqual(['a', 'b', 'c']);
  });

  test('fires at its time and not before, each seeing the time it was due at', () => {
    const clock = new ManualClock(START);
    const seen: number[] = [];
    clock.deadline(10, () => seen.push(clock.nowMs() - START, clock.monotonicMs()));
    clock.advance(9);
    expect(seen).toEqual([]);
    clock.advance(500);
    expect(seen).toEqual([10, 10]);
  });

  test('fires what is set while firing, if it falls due on the way', () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    clock.deadline(10, () => {
      clock.deadline(5, () => fired.push(clock.monotonicMs()));
      clock.deadline(50, () => fired.push(clock.monotonicMs()));
    });
    clock.advance(20);
    expect(fired).toEqual([15]);
  });

  test('does not fire what was disposed of, also from within another timer', () => {
    const clock = new ManualClock();
    const fn = vi.fn();
    const later = clock.deadline(11, fn);
    clock.deadline(10, () => {
      later[Symbol.dispose]();
    });
    clock.advance(20);
    expect(fn).not.toHaveBeenCalled();
  });

  test('does not mind being disposed of twice, or after firing', () => {
    const clock = new ManualClock();
    const other = vi.fn();
    const timer = clock.deadline(1, () => {});
    clock.deadline(2, other);
    clock.advance(1);
    timer[Symbol.dispose]();
    timer[Symbol.dispose]();
    clock.advance(1);
    expect(other).toHaveBeenCalledOnce();
  });

  test('repeats without drifting, until disposed of from within', () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const timer = clock.every(10, () => {
      if (at.push(clock.monotonicMs()) === 3) timer[Symbol.dispose]();
    });
    clock.advance(100);
    expect([at, clock.nextDueMs]).toEqual([[10, 20, 30], Infinity]);
  });

  test('repeats each millisecond when asked to repeat each 0: time goes on', () => {
    const clock = new ManualClock();
    const fn = vi.fn();
    clock.every(0, fn);
    clock.advance(3);
    expect(fn).toHaveBeenCalledTimes(3);
  });

  test('says when the next timer is due, in wall time', () => {
    const clock = new ManualClock(START);
    clock.deadline(30, () => {});
    clock.deadline(-5, () => {});
    expect(clock.nextDueMs).toBe(START);
    clock.advance(0);
    expect(clock.nextDueMs).toBe(START + 30);
  });

  test('never goes back, although a timer moves the clock beyond where it was told to go', () => {
    const clock = new ManualClock();
    clock.deadline(10, () => {
      clock.advance(100);
    });
    clock.advance(20);
    expect(clock.monotonicMs()).toBe(110);
  });

  test('sleeps until its time', async () => {
    const clock = new ManualClock();
    let awake = false;
    const slept = clock.sleep(10).then(() => {
      awake = true;
    });
    clock.advance(9);
    await clock.turn();
    expect(awake).toBe(false);
    clock.advance(1);
    await slept;
    expect(awake).toBe(true);
  });

  test('ends a sleep within the tick of the abort, and forgets its timer', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const slept = clock.sleep(10, stop.signal);
    const reason = new Error('stopping');
    stop.abort(reason);
    expect(clock.nextDueMs).toBe(Infinity);
    await expect(slept).rejects.toBe(reason);
  });

  test('does not begin a sleep under an aborted signal', async () => {
    const clock = new ManualClock();
    await expect(clock.sleep(10, AbortSignal.abort('enough'))).rejects.toThrow('enough');
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('leaves no listener on the signal of a sleep that ended', async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    const slept = clock.sleep(10, signal);
    clock.advance(10);
    await slept;
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});

describe('ManualClock at wall times with fractions', () => {
  test('moving to `nextDueMs` fires the timer, however the sums round', () => {
    const clock = new ManualClock(1_723_161_253_937.0857);
    let fired = 0;
    for (let i = 1; i <= 2_000; i += 1) {
      clock.deadline(20 + i / 7, () => {
        fired += 1;
      });
      const dueMs = clock.nextDueMs;
      clock.advanceTo(dueMs);
      expect(fired).toBe(i);
      expect(clock.nowMs()).toBe(dueMs);
    }
  });
});
