import { describe, expect, test } from 'vitest';
import { system, ticks } from '../../../src/core/index.ts';
import {
  DataOutageMonitor,
  type DataOutageMonitorDeps,
  type DataOutageMonitorOptions,
} from '../../../src/risk/index.ts';
import { accountOf, cellOf, marketOf, quotedAt } from '../../support/views.ts';
import { instrumentOf } from '../../support/orders.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

const GOLD = instrumentOf({});
const HELD = cellOf(GOLD, { pos: 10 });
const BAD = marketOf({ problems: [{ code: 'CROSSED', instrumentId: 'GOLD', blocking: true }] });

function watched(
  options: DataOutageMonitorOptions = { maxSilenceMs: 100, minSample: 3 },
  isTrading?: DataOutageMonitorDeps['isTrading'],
) {
  const setup = tripping();
  let held = [HELD];
  const monitor = new DataOutageMonitor(options, {
    ...setup,
    book: { accounts: () => [accountOf(), accountOf({ accountId: 'other', held })] },
    ...(isTrading && { isTrading }),
  });
  return {
    ...setup,
    monitor,
    holds(...cells: (typeof HELD)[]) {
      held = cells;
    },
    hears(times = 3, view = quotedAt(100)) {
      for (let i = 0; i < times; i += 1) monitor.observe(view);
    },
    /** Looks after a time, and tells how often it has tripped. */
    after(ms: number) {
      setup.clock.advance(ms);
      monitor.check();
      return setup.trips.length;
    },
  };
}

describe('DataOutageMonitor', () => {
  test('does not trip at exactly the longest silence', () => {
    const { hears, after } = watched();
    hears();
    expect(after(100)).toBe(0);
  });

  test('trips the instrument a millisecond later, and says why', () => {
    const { hears, after, trips } = watched();
    hears();
    after(101);
    expect(trips).toEqual([
      {
        scope: { kind: 'instrument', id: 'GOLD' },
        to: 'reducing',
        reason: 'no good market data for 101 ms, longer than 100 ms',
        by: system('data-outage-monitor'),
      },
    ]);
  });

  test.each([
    ['a position', { pos: 1 }, 1],
    ['a short position', { pos: -1 }, 1],
    ['a working buy', { buy: 1 }, 1],
    ['a working sell', { sell: 1 }, 1],
    ['a position that is not a number', { pos: NaN }, 1],
    ['nothing', {}, 0],
  ])('with %s in it', (_name, cell, trips) => {
    const { hears, holds, after } = watched();
    holds(cellOf(GOLD, cell));
    hears();
    expect(after(101)).toBe(trips);
  });

  test('says nothing at start-up, before enough good views have been seen', () => {
    const { hears, after } = watched();
    hears(2);
    expect(after(DAY_MS)).toBe(0);
  });

  test('says nothing of an instrument that was never heard of', () => {
    const { after } = watched();
    expect(after(DAY_MS)).toBe(0);
  });

  test('bad views are silence', () => {
    const { hears, after, clock } = watched();
    hears();
    clock.advance(60);
    hears(5, BAD);
    hears(5, quotedAt(NaN, { mark: ticks(NaN) }));
    expect(after(41)).toBe(1);
  });

  test('bad views are no sample', () => {
    const { hears, after } = watched();
    hears(2);
    hears(5, BAD);
    expect(after(101)).toBe(0);
  });

  test('never fires on a whole idle day: without a position, however silent it is', () => {
    const { hears, holds, after } = watched();
    holds(cellOf(GOLD, {}));
    hears();
    for (let minute = 0; minute < 1_440; minute += 1) after(DAY_MS / 1_440);
    expect(after(0)).toBe(0);
  });

  test('never fires on a whole idle day: with a position, as long as something good is heard', () => {
    const { hears, after } = watched();
    for (let i = 0; i < 1_440; i += 1) {
      hears(1);
      after(100);
    }
    expect(after(0)).toBe(0);
  });

  test('trips once for a silence, however long', () => {
    const { hears, after } = watched();
    hears();
    expect([after(101), after(DAY_MS)]).toEqual([1, 1]);
  });

  test('trips again on a new silence after a good view', () => {
    const { hears, after } = watched();
    hears();
    after(101);
    hears(1);
    expect([after(100), after(1)]).toEqual([1, 2]);
  });

  test('trips again when there was nothing to lose in between', () => {
    const { hears, holds, after } = watched();
    hears();
    after(101);
    holds();
    after(1);
    holds(HELD);
    expect(after(1)).toBe(2);
  });

  test('watches each instrument for itself', () => {
    const { hears, holds, after, clock, trips } = watched();
    holds(HELD, cellOf(instrumentOf({ instrumentId: 'SILVER' }), { pos: 1 }));
    hears();
    clock.advance(50);
    hears(3, quotedAt(100, { instrumentId: 'SILVER' }));
    after(51);
    expect(trips.map(({ scope }) => scope)).toEqual([{ kind: 'instrument', id: 'GOLD' }]);
  });

  test('a market that is closed is silent by right, and its opening is a start-up', () => {
    const market = { isOpen: true };
    const { hears, after } = watched(undefined, () => market.isOpen);
    hears();
    market.isOpen = false;
    const closed = after(DAY_MS);
    market.isOpen = true;
    const opening = after(1);
    hears();
    expect([closed, opening, after(101)]).toEqual([0, 0, 1]);
  });

  test('a wall clock that jumps changes nothing', () => {
    const { hears, after, clock } = watched();
    hears();
    clock.jump(DAY_MS);
    const ahead = after(100);
    clock.jump(-2 * DAY_MS);
    expect([ahead, after(1)]).toEqual([0, 1]);
  });

  test.each([
    ['maxSilenceMs', { maxSilenceMs: NaN }],
    ['minSample', { minSample: 0 }],
    ['maxSilence', { maxSilence: 5 } as DataOutageMonitorOptions],
  ])('refuses a bad %s by name', (name, options) => {
    expect(() => watched(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
