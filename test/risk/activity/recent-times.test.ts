import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { KeyedTimes } from '../../../src/risk/activity/keyed-times.ts';
import { RecentTimes } from '../../../src/risk/activity/recent-times.ts';

const recent = (most: number, ...times: readonly number[]): RecentTimes => {
  const made = new RecentTimes(most);
  for (const ms of times) made.add(ms);
  return made;
};
const lasts = (times: RecentTimes, most: number): readonly number[] =>
  Array.from({ length: most }, (_, index) => times.last(index + 1));

describe('RecentTimes', () => {
  test('gives the n-th last, and minus infinity where there were not as many', () => {
    expect(lasts(recent(3, 1, 2), 3)).toEqual([2, 1, -Infinity]);
  });

  test('forgets the oldest', () => {
    expect(lasts(recent(3, 1, 2, 3, 4, 5), 4)).toEqual([5, 4, 3, -Infinity]);
  });

  test('keeps the youngest in order, in whatever order they come', () => {
    expect(lasts(recent(3, 5, 9, 2), 4)).toEqual([9, 5, 2, -Infinity]);
    expect(lasts(recent(3, 1, 2, 8, 9, 5), 4)).toEqual([9, 8, 5, -Infinity]);
    expect(lasts(recent(2, 8, 9, 5), 3)).toEqual([9, 8, -Infinity]);
  });

  test.prop([fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 }), fc.integer({ min: 1, max: 8 })])(
    'has what sorting them all would give',
    (times, most) => {
      const sorted = [...times].sort((a, b) => b - a).slice(0, most);
      expect(lasts(recent(most, ...times), sorted.length)).toEqual(sorted);
    },
  );

  test('one of size 0 remembers nothing', () => {
    const none = recent(0, 1, 2);
    expect([none.last(1), none.countWithin(10, 2)]).toEqual([-Infinity, 0]);
  });

  test('extended, it keeps what it has, and never shrinks', () => {
    const times = recent(3, 1, 2, 3, 4);
    times.extend(5);
    expect(lasts(times, 4)).toEqual([4, 3, 2, -Infinity]);
    times.extend(2);
    times.add(5);
    times.add(6);
    times.add(7);
    expect(lasts(times, 6)).toEqual([7, 6, 5, 4, 3, -Infinity]);
  });

  test('cleared, it begins anew', () => {
    const times = recent(2, 1, 2, 3);
    times.clear();
    times.add(4);
    expect(lasts(times, 2)).toEqual([4, -Infinity]);
  });

  test.prop([
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.nat({ max: 5 }), { maxLength: 30 }),
    fc.integer({ min: 1, max: 12 }),
  ])('counts what is younger than the window, as a plain count does', (most, gaps, windowMs) => {
    const times = new RecentTimes(most);
    const all: number[] = [];
    let nowMs = 0;
    for (const gap of gaps) {
      nowMs += gap;
      times.add(nowMs);
      all.push(nowMs);
    }
    const expected = all.slice(-most).filter((ms) => nowMs - ms < windowMs).length;
    expect(times.countWithin(windowMs, nowMs)).toBe(expected);
    expect(lasts(times, most)).toEqual(
      Array.from({ length: most }, (_, index) => all.at(-1 - index) ?? -Infinity),
    );
  });
});

describe('KeyedTimes', () => {
  test('keeps keys apart', () => {
    const times = new KeyedTimes();
    times.extend({ max: 2, windowMs: 10 });
    times.add('a', 1);
    times.add('b', 2);
    times.clear('b');
    expect([times.last('a', 1), times.last('b', 1), times.countWithin('b', 10, 2)]).toEqual([
      1,
      -Infinity,
      0,
    ]);
  });

  test('extends what is there already', () => {
    const times = new KeyedTimes();
    times.extend({ max: 1, windowMs: 10 });
    times.add('a', 1);
    times.extend({ max: 2, windowMs: 5 });
    times.add('a', 2);
    expect([times.last('a', 1), times.last('a', 2)]).toEqual([2, 1]);
  });

  test('looks back no less far when a limit asks for less', () => {
    const times = new KeyedTimes();
    times.extend({ max: 3, windowMs: 100 });
    times.extend({ max: 1, windowMs: 50 });
    for (const ms of [0, 1, 2]) times.add('early', ms);
    for (let n = 0; n < 1_100; n += 1) times.add(`key-${n}`, 99);
    expect([1, 2, 3].map((n) => times.last('early', n))).toEqual([2, 1, 0]);
  });

  test('does not grow for ever: keys that have been quiet for the window are forgotten', () => {
    const times = new KeyedTimes();
    times.extend({ max: 1, windowMs: 100 });
    for (let n = 0; n < 100_000; n += 1) times.add(`key-${n}`, n);
    expect(times.size).toBeLessThanOrEqual(1_024);
    expect(times.last('key-99999', 1)).toBe(99_999);
  });

  test('keys that are within the window stay, however many', () => {
    const times = new KeyedTimes();
    times.extend({ max: 1, windowMs: 100 });
    for (let n = 0; n < 5_000; n += 1) times.add(`key-${n}`, 0);
    expect([times.size, times.countWithin('key-0', 100, 99)]).toEqual([5_000, 1]);
  });
});
