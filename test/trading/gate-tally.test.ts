import { describe, expect, test } from 'vitest';
import { GateTally, deny } from '../../src/trading/index.ts';

describe('GateTally', () => {
  test('counts nothing before anything was asked', () => {
    expect(new GateTally(['a']).counts()).toEqual([
      { gate: 'a', checked: 0, denied: 0, reduced: 0, reasons: [] },
    ]);
  });

  test.each([[['a', 'a']], [['a', '']]])('refuses the names %j', (names) => {
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
});
