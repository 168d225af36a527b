import { describe, expect, test } from 'vitest';
import { PlausibleIds } from '../../src/market-data/plausible-ids.ts';

const flaws = (...ranges: readonly (readonly [first: number, last: number])[]): readonly boolean[] => {
  const ids = new PlausibleIds();
  return ranges.map(([first, last]) => ids.flaw(first, last) !== undefined);
};

describe('PlausibleIds', () => {
  test.each([
    ['any at the beginning', [[5e10, 5e10]], [false]],
    ['one that goes back', [[5e10, 5e10], [1, 2]], [false, false]], // prettier-ignore
    ['a jump of 1e9', [[5, 5], [1e9 + 5, 1e9 + 5]], [false, false]], // prettier-ignore
    ['a jump of one more', [[5, 5], [1e9 + 6, 1e9 + 6]], [false, true]], // prettier-ignore
    ['a range of 1e9', [[5, 1e9 + 5]], [false]],
    ['a range of one more', [[5, 1e9 + 6]], [true]],
    ['the highest', [[2 ** 50, 2 ** 50]], [false]],
    ['one higher, even at the beginning', [[2 ** 50 + 1, 2 ** 50 + 1]], [true]],
    ['one that is none', [[5, NaN]], [true]],
    ['a jump, and then as before', [[5, 5], [1e12, 1e12], [6, 6]], [false, true, false]], // prettier-ignore
    ['a jump told twice is still one', [[5, 5], [1e12, 1e12], [1e12, 1e12]], [false, true, true]], // prettier-ignore
    ['a jump that goes on', [[5, 5], [1e12, 1e12], [1e12 + 1, 1e12 + 1], [1e12 + 2, 1e12 + 2]], [false, true, false, false]], // prettier-ignore
    ['two jumps, with one as before between', [[5, 5], [1e12, 1e12], [6, 6], [1e12 + 1, 1e12 + 1]], [false, true, false, true]], // prettier-ignore
  ] as const)('%s', (_what, ranges, expected) => {
    expect(flaws(...ranges)).toEqual(expected);
  });

  test('says what cannot be', () => {
    const ids = new PlausibleIds();
    expect(ids.flaw(1, Number.MAX_SAFE_INTEGER)).toBe('an id of 9007199254740991 cannot be');
    ids.flaw(1, 7);
    expect(ids.flaw(2e9, 2e9)).toBe('an id of 2000000000 cannot come after 7');
  });
});
