import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SystemClock } from '../../src/core/index.ts';

const DAY_MS = 86_400_000;

describe('SystemClock', () => {
  const clock = new SystemClock();

  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('reads wall time and monotonic time', () => {
    const before = clock.monotonicMs();
    vi.advanceTimersByTime(250);
    expect([clock.nowMs(), clock.monotonicMs() - before]).toEqual([1_700_000_000_250, 250]);
  });

  test('calls a deadline once, at its time', () => {
    const onLate = vi.fn();
    clock.deadline(100, onLate);
    vi.advanceTimersByTime(99);
    expect(onLate).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(onLate).toHaveBeenCalledOnce();
  });

  test('does not call a deadline that was disposed of', () => {
    const onLate = vi.fn();
    clock.deadline(100, onLate)[Symbol.dispose]();
    vi.advanceTimersByTime(1_000);
    expect(onLate).not.toHaveBeenCalled();
  });

  test('waits 60 days for a deadline in 60 days, although a timer of Node cannot', () => {
    const onLate = vi.fn();
    clock.deadline(60 * DAY_MS, onLate);
    vi.advanceTimersByTime(60 * DAY_MS - 1);
    expect(onLate).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onLate).toHaveBeenCalledOnce();
  });

  test('disposes of a far deadline after its first leg too', () => {
    const onLate = vi.fn();
    const deadline = clock.deadline(60 * DAY_MS, onLate);
    vi.advanceTimersByTime(30 * DAY_MS);
    deadline[Symbol.dispose]();
    vi.advanceTimersByTime(60 * DAY_MS);
    expect([onLate.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });

  test('never reaches a deadline at Infinity', () => {
    const onLate = vi.fn();
    clock.deadline(Infinity, onLate);
    vi.advanceTimersByTime(100 * DAY_MS);
    expect(onLate).not.toHaveBeenCalled();
  });

  test('repeats until disposed of', () => {
    const fn = vi.fn();
    const timer = clock.every(10, fn);
    vi.advanceTimersByTime(30);
    timer[Symbol.dispose]();
    vi.advanceTimersByTime(30);
    expect(fn).toHaveBeenCalledTimes(3);
  });

  test('does not storm when asked to repeat more rarely than a timer of Node can', () => {
    const fn = vi.fn();
    clock.every(60 * DAY_MS, fn);
    vi.advanceTimersByTime(24 * DAY_MS);
    expect(fn).not.toHaveBeenCalled();
  });

  test('sleeps', async () => {
    const slept = clock.sleep(10).then(() => 'slept');
    vi.advanceTimersByTime(10);
    expect(await slept).toBe('slept');
  });

  test('takes a turn of the event loop', async () => {
    vi.useRealTimers();
    const order: string[] = [];
    const turn = clock.turn().then(() => order.push('turn'));
    await Promise.resolve().then(() => order.push('promise'));
    await turn;
    expect(order).toEqual(['promise', 'turn']);
  });
});
