import { describe, expect, test } from 'vitest';
import { GroupCursor } from '../../../src/events/embedded/group-cursor.ts';

describe('GroupCursor', () => {
  test('keeps ranges above what is acknowledged without gaps, and joins them', () => {
    const cursor = new GroupCursor({ floor: 2, above: [] });
    for (const seq of [5, 9, 7, 8, 6]) cursor.acknowledge(seq);
    expect(cursor.save()).toEqual({ floor: 2, above: [[5, 9]] });
    cursor.acknowledge(4);
    expect(cursor.save([3])).toEqual({ floor: 9, above: [] });
    expect(cursor.save()).toEqual({ floor: 2, above: [[4, 9]] });
    cursor.acknowledge(3);
    expect(cursor.save()).toEqual({ floor: 9, above: [] });
  });

  test('knows what it has, in whatever order it came, and after it was saved', () => {
    const cursor = new GroupCursor({ floor: 0, above: [] });
    const order = Array.from({ length: 97 }, (_, i) => ((i * 31) % 97) + 1);
    const seen = new Set<number>();
    for (const seq of order) {
      cursor.acknowledge(seq);
      cursor.acknowledge(seq);
      seen.add(seq);
      const again = new GroupCursor(cursor.save());
      for (let each = 1; each <= 98; each += 1) {
        expect([cursor.has(each), again.has(each)]).toEqual([seen.has(each), seen.has(each)]);
      }
    }
    expect(cursor.save()).toEqual({ floor: 97, above: [] });
  });
});
