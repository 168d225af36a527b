import { describe, expect, test } from 'vitest';
import { JoinedIds } from '../../src/market-data/joined-ids.ts';
import { diff, level, quote, snapshot, trade } from '../support/market-events.ts';

const BEST = [level(100, 1), level(101, 1)] as const;

/** After a source whose book ends at 900, with a quote of 905 and a trade of 70. */
function second(sharedTradeIds = false): JoinedIds {
  const ids = new JoinedIds(sharedTradeIds);
  for (const event of [snapshot(890), diff(891, 900), quote(905, ...BEST), trade(70)]) ids.pass(event);
  return ids;
}

describe('JoinedIds', () => {
  test('lets the events of the first source through as they are', () => {
    const ids = new JoinedIds(false);
    for (const event of [diff(1, 5), snapshot(4), quote(9, ...BEST), trade(3), trade(3)]) {
      expect(ids.pass(event)).toBe(event);
    }
  });

  test('a source that begins before any other has spoken keeps its ids', () => {
    const ids = new JoinedIds(false);
    expect(ids.begin(snapshot(40))).toEqual(snapshot(40));
    const next = diff(41, 45);
    expect(ids.pass(next)).toBe(next);
    const first = trade(3);
    expect(ids.pass(first)).toBe(first);
  });

  test('begins the next with its book, under the id after the last, and moves all of its ids alike', () => {
    const ids = second();
    expect(ids.begin(snapshot(40))).toEqual(snapshot(906));
    expect(ids.pass(diff(41, 43))).toEqual(diff(907, 909));
    expect(ids.pass(quote(42, ...BEST))).toEqual(quote(908, ...BEST));
    expect(ids.pass(diff(44, 44))).toEqual(diff(910, 910));
    expect(ids.pass(snapshot(60))).toEqual(snapshot(926));
  });

  test('moves them down where the next source has counted further', () => {
    const ids = second();
    expect(ids.begin(snapshot(5_000))).toEqual(snapshot(906));
    expect(ids.pass(diff(5_001, 5_002))).toEqual(diff(907, 908));
  });

  test('leaves out what the book covers, and keeps what reaches over it', () => {
    const ids = second();
    ids.begin(snapshot(40));
    expect(ids.pass(diff(35, 40))).toBeUndefined();
    expect(ids.pass(quote(40, ...BEST))).toBeUndefined();
    expect(ids.pass(diff(38, 41))).toEqual(diff(904, 907));
  });

  test('lets a book through that is as of the same id, not an older one', () => {
    const ids = second();
    ids.begin(snapshot(40));
    expect(ids.pass(snapshot(39))).toBeUndefined();
    expect(ids.pass(snapshot(40))).toEqual(snapshot(906));
  });

  test('a hole stays a hole', () => {
    const ids = second();
    ids.begin(snapshot(40));
    expect(ids.pass(diff(50, 51))).toEqual(diff(916, 917));
  });

  test('goes on with trades under the id after the last', () => {
    const ids = second();
    ids.begin(snapshot(40));
    expect([trade(3), trade(4), trade(4), trade(6)].map((event) => ids.pass(event))).toEqual([
      trade(71),
      trade(72),
      trade(72),
      trade(74),
    ]);
  });

  test('where trades are numbered alike, each is told once, under its own id', () => {
    const ids = second(true);
    ids.begin(snapshot(40));
    expect([trade(69), trade(70), trade(71), trade(71)].map((event) => ids.pass(event))).toEqual([
      undefined,
      undefined,
      trade(71),
      undefined,
    ]);
  });

  test('back at the first source, it goes on again', () => {
    const ids = second();
    ids.begin(snapshot(40));
    ids.pass(trade(3));
    expect(ids.begin(snapshot(950))).toEqual(snapshot(907));
    expect(ids.pass(diff(951, 951))).toEqual(diff(908, 908));
    expect(ids.pass(trade(90))).toEqual(trade(72));
  });

  test('an id that is none does not count', () => {
    const ids = new JoinedIds(false);
    for (const id of [900, NaN, 1e300]) ids.pass(diff(id, id));
    for (const id of [70, NaN, 1e300]) ids.pass(trade(id));
    expect(ids.begin(snapshot(40))).toEqual(snapshot(901));
    expect(ids.pass(trade(3))).toEqual(trade(71));
  });
});
