import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { untilAborted } from '../../src/market-data/until-aborted.ts';

interface Source extends AsyncIterable<number> {
  readonly told: { returned: number; asked: number };
}

/** Gives the numbers, then waits for ever, ends or throws. */
function source(numbers: readonly number[], then: 'wait' | 'end' | Error): Source {
  const told = { returned: 0, asked: 0 };
  return {
    told,
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const value = numbers[told.asked];
        told.asked += 1;
        if (value !== undefined) return Promise.resolve({ value, done: false });
        if (then === 'wait') return new Promise(() => {});
        if (then === 'end') return Promise.resolve({ value: undefined, done: true });
        return Promise.reject(then);
      },
      return: () => {
        told.returned += 1;
        // Queued behind what it waits for, as that of a generator.
        return then === 'wait' && told.asked > numbers.length
          ? new Promise(() => {})
          : Promise.resolve({ value: undefined, done: true });
      },
    }),
  };
}

async function all(items: AsyncIterable<number>, onItem: (n: number) => void = () => {}): Promise<number[]> {
  const got: number[] = [];
  for await (const item of items) {
    got.push(item);
    onItem(item);
  }
  return got;
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('untilAborted', () => {
  test('gives what the source gives, and ends with it', async () => {
    const it = source([1, 2, 3], 'end');
    expect(await all(untilAborted(it, undefined))).toEqual([1, 2, 3]);
    expect(it.told.returned).toBe(0);
  });

  test('throws what the source throws, after what it gave', async () => {
    const got: number[] = [];
    const it = source([1], new Error('torn'));
    await expect(all(untilAborted(it, new AbortController().signal), (n) => got.push(n))).rejects.toThrow(
      'torn',
    );
    expect(got).toEqual([1]);
  });

  test('ends within the tick of the abort while the source waits, and tells it', async () => {
    const it = source([1], 'wait');
    const { signal, abort } = aborter();
    let isOver = false;
    const done = all(untilAborted(it, signal)).then((got) => {
      isOver = true;
      return got;
    });
    await nextTick();
    expect(isOver).toBe(false);
    abort();
    await microtasks();
    expect(isOver).toBe(true);
    expect(await done).toEqual([1]);
    expect(it.told.returned).toBe(1);
  });

  test('asks for no more when the consumer itself aborts', async () => {
    const it = source([1, 2, 3], 'end');
    const { signal, abort } = aborter();
    expect(await all(untilAborted(it, signal), (n) => n === 2 && abort())).toEqual([1, 2]);
    expect(it.told).toEqual({ asked: 2, returned: 1 });
  });

  test('does not begin on a signal that has aborted', async () => {
    const it = source([1], 'end');
    expect(await all(untilAborted(it, AbortSignal.abort()))).toEqual([]);
    expect(it.told).toEqual({ asked: 0, returned: 0 });
  });

  test('tells the source when the consumer leaves', async () => {
    const it = source([1, 2], 'end');
    for await (const item of untilAborted(it, undefined)) {
      expect(item).toBe(1);
      break;
    }
    expect(it.told).toEqual({ asked: 1, returned: 1 });
  });

  test('holds one listener while it goes on, however many steps, and none afterwards', async () => {
    const { signal } = aborter();
    const seen = new Set<number>();
    await all(
      untilAborted(
        source(
          Array.from({ length: 50 }, (_, i) => i),
          'end',
        ),
        signal,
      ),
      () => seen.add(listeners(signal)),
    );
    expect([...seen]).toEqual([1]);
    expect(listeners(signal)).toBe(0);
  });

  test('leaves no listener behind when the source throws', async () => {
    const { signal } = aborter();
    await expect(all(untilAborted(source([], new Error('torn')), signal))).rejects.toThrow('torn');
    expect(listeners(signal)).toBe(0);
  });
});

function aborter(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const nextTick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Promises alone, no turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}
