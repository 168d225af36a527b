import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { ChangeInterval } from '../../src/events/change-interval.ts';

function world(firstAtOnce: boolean) {
  const clock = new ManualClock();
  const told: string[] = [];
  const interval = new ChangeInterval({ everyMs: 100, firstAtOnce }, clock, (key) => told.push(key));
  const take = (): string[] => told.splice(0);
  return { clock, interval, take };
}

describe('ChangeInterval', () => {
  test('tells once at the end of an interval of each thing that has changed in it', () => {
    const { clock, interval, take } = world(false);
    interval.changed('a');
    interval.changed('b');
    interval.changed('a');
    clock.advance(99);
    expect(take()).toEqual([]);
    clock.advance(1);
    expect(take()).toEqual(['a', 'b']);
    clock.advance(1_000);
    expect(take()).toEqual([]);
  });

  test('tells the first at once if it is to, and the others at the end', () => {
    const { clock, interval, take } = world(true);
    interval.changed('a');
    expect(take()).toEqual(['a']);
    interval.changed('a');
    interval.changed('b');
    interval.changed('a');
    expect(take()).toEqual(['b']);
    clock.advance(100);
    expect(take()).toEqual(['a']);
  });

  test('what is told at the end of an interval waits for the end of the next', () => {
    const { clock, interval, take } = world(true);
    interval.changed('a');
    interval.changed('a');
    clock.advance(100);
    expect(take()).toEqual(['a', 'a']);
    interval.changed('a');
    expect(take()).toEqual([]);
    clock.advance(100);
    expect(take()).toEqual(['a']);
  });

  test('after an interval in which it was not told, the first is at once again', () => {
    const { clock, interval, take } = world(true);
    interval.changed('a');
    clock.advance(100);
    interval.changed('a');
    expect(take()).toEqual(['a', 'a']);
  });

  test('what waits is told at its end, and nothing after it', () => {
    for (const firstAtOnce of [true, false]) {
      const { clock, interval, take } = world(firstAtOnce);
      interval.changed('a');
      interval.changed('a');
      take();
      interval[Symbol.dispose]();
      expect(take()).toEqual(['a']);
      interval.changed('b');
      clock.advance(1_000);
      interval[Symbol.dispose]();
      expect(take()).toEqual([]);
    }
  });

  test('a change that comes of telling waits for the next interval', () => {
    const clock = new ManualClock();
    let told = 0;
    const interval = new ChangeInterval({ everyMs: 100, firstAtOnce: true }, clock, () => {
      told += 1;
      interval.changed('a');
    });
    interval.changed('a');
    expect(told).toBe(1);
    clock.advance(100);
    expect(told).toBe(2);
    interval[Symbol.dispose]();
    expect(told).toBe(3);
  });
});
