import { describe, expect, test } from 'vitest';
import { CrossCheck } from '../../src/market-data/cross-check.ts';

const OPTIONS = { maxDeviationBps: 50, confirmMs: 500 };
/** Exactly 50 bps from 10,000. */
const AT_LIMIT = 10_050;
const BEYOND = 10_050.5;

const trusted = (check: CrossCheck, sources: number): readonly boolean[] =>
  Array.from({ length: sources }, (_, i) => check.isTrusted(i));

/** After the prices have stood for longer than it takes. */
function settled(prices: readonly number[], before: readonly (readonly number[])[] = []): readonly boolean[] {
  const check = new CrossCheck(OPTIONS, prices.length);
  let now = 0;
  for (const these of [...before, prices]) {
    check.look(these, now);
    check.look(these, (now += OPTIONS.confirmMs));
  }
  return trusted(check, prices.length);
}

/** Two that have been compared, and agree. */
function agreed(): CrossCheck {
  const check = new CrossCheck(OPTIONS, 2);
  check.look([10_000, 10_000], 0);
  return check;
}

describe('CrossCheck', () => {
  test.each([
    ['one alone', [10_000], [true]],
    ['two that agree', [10_000, AT_LIMIT], [true, true]],
    ['two that differ: neither', [10_000, BEYOND], [false, false]],
    ['the same the other way round', [BEYOND, 10_000], [false, false]],
    ['three, and one is out', [10_000, 10_010, 10_500], [true, true, false]],
    ['three in a chain', [10_000, 10_045, 10_090], [true, true, true]],
    ['three that all differ: none', [10_000, 10_100, 10_200], [false, false, false]],
    ['four, two against two: none', [10_000, 10_001, 10_500, 10_501], [false, false, false, false]],
    ['four, and one is out', [10_000, 10_001, 10_002, 9_000], [true, true, true, false]],
    ['one that has no price is not compared', [10_000, NaN], [true, true]],
    ['of three one has no price: two that differ', [10_000, NaN, 10_500], [false, true, false]],
  ])('%s', (_what, prices, expected) => {
    expect(settled(prices)).toEqual(expected);
  });

  test('a difference counts when it has lasted for so long, and not before', () => {
    const check = agreed();
    check.look([10_000, BEYOND], 1_000);
    check.look([10_000, BEYOND], 1_499);
    expect(trusted(check, 2)).toEqual([true, true]);
    check.look([10_000, BEYOND], 1_500);
    expect(trusted(check, 2)).toEqual([false, false]);
  });

  test.each([
    ['one moment of agreement', [10_000, AT_LIMIT]],
    ['a moment in which one has no good price', [10_000, NaN]],
  ])('%s does not begin the time anew', (_what, between) => {
    const check = agreed();
    for (let now = 1_000; now < 1_800; now += 200) {
      check.look([10_000, BEYOND], now);
      check.look(between, now + 100);
    }
    check.look([10_000, BEYOND], 1_800);
    check.look([10_000, BEYOND], 1_899);
    expect(trusted(check, 2)).toEqual([true, true]);
    check.look([10_000, BEYOND], 1_900);
    expect(trusted(check, 2)).toEqual([false, false]);
  });

  test('agreement for as long as it takes does', () => {
    for (const [ms, isTrusted] of [
      [499, false],
      [500, true],
    ] as const) {
      const check = agreed();
      check.look([10_000, BEYOND], 1_000);
      check.look([10_000, 10_000], 1_499);
      check.look([10_000, 10_000], 1_499 + ms);
      check.look([10_000, BEYOND], 2_000);
      check.look([10_000, BEYOND], 2_001);
      expect(trusted(check, 2)).toEqual([isTrusted, isTrusted]);
    }
  });

  test('the first comparison of a source counts at once, whenever it comes', () => {
    const check = new CrossCheck(OPTIONS, 3);
    check.look([10_000, NaN, NaN], 0);
    check.look([10_000, NaN, NaN], 600_000);
    expect(trusted(check, 3)).toEqual([true, true, true]);
    check.look([10_000, 10_500, NaN], 600_001);
    expect(trusted(check, 3)).toEqual([false, false, true]);
    check.look([10_000, 10_000, 10_500], 600_002);
    expect(trusted(check, 3)).toEqual([false, false, false]);
  });

  test('it is over when they have agreed for as long', () => {
    const check = new CrossCheck(OPTIONS, 2);
    for (const now of [0, 500]) check.look([10_000, BEYOND], now);
    check.look([10_000, 10_000], 1_000);
    check.look([10_000, 10_000], 1_499);
    expect(trusted(check, 2)).toEqual([false, false]);
    check.look([10_000, 10_000], 1_500);
    expect(trusted(check, 2)).toEqual([true, true]);
  });

  test('a source that turns out bad clears the other, and is itself in doubt until it agrees', () => {
    const differ = [10_000, 10_500];
    expect(settled([10_000, NaN], [differ])).toEqual([true, false]);
    expect(settled(differ, [differ, [10_000, NaN]])).toEqual([false, false]);
    expect(settled([10_000, 10_000], [differ, [10_000, NaN]])).toEqual([true, true]);
  });

  test('without time to confirm it counts at once', () => {
    const check = new CrossCheck({ maxDeviationBps: 50, confirmMs: 0 }, 2);
    check.look([10_000, BEYOND], 0);
    expect(trusted(check, 2)).toEqual([false, false]);
    check.look([10_000, 10_000], 0);
    expect(trusted(check, 2)).toEqual([true, true]);
  });

  test('says how far the farthest of the others is', () => {
    const check = new CrossCheck(OPTIONS, 4);
    expect(check.deviationBps(0)).toBeNaN();
    check.look([10_000, 10_100, NaN, 9_900], 0);
    expect([0, 1, 3].map((i) => Math.round(check.deviationBps(i)))).toEqual([101, 202, 202]);
    expect(check.deviationBps(2)).toBeNaN();
    expect(check.deviationBps(9)).toBeNaN();
  });

  test('trusts nobody it does not know', () => {
    expect(new CrossCheck(OPTIONS, 1).isTrusted(1)).toBe(false);
  });
});
