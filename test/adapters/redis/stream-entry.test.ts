import { describe, expect, test } from 'vitest';
import { parsePosition, positionOf, redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { compareIds, fieldOf } from '../../../src/adapters/redis/stream-entry.ts';

describe('entries of a stream', () => {
  test.each([
    ['1-1', '1-1', 0],
    ['1-2', '1-10', -1],
    ['2-0', '1-9', 1],
    ['9-0', '10-0', -1],
    ['1-18446744073709551614', '1-18446744073709551615', -1],
  ])('compareIds(%s, %s) has the sign of %i', (a, b, sign) => {
    expect(Math.sign(compareIds(a, b))).toBe(sign);
    expect(Math.sign(compareIds(b, a))).toBe(sign === 0 ? 0 : -sign);
  });

  test('a field is found by its name, not by a value that reads like it', () => {
    expect(fieldOf(['r', 'e', 'e', 'text'], 'e')).toBe('text');
    expect(fieldOf(['e', 'text'], 'r')).toBeUndefined();
  });

  test('a position says where it is, and nothing else is one', () => {
    expect(parsePosition(positionOf(3, '17-4'))).toEqual({ partition: 3, streamId: '17-4' });
    for (const text of ['', '17-4', '3:17', 'x:17-4', '3:17-4 ', '-1:17-4'])
      expect(parsePosition(text)).toBeUndefined();
  });

  test('all keys of a partition have its name in braces, so that a script may use them together', () => {
    const keys = redisKeys('p');
    expect([
      keys.events('t', 1),
      keys.dead('t', 1),
      keys.deadCounts('t', 1),
      keys.trimmer('t', 1),
      keys.owner('t', 1, 'g'),
      keys.fence('t', 1, 'g'),
      keys.eventId('t', 1, '/s', 'i'),
      keys.publisher('t', 1, 'x'),
    ]).toEqual([
      'p:{t.1}:events',
      'p:{t.1}:dead',
      'p:{t.1}:dead-counts',
      'p:{t.1}:trimmer',
      'p:{t.1}:owner:g',
      'p:{t.1}:fence:g',
      'p:{t.1}:id:/s i',
      'p:{t.1}:pub:x',
    ]);
    expect([keys.members('g'), keys.wake('g'), keys.wake('g', 'm'), keys.meta]).toEqual([
      'p:members:g',
      'p:wake:g',
      'p:wake:g:m',
      'p:meta',
    ]);
  });
});
