import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { TimedLine } from '../../src/events/timed-line.ts';

function world() {
  const clock = new ManualClock();
  const late: (readonly string[])[] = [];
  const line = new TimedLine<string>({ clock, timeoutMs: 100, onLate: (items) => late.push(items) });
  return { clock, line, late };
}

describe('TimedLine', () => {
  test('gives out in the order in which they came', () => {
    const { line } = world();
    for (const item of ['a', 'b', 'c']) line.push(item);
    expect([line.peek(), line.shift(), line.size, line.drain(), line.shift()]).toEqual([
      'a',
      'a',
      2,
      ['b', 'c'],
      undefined,
    ]);
  });

  test('each waits its own time, and not a millisecond less', () => {
    const { clock, line, late } = world();
    line.push('a');
    line.push('b');
    clock.advance(50);
    line.push('c');
    clock.advance(49);
    expect(late).toEqual([]);
    clock.advance(1);
    expect([late, line.size]).toEqual([[['a', 'b']], 1]);
    clock.advance(49);
    expect(line.size).toBe(1);
    clock.advance(1);
    expect([late, line.size]).toEqual([[['a', 'b'], ['c']], 0]);
  });

  test('the time of one that comes after others have left is its own', () => {
    const { clock, line, late } = world();
    line.push('a');
    clock.advance(60);
    line.shift();
    line.push('b');
    clock.advance(99);
    expect(late).toEqual([]);
    clock.advance(1);
    expect(late).toEqual([['b']]);
  });

  test.each<[string, (line: TimedLine<string>) => unknown]>([
    ['has left', (line) => line.shift()],
    ['is taken out', (line) => line.drain()],
  ])('no timer is left when the last one %s', (_how, leave) => {
    const { clock, line, late } = world();
    line.push('a');
    leave(line);
    expect(clock.nextDueMs).toBe(Infinity);
    clock.advance(1_000);
    expect(late).toEqual([]);
  });
});
