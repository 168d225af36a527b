import { describe, expect, test } from 'vitest';
import { SourceSelection } from '../../src/market-data/source-selection.ts';

const OPTIONS = { failAfterMs: 1_000, returnAfterMs: 60_000 };

/** Which one is active after each look. */
function run(looks: readonly (readonly [nowMs: number, good: string])[]): readonly number[] {
  const selection = new SourceSelection(OPTIONS, looks[0]?.[1].length ?? 0, 0);
  return looks.map(([nowMs, good]) => {
    const before = selection.active;
    const isSwitched = selection.look(
      Array.from(good, (letter) => letter === '+'),
      nowMs,
    );
    expect(isSwitched).toBe(selection.active !== before);
    return selection.active;
  });
}

describe('SourceSelection', () => {
  test('begins with the first, good or not', () => {
    expect(new SourceSelection(OPTIONS, 2, 0).active).toBe(0);
  });

  test('leaves the active one when it has been bad for so long, and not before', () => {
    expect(
      run([
        [0, '++'],
        [5_000, '-+'],
        [5_999, '-+'],
        [6_000, '-+'],
      ]),
    ).toEqual([0, 0, 0, 1]);
  });

  test('a good moment begins the time anew', () => {
    expect(
      run([
        [0, '++'],
        [5_000, '-+'],
        [5_999, '++'],
        [6_000, '-+'],
        [6_999, '-+'],
        [7_000, '-+'],
      ]),
    ).toEqual([0, 0, 0, 0, 0, 1]);
  });

  test('stays where nobody is better, and goes as soon as somebody is', () => {
    expect(
      run([
        [0, '+--'],
        [1_000, '---'],
        [9_000, '---'],
        [9_001, '--+'],
      ]),
    ).toEqual([0, 0, 0, 2]);
  });

  test('takes the first standby that is good', () => {
    expect(
      run([
        [0, '----'],
        [1_000, '--++'],
      ]),
    ).toEqual([0, 2]);
  });

  test('returns to a preferred one when it has been good for so long without a break', () => {
    expect(
      run([
        [0, '-+'],
        [1_000, '-+'],
        [2_000, '++'],
        [50_000, '-+'],
        [50_001, '++'],
        [110_000, '++'],
        [110_001, '++'],
      ]),
    ).toEqual([0, 1, 1, 1, 1, 1, 0]);
  });

  test('goes to a preferred one at once when the active one fails, however short it has been good', () => {
    expect(
      run([
        [0, '-+'],
        [1_000, '-+'],
        [2_000, '+-'],
        [2_999, '+-'],
        [3_000, '+-'],
      ]),
    ).toEqual([0, 1, 1, 1, 0]);
  });

  test('does not go to one that is less preferred while the active one is good', () => {
    expect(
      run([
        [0, '+++'],
        [900_000, '+++'],
      ]),
    ).toEqual([0, 0]);
    expect(
      run([
        [0, '-+'],
        [500, '++'],
        [60_000, '++'],
      ]),
    ).toEqual([0, 0, 0]);
  });

  test('says how long each has been as it is', () => {
    const selection = new SourceSelection(OPTIONS, 2, 5);
    selection.look([true, false], 7);
    selection.look([true, false], 9);
    expect([0, 1, 2].map((i) => selection.sinceMs(i))).toEqual([7, 5, NaN]);
  });
});
