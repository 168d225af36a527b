import { describe, expect, test } from 'vitest';
import { eachOf } from '../../src/storage/each-of.ts';

async function* lists(...given: readonly number[][]): AsyncGenerator<readonly number[]> {
  for (const list of given) yield list;
}
const same = (list: readonly number[]) => list;

describe('eachOf', () => {
  test('gives the items of all lists in order, empty lists in between', async () => {
    const seen: number[] = [];
    for await (const item of eachOf(lists([], [1, 2], [], [3]), same)) seen.push(item);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('answers calls that do not wait for each other in order, and is at its end for good', async () => {
    const iterator = eachOf(lists([1], [2, 3]), same)[Symbol.asyncIterator]();
    const results = await Promise.all([1, 2, 3, 4, 5].map(() => iterator.next()));
    expect(results).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: false, value: 3 },
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test('tells what the lists throw, and is at its end after it', async () => {
    const thrown = new Error('the test said so');
    async function* failing(): AsyncGenerator<readonly number[]> {
      yield [1];
      throw thrown;
    }
    const iterator = eachOf(failing(), same)[Symbol.asyncIterator]();
    await iterator.next();
    await expect(iterator.next()).rejects.toBe(thrown);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('lets go of the lists when the reader stops early, also in the middle of one', async () => {
    let isLetGo = false;
    async function* held(): AsyncGenerator<readonly number[]> {
      try {
        yield [1, 2, 3];
      } finally {
        isLetGo = true;
      }
    }
    const items = eachOf(held(), same);
    for await (const item of items) if (item === 2) break;
    expect(isLetGo).toBe(true);
    expect(await items[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });
});
