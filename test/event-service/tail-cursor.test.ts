import { describe, expect, test } from 'vitest';
import { cursorText, movedTo, readCursor } from '../../src/event-service/tail-cursor.ts';

describe('movedTo', () => {
  test.each([
    [undefined, '7', '7'],
    ['7', '8', '8'],
    [undefined, '0:5-0', '0:5-0'],
    ['0:5-0', '0:6-0', '0:6-0'],
    ['0:5-0', '1:4-0', '0:5-0,1:4-0'],
    ['0:5-0,1:4-0', '0:6-1', '1:4-0,0:6-1'],
    ['1:4-0', '11:4-0', '1:4-0,11:4-0'],
  ])('behind %s, %s stands at %s', (before, position, after) => {
    expect(movedTo(before, position)).toBe(after);
  });
});

test.each([[['tick']], [['tick', 'fill']]])('positions of several partitions come back, of %j', (topics) => {
  const positions = new Map([['tick', '1:4-0,0:6-1']]);
  const text = cursorText({ sinceMs: 5, positions }, topics);
  expect(readCursor(text, topics, 5)).toEqual({ sinceMs: 5, positions });
});
