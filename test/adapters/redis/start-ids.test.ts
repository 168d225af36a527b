import { describe, expect, test } from 'vitest';
import { checkStart, idBefore } from '../../../src/adapters/redis/start-ids.ts';
import type { StartPosition } from '../../../src/events/index.ts';

const LAST = '18446744073709551615';
const at = (position: string): StartPosition => ({ topic: 'market', position });

describe('idBefore', () => {
  test.each<[StartPosition, string]>([
    ['new', '$'],
    ['beginning', '0'],
    [{ timeMs: 1000 }, `999-${LAST}`],
    [{ timeMs: 999.5 }, `999-${LAST}`],
    [{ timeMs: 0 }, '0'],
    [at('1:50000-7'), '50000-7'],
    [at('0:40000-0,1:50000-7'), '50000-7'],
  ])('of partition 1: %j', (from, id) => {
    expect(idBefore(from, 'market', 1)).toBe(id);
  });

  test('begins partitions that the position does not name ten seconds before the earliest', () => {
    expect(idBefore(at('0:60000-3,2:50000-1'), 'market', 1)).toBe(`39999-${LAST}`);
    expect(idBefore(at('0:5000-3'), 'market', 1)).toBe('0');
  });

  test('begins other topics with what is new', () => {
    expect(idBefore(at('1:50000-7'), 'order', 1)).toBe('$');
  });
});

describe('checkStart', () => {
  const bus = { topics: ['market', 'order'], partitions: 2 };

  test.each<StartPosition>(['new', 'beginning', { timeMs: 0 }, at('1:5-0'), at('0:5-0,1:6-0')])(
    'takes %j',
    (from) => {
      expect(() => {
        checkStart('subscribe', from, bus);
      }).not.toThrow();
    },
  );

  test.each<StartPosition>([
    { topic: 'none', position: '0:5-0' },
    at(''),
    at('5-0'),
    at('x'),
    at('2:5-0'),
    at('0:5-0,'),
    at('0:5-0,0:6-0'),
    at('0:5-0,2:6-0'),
  ])('refuses %j', (from) => {
    expect(() => {
      checkStart('subscribe', from, bus);
    }).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});
