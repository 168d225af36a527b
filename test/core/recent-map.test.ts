import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { RecentMap } from '../../src/core/recent-map.ts';

describe('RecentMap', () => {
  test('answers as a map does, whatever was asked before', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('get' as const), key }),
      fc.record({ kind: fc.constant('set' as const), key, value: fc.integer() }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const [recent, plain] = [new RecentMap<number>(), new Map<string, number>()];
        for (const one of steps) {
          if (one.kind === 'get') expect(recent.get(one.key)).toBe(plain.get(one.key));
          else {
            recent.set(one.key, one.value);
            plain.set(one.key, one.value);
          }
        }
        expect([...recent.values()]).toEqual([...plain.values()]);
        for (const one of ['a', 'b', 'c']) expect(recent.has(one)).toBe(plain.has(one));
      }),
    );
  });
});
