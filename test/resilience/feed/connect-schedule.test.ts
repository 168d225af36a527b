import { describe, expect, test } from 'vitest';
import { ConnectSchedule } from '../../../src/resilience/feed/connect-schedule.ts';

const OPTIONS = {
  baseDelayMs: 100,
  maxDelayMs: 1_000,
  goodAfterMs: 60_000,
  maxConnects: 3,
  connectWindowMs: 10_000,
  maxRetryAfterMs: 60_000,
};

describe('ConnectSchedule', () => {
  test('waits up to twice as long after each attempt, until the longest', () => {
    const schedule = new ConnectSchedule({ ...OPTIONS, maxConnects: 100 }, () => 0.999_999);
    const waits = Array.from({ length: 6 }, (_, at) => {
      schedule.tried(at);
      return Math.round(schedule.delayMs(at, 0));
    });
    expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(schedule.attempts).toBe(6);
  });

  test('waits a random part of it, down to nothing', () => {
    const schedule = new ConnectSchedule(OPTIONS, () => 0);
    schedule.tried(0);
    expect(schedule.delayMs(0, 0)).toBe(0);
    expect(schedule.delayMs(0, 50)).toBe(50);
  });

  test('a good connection starts the back-off anew', () => {
    const schedule = new ConnectSchedule({ ...OPTIONS, maxConnects: 100 }, () => 0.5);
    for (let at = 0; at < 5; at += 1) schedule.tried(at);
    schedule.good();
    schedule.tried(5);
    expect([schedule.attempts, schedule.delayMs(5, 0)]).toEqual([1, 50]);
  });

  test('never more than so many in any window, good or not', () => {
    const schedule = new ConnectSchedule(OPTIONS, () => 0);
    for (const atMs of [0, 1_000]) schedule.tried(atMs);
    expect(schedule.roomInMs(1_000)).toBe(0);
    schedule.planned(2_000);
    schedule.good();
    expect(schedule.roomInMs(2_000)).toBe(8_000);
    expect(schedule.delayMs(2_000, 0)).toBe(8_000);
    expect(schedule.roomInMs(9_999)).toBe(1);
    expect(schedule.roomInMs(10_000)).toBe(0);
    schedule.tried(10_000);
    expect(schedule.roomInMs(10_000)).toBe(1_000);
  });
});
