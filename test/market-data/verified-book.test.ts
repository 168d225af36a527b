import { describe, expect, test } from 'vitest';
import { VerifiedBook } from '../../src/market-data/index.ts';
import { diff, levels, snapshot } from '../support/market-events.ts';

const book = (): VerifiedBook => new VerifiedBook(3);
const valid = (): VerifiedBook => {
  const it = book();
  it.snapshot(snapshot(10));
  it.diff(diff(11, 12));
  return it;
};
const look = (it: VerifiedBook): unknown => ({
  state: it.state,
  updateId: it.updateId,
  bids: it.bids.top(9),
  asks: it.asks.top(9),
});
const AT_SNAPSHOT = {
  state: 'valid',
  updateId: 10,
  bids: levels([100, 1], [99, 2], [98, 3]),
  asks: levels([101, 1], [102, 2], [103, 3]),
};

describe('VerifiedBook', () => {
  test('has no book before the first snapshot', () => {
    expect(look(book())).toEqual({ state: 'none', updateId: 0, bids: [], asks: [] });
  });

  test('is the snapshot, when nothing has changed since', () => {
    const it = book();
    expect(it.snapshot(snapshot(10))).toBe('applied');
    expect(look(it)).toEqual(AT_SNAPSHOT);
  });

  test('sets, replaces and removes levels on both sides', () => {
    const it = book();
    it.snapshot(snapshot(10));
    const step = it.diff(
      diff(11, 13, { bids: levels([100, 0], [99, 7], [97, 5]), asks: levels([101, 9], [103, 0], [77, 0]) }),
    );
    expect(step).toBe('applied');
    expect(look(it)).toEqual({
      state: 'valid',
      updateId: 13,
      bids: levels([99, 7], [98, 3], [97, 5]),
      asks: levels([101, 9], [102, 2]),
    });
  });

  test('lets changes wait for the snapshot, then drops those that it covers and applies the rest', () => {
    const it = book();
    expect(it.diff(diff(5, 8, { bids: levels([100, 50]) }))).toBe('waiting');
    it.diff(diff(9, 11, { bids: levels([100, 60]) }));
    it.diff(diff(12, 12, { bids: levels([99, 0]) }));
    expect(it.snapshot(snapshot(10))).toBe('applied');
    expect(look(it)).toEqual({ ...AT_SNAPSHOT, updateId: 12, bids: levels([100, 60], [98, 3]) });
  });

  test('keeps only so many changes while it waits: the oldest go, and are missed', () => {
    const it = book();
    for (const id of [11, 12, 13, 14]) it.diff(diff(id, id));
    expect(it.snapshot(snapshot(10))).toBe('gap');
    const other = book();
    for (const id of [11, 12, 13, 14]) other.diff(diff(id, id));
    expect(other.snapshot(snapshot(11))).toBe('applied');
    expect(other.updateId).toBe(14);
  });

  test.each([
    ['up to the snapshot', 8, 10, 'covered', 10],
    ['over it', 8, 11, 'applied', 11],
    ['right after it', 11, 11, 'applied', 11],
    ['one too late', 12, 12, 'gap', 10],
  ] as const)('the first change after a snapshot may reach %s', (_what, first, last, step, updateId) => {
    const it = book();
    it.snapshot(snapshot(10));
    expect(it.diff(diff(first, last))).toBe(step);
    expect(it.updateId).toBe(updateId);
  });

  test.each([
    ['follow', 13, 15, 'applied', 'valid'],
    ['leave one out', 14, 15, 'gap', 'gap'],
    ['overlap', 12, 15, 'gap', 'gap'],
    ['be a repetition', 11, 12, 'old', 'valid'],
    ['be older', 9, 10, 'old', 'valid'],
  ] as const)('a further change may %s', (_what, first, last, step, state) => {
    const it = valid();
    expect(it.diff(diff(first, last))).toBe(step);
    expect(it.state).toBe(state);
  });

  test('comes back with a snapshot, and the changes since the gap', () => {
    const it = valid();
    it.diff(diff(14, 15, { bids: levels([100, 80]) }));
    it.diff(diff(16, 16, { asks: levels([101, 0]) }));
    expect(it.snapshot(snapshot(14))).toBe('applied');
    expect(look(it)).toEqual({
      state: 'valid',
      updateId: 16,
      bids: levels([100, 80], [99, 2], [98, 3]),
      asks: levels([102, 2], [103, 3]),
    });
  });

  test('stays wrong after a snapshot that does not reach the changes since, until one that does', () => {
    const it = valid();
    it.diff(diff(20, 21));
    expect(it.snapshot(snapshot(15))).toBe('gap');
    expect(it.state).toBe('gap');
    expect(it.snapshot(snapshot(19))).toBe('applied');
    expect(it.updateId).toBe(21);
  });

  test('ignores a snapshot older than itself, also when it is wrong', () => {
    const it = valid();
    expect(it.snapshot(snapshot(11))).toBe('old');
    it.invalidate();
    expect(it.snapshot(snapshot(11))).toBe('old');
    expect(it.state).toBe('gap');
  });

  test('takes a newer snapshot while it is right', () => {
    const it = valid();
    expect(it.snapshot(snapshot(30, { bids: levels([90, 1]) }))).toBe('applied');
    expect(look(it)).toEqual({ ...AT_SNAPSHOT, updateId: 30, bids: levels([90, 1]) });
  });

  test('can be declared wrong, but not before it was right', () => {
    const it = book();
    it.invalidate();
    expect(it.state).toBe('none');
  });
});
