import { describe, expect, test } from 'vitest';
import { spreadMedianGate } from '../../src/execution/index.ts';
import type { RecentSpread } from '../../src/trading/index.ts';
import { heldOf } from '../support/orders.ts';
import { executionViewOf, levels, marketOf } from '../support/views.ts';

const RECENT: RecentSpread = { medianBps: 2, samples: 30, windowMs: 300_000 };
const gate = spreadMedianGate({ multiple: { entry: 3, exit: 5 }, minSamples: 30 });

/** A middle of 10,000, so that a tick of spread is one bps. */
const orderOf = (spreadTicks: number, recent: Partial<RecentSpread> | undefined = {}, isExit = false) => {
  const bids = levels([10_000 - spreadTicks / 2, 1]);
  const asks = levels([10_000 + spreadTicks / 2, 1]);
  const view = marketOf({ bids, asks, ...(recent && { recentSpread: { ...RECENT, ...recent } }) });
  return heldOf({ isExit, view });
};
const ask = (...of: Parameters<typeof orderOf>) => gate.check(orderOf(...of), executionViewOf());
const unknown = (of: Partial<RecentSpread> | 'none', isExit = false) => {
  const { recentSpread: _, ...view } = marketOf();
  return of === 'none' ? gate.check(heldOf({ isExit, view }), executionViewOf()) : ask(2, of, isExit);
};
const denial = (measured: number, limit = 3, { medianMs = 300_000, samples = 30 } = {}) => ({
  gate: 'spread-median',
  code: 'SPREAD_UNUSUAL',
  measured,
  limit,
  note: `of the median of ${medianMs} ms, ${samples} samples`,
});
const tooFew = (samples: number) => ({
  gate: 'spread-median',
  code: 'SPREAD_UNUSUAL',
  measured: samples,
  limit: 30,
  note: 'samples of the spread',
});

describe('spreadMedianGate', () => {
  test('lets an order through at exactly the multiple of the median', () => {
    expect(ask(6)).toBeUndefined();
  });

  test('denies a wider spread, as a multiple of the median', () => {
    expect(ask(8)).toEqual(denial(4));
  });

  test('has a limit of its own for exits', () => {
    expect([ask(10, {}, true), ask(12, {}, true)]).toEqual([undefined, denial(6, 5)]);
  });

  test('denies entries with one sample too few', () => {
    expect([unknown({ samples: 30 }), unknown({ samples: 29 })]).toEqual([undefined, tooFew(29)]);
  });

  test('denies entries where nobody keeps the spread', () => {
    expect(unknown('none')).toEqual(tooFew(0));
  });

  test.each<Partial<RecentSpread> | 'none'>(['none', { samples: 29 }, { samples: NaN }])(
    'lets exits through where too little is known: %o',
    (of) => {
      expect(unknown(of, true)).toBeUndefined();
    },
  );

  test('denies entries when the number of samples is none', () => {
    expect(unknown({ samples: NaN })).toEqual(tooFew(NaN));
  });

  test('of a median of 0 a spread of 0 is as usual, and no other is', () => {
    expect([ask(0, { medianBps: 0 }), ask(2, { medianBps: 0 })]).toEqual([undefined, denial(Infinity)]);
  });

  test('denies a median that is none, exits too', () => {
    expect([ask(2, { medianBps: NaN }), ask(2, { medianBps: NaN }, true)]).toEqual([
      denial(NaN),
      denial(NaN, 5),
    ]);
  });

  test('denies on a crossed book', () => {
    expect(ask(-2)).toEqual(denial(-1));
  });

  test('denies where a side is empty', () => {
    const order = heldOf({ view: marketOf({ asks: [], recentSpread: RECENT }) });
    expect(gate.check(order, executionViewOf())).toEqual(denial(NaN));
  });

  test('can be off for exits, and says so when it is asked what it measures', () => {
    const off = spreadMedianGate({ multiple: { entry: 3, exit: 'none' }, minSamples: 30 });
    const wide = orderOf(100, {}, true);
    expect([off.check(wide, executionViewOf()), off.measure?.(wide, executionViewOf())]).toEqual([
      undefined,
      { measured: 50, limit: 'none', note: 'of the median of 300000 ms, 30 samples' },
    ]);
  });

  test('can be overridden', () => {
    expect(gate.overridable).toBe(true);
  });
});
