import { describe, expect, test } from 'vitest';
import { memberEntry, shareOf } from '../../../src/adapters/redis/partition-share.ts';

const members = (count: number, topics: readonly string[]): string[] =>
  Array.from({ length: count }, (_, n) => memberEntry(`m${n}`, topics, 1000));
const names = (share: readonly { topic: string; partition: number }[]): string[] =>
  share.map(({ topic, partition }) => `${topic}${partition}`);

describe('shareOf', () => {
  test.each([
    [1, 1],
    [2, 7],
    [3, 8],
    [5, 3],
  ])('divides everything among %i members with %i partitions, evenly, each once', (count, partitions) => {
    const all = members(count, ['a', 'b']);
    const shares = all.map((me) => shareOf(all, me, partitions));
    const sizes = shares.map(({ length }) => length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    const given = shares.flatMap(names).sort();
    expect(given).toEqual(
      ['a', 'b'].flatMap((t) => Array.from({ length: partitions }, (_, p) => `${t}${p}`)),
    );
  });

  test('is the same whatever the order of the list', () => {
    const all = members(3, ['a']);
    expect(shareOf([...all].reverse(), 'm1 a 1000', 8)).toEqual(shareOf(all, 'm1 a 1000', 8));
  });

  test('gives a topic only to those who read it', () => {
    const all = [memberEntry('m0', ['b', 'a'], 1000), memberEntry('m1', ['b'], 500)];
    expect(names(shareOf(all, 'm0 a,b 1000', 2))).toEqual(['a0', 'a1']);
    expect(names(shareOf(all, 'm1 b 500', 2))).toEqual(['b0', 'b1']);
  });

  test('gives nothing to one who is not in the list', () => {
    expect(shareOf(members(2, ['a']), 'm9 a 1000', 4)).toEqual([]);
  });
});
