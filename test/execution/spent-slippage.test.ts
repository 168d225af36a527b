import { describe, expect, test } from 'vitest';
import { type Units, units } from '../../src/core/index.ts';
import { SlippageCounters } from '../../src/execution/spent-slippage.ts';

const DAY = '2026-01-02';
const NEXT = '2026-01-03';
const countersOf = (...spent: readonly (readonly [strategyId: string, amount: number])[]) => {
  const counters = new SlippageCounters();
  for (const [strategyId, amount] of spent) counters.spend(DAY, strategyId, units(amount));
  return counters;
};
const spent = (total: number, byStrategy: Record<string, number> = {}) => ({
  total: units(total),
  byStrategy: byStrategy as Record<string, Units>,
});

describe('SlippageCounters', () => {
  test('count in all and by strategy', () => {
    const counters = countersOf(['a', 5], ['b', 7], ['a', 1]);
    expect([counters.total(DAY), counters.of(DAY, 'a'), counters.of(DAY, 'c'), counters.on(DAY)]).toEqual([
      13,
      6,
      0,
      spent(13, { a: 6, b: 7 }),
    ]);
  });

  test('begin with nothing on another day', () => {
    const counters = countersOf(['a', 5]);
    expect([counters.total(NEXT), counters.of(NEXT, 'a'), counters.on(NEXT)]).toEqual([0, 0, spent(0)]);
    counters.spend(NEXT, 'b', units(2));
    expect([counters.on(NEXT), counters.on(DAY)]).toEqual([spent(2, { b: 2 }), spent(0)]);
  });

  test.each([NaN, Infinity])('hand on an amount of %s as more than any budget', (amount) => {
    const counters = countersOf(['a', 5], ['b', amount]);
    const all = Number.MAX_SAFE_INTEGER;
    expect([counters.total(DAY), counters.on(DAY)]).toEqual([amount, spent(all, { a: 5, b: all })]);
  });

  test('tell of one strategy what they tell of all', () => {
    const counters = countersOf(['a', 5], ['b', 7], ['c', NaN]);
    const all = Number.MAX_SAFE_INTEGER;
    const by = (day: string, strategyId: string) => counters.by(day, strategyId);
    expect([by(DAY, 'b'), by(DAY, 'c'), by(DAY, '__proto__'), by(NEXT, 'b')]).toEqual([
      { strategyId: 'b', total: all, strategy: 7 },
      { strategyId: 'c', total: all, strategy: all },
      { strategyId: '__proto__', total: all, strategy: 0 },
      { strategyId: 'b', total: 0, strategy: 0 },
    ]);
  });

  describe('after a restart', () => {
    const restored = (counters: SlippageCounters, day: string, ...was: Parameters<typeof spent>) => {
      counters.restore(day, spent(...was));
      return counters;
    };

    test('go on from what was spent, as JSON keeps it', () => {
      const was = JSON.parse(JSON.stringify(countersOf(['a', 5], ['b', 7]).on(DAY))) as ReturnType<
        typeof spent
      >;
      const counters = new SlippageCounters();
      counters.restore(DAY, was);
      counters.spend(DAY, 'a', units(1));
      expect(counters.on(DAY)).toEqual(spent(13, { a: 6, b: 7 }));
    });

    test('never lower what has been counted since', () => {
      expect(restored(countersOf(['a', 5]), DAY, 4, { a: 4, b: 3 }).on(DAY)).toEqual(
        spent(5, { a: 5, b: 3 }),
      );
      expect(restored(countersOf(['a', 5]), DAY, 6, { a: 6 }).on(DAY)).toEqual(spent(6, { a: 6 }));
      expect(restored(countersOf(['a', NaN]), DAY, 6, { a: 6 }).total(DAY)).toBeNaN();
    });

    test('forget nothing for an earlier day, and everything for a later one', () => {
      expect(restored(countersOf(['a', 5]), '2026-01-01', 9).on(DAY)).toEqual(spent(5, { a: 5 }));
      expect(restored(countersOf(['a', 5]), NEXT, 9, { b: 9 }).on(NEXT)).toEqual(spent(9, { b: 9 }));
    });

    test.each<[string, Parameters<typeof spent>]>([
      ['total', [-1]],
      ['total', [0.5]],
      ['total', [NaN]],
      ['total', [null as never]],
      ['byStrategy.a', [1, { a: Infinity }]],
      ['byStrategy.b', [1, { a: 1, b: '1' as never }]],
    ])('refuse a bad %s, and take nothing over: %j', (field, was) => {
      const counters = countersOf(['a', 5]);
      expect(() => restored(counters, NEXT, ...was)).toThrow(
        expect.objectContaining({
          code: 'INPUT_INVALID',
          message: expect.stringContaining(`${field}:`) as string,
        }) as Error,
      );
      expect(counters.on(DAY)).toEqual(spent(5, { a: 5 }));
    });
  });
});
