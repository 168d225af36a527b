import { describe, expect, test } from 'vitest';
import { GateTally, deny } from '../../src/trading/index.ts';

describe('GateTally', () => {
  test('counts nothing before anything was asked', () => {
    expect(new GateTally(['a']).counts()).toEqual([
      { gate: 'a', checked: 0, denied: 0, reduced: 0, reasons: [] },
    ]);
  });

  test.each([[['a', 'b', 'a']], [['a', '']]])('refuses the names %j', (names) => {
    expect(() => new GateTally(names)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('counts by gate, the most frequent reason first, ties by name', () => {
    const tally = new GateTally(['a', 'b']);
    for (const code of ['MARK_STALE', 'WOULD_CROSS', 'MARK_MISSING', 'WOULD_CROSS'] as const) {
      tally.checked(0);
      tally.denied(0, deny('a', code));
    }
    tally.checked(1);
    tally.reduced(1);
    expect(tally.counts()).toEqual([
      {
        gate: 'a',
        checked: 4,
        denied: 4,
        reduced: 0,
        reasons: [
          { code: 'WOULD_CROSS', count: 2 },
          { code: 'MARK_MISSING', count: 1 },
          { code: 'MARK_STALE', count: 1 },
        ],
      },
      { gate: 'b', checked: 1, denied: 0, reduced: 1, reasons: [] },
    ]);
  });

  test('counts several at once, those that it does not know not at all', () => {
    const tally = new GateTally(['a', 'b', 'c']);
    tally.checkedAll([2, 0, 3]);
    expect(tally.counts().map(({ checked }) => checked)).toEqual([1, 0, 1]);
  });

  test('gives each name its index, and adds those that are new', () => {
    const tally = new GateTally(['a', 'b']);
    expect([tally.slots(['b', 'c', 'a']), tally.slots(['c', 'c']), tally.slots([])]).toEqual([
      [1, 2, 0],
      [2, 2],
      [],
    ]);
  });

  test('keeps what was counted under a name when gates are added', () => {
    const tally = new GateTally(['a']);
    tally.checked(0);
    tally.denied(0, deny('a', 'MARK_STALE'));
    for (const index of tally.slots(['b', 'a'])) tally.checked(index);
    expect(tally.counts()).toEqual([
      { gate: 'a', checked: 2, denied: 1, reduced: 0, reasons: [{ code: 'MARK_STALE', count: 1 }] },
      { gate: 'b', checked: 1, denied: 0, reduced: 0, reasons: [] },
    ]);
  });

  test('counts a denial for the gate that was asked, in whatever name it denies', () => {
    const tally = new GateTally(['a']);
    tally.denied(0, deny('other', 'MARK_STALE'));
    expect(tally.counts()).toMatchObject([{ gate: 'a', reasons: [{ code: 'MARK_STALE', count: 1 }] }]);
  });

  test('adds nothing where one of the names is empty', () => {
    const tally = new GateTally(['a']);
    expect(() => tally.slots(['b', ''])).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(tally.counts().map(({ gate }) => gate)).toEqual(['a']);
  });

  test('an index that nobody was given counts nothing', () => {
    const tally = new GateTally(['a']);
    tally.checked(1);
    tally.denied(1, deny('a', 'MARK_STALE'));
    tally.reduced(1);
    expect(tally.counts()).toEqual(new GateTally(['a']).counts());
  });
});
