import { describe, expect, test } from 'vitest';
import { lots, ticks } from '../../src/core/units.ts';
import { ExternalBook } from '../../src/simulation/external-book.ts';
import { type Pair, diff, quote, snapshot } from './market.ts';

const start = snapshot(
  [
    [99, 10],
    [98, 20],
  ],
  [
    [101, 10],
    [102, 20],
  ],
);

function book(...events: Parameters<ExternalBook['apply']>[0][]): ExternalBook {
  const made = new ExternalBook();
  for (const event of [start, ...events]) made.apply(event);
  return made;
}

const touch = (made: ExternalBook): (Pair | undefined)[] =>
  (['bids', 'asks'] as const).map((side) => {
    const best = made.best(side);
    return best && [best.price, best.quantity];
  });

describe('the book of the others', () => {
  test('is unknown until a snapshot, and ignores what comes before', () => {
    const made = new ExternalBook();
    made.apply(quote(1, [99, 1], [101, 1]));
    made.apply(diff(2, { bids: [[99, 1]] }));
    expect([made.known, ...touch(made)]).toEqual([false, undefined, undefined]);
  });

  test('ignores a diff older than the snapshot', () => {
    expect(touch(book(diff(9, { bids: [[99, 1]] })))).toEqual([
      [99, 10],
      [101, 10],
    ]);
  });

  test('goes on after a gap', () => {
    expect(touch(book(diff(50, { bids: [[100, 1]] })))).toEqual([
      [100, 1],
      [101, 10],
    ]);
  });

  test('a quote removes what was better than it', () => {
    expect(touch(book(quote(11, [98, 7], [102, 8])))).toEqual([
      [98, 7],
      [102, 8],
    ]);
  });

  test('a quote older than the book is ignored', () => {
    expect(touch(book(quote(9, [98, 7], [102, 8])))).toEqual([
      [99, 10],
      [101, 10],
    ]);
  });

  test('a quote older than the last quote is ignored', () => {
    expect(touch(book(quote(20, [98, 7], [102, 8]), quote(19, [97, 1], [103, 1])))).toEqual([
      [98, 7],
      [102, 8],
    ]);
  });

  test('a diff older than the last quote changes what lies behind the touch, not the touch', () => {
    const late = diff(12, {
      bids: [
        [99, 1],
        [98, 1],
        [97, 5],
      ],
      asks: [
        [101, 1],
        [102, 1],
        [103, 5],
      ],
    });
    const made = book(quote(20, [98, 7], [102, 8]), late);
    expect([...touch(made), made.shown('bids', ticks(97)), made.shown('asks', ticks(103))]).toEqual([
      [98, 7],
      [102, 8],
      5,
      5,
    ]);
  });

  test('a diff as new as the last quote changes the touch', () => {
    expect(touch(book(quote(20, [98, 7], [102, 8]), diff(20, { bids: [[98, 1]] })))[0]).toEqual([98, 1]);
  });

  test('a new snapshot forgets the quote before it', () => {
    expect(touch(book(quote(20, [98, 7], [102, 8]), start, diff(11, { bids: [[99, 1]] })))[0]).toEqual([
      99, 1,
    ]);
  });

  test('shows what is displayed, and gives what is left', () => {
    const made = book();
    made.take('asks', ticks(101), lots(4));
    made.take('asks', ticks(101), lots(3));
    expect([made.shown('asks', ticks(101)), made.best('asks')]).toEqual([10, { price: 101, quantity: 3 }]);
  });

  test('counts what can be taken up to a limit, at most what is wanted', () => {
    const made = book();
    made.take('asks', ticks(101), lots(4));
    const within = (limit: number, wanted: number): number => made.within('asks', ticks(limit), lots(wanted));
    expect([within(100, 50), within(101, 50), within(102, 50), within(102, 25)]).toEqual([0, 6, 26, 25]);
  });

  test('has no best level where all is taken', () => {
    const made = book();
    made.take('bids', ticks(99), lots(10));
    made.take('bids', ticks(98), lots(20));
    expect(made.best('bids')).toBeUndefined();
  });
});
