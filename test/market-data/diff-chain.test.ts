import { describe, expect, test } from 'vitest';
import { VerifiedBook } from '../../src/market-data/index.ts';
import { DiffChain } from '../../src/market-data/diff-chain.ts';
import type { MarketEvent } from '../../src/trading/index.ts';
import { diff, level, levels, quote, snapshot, trade } from '../support/market-events.ts';

const BEST = [level(100, 1), level(101, 1)] as const;

const chained = (...events: readonly MarketEvent[]): readonly MarketEvent[] => {
  const chain = new DiffChain();
  return events.map((event) => chain.next(event));
};

describe('DiffChain', () => {
  test('lets what is in order through as it is, holes included', () => {
    const events = [diff(1, 5), trade(9), quote(7, ...BEST), diff(6, 8), snapshot(4), trade(9), diff(20, 21)];
    const chain = new DiffChain();
    for (const event of events) expect(chain.next(event)).toBe(event);
  });

  test('a change that reaches back begins after the last', () => {
    const change = { bids: levels([99, 5]) };
    expect(chained(diff(1, 100), diff(90, 110, change), diff(111, 112))).toEqual([
      diff(1, 100),
      diff(101, 110, change),
      diff(111, 112),
    ]);
  });

  test('a snapshot between does not move what comes', () => {
    expect(chained(diff(1, 5), snapshot(40), diff(6, 41))).toEqual([diff(1, 5), snapshot(40), diff(6, 41)]);
  });

  test('where the venue counts anew, ids go on after the highest, with a hole', () => {
    expect(
      chained(
        diff(1, 900),
        quote(905, ...BEST),
        diff(3, 4),
        diff(5, 6),
        quote(7, ...BEST),
        snapshot(4),
        diff(7, 8),
      ),
    ).toEqual([
      diff(1, 900),
      quote(905, ...BEST),
      diff(907, 908),
      diff(909, 910),
      quote(911, ...BEST),
      snapshot(908),
      diff(911, 912),
    ]);
  });

  test('a second new count goes on after the first', () => {
    expect(chained(diff(1, 900), diff(3, 4), diff(1, 2))).toEqual([
      diff(1, 900),
      diff(902, 903),
      diff(905, 906),
    ]);
  });

  test('a book that has lost its count is right again with the snapshot', () => {
    const book = new VerifiedBook(100);
    const chain = new DiffChain();
    const steps = [
      snapshot(900),
      diff(901, 901),
      diff(3, 4),
      diff(5, 6, { bids: levels([99, 7]) }),
      snapshot(4, { bids: levels([99, 1]), asks: levels([101, 1]) }),
    ].map((event) => {
      const next = chain.next(event);
      if (next.type === 'snapshot') return book.snapshot(next);
      return next.type === 'diff' ? book.diff(next) : '';
    });
    expect(steps).toEqual(['applied', 'applied', 'gap', 'waiting', 'applied']);
    expect(book.bids.best).toEqual(level(99, 7));
  });
});
