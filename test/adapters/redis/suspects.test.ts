import { describe, expect, test, vi } from 'vitest';
import type { PartitionWork, RedisDelivery } from '../../../src/adapters/redis/partition-work.ts';
import { Suspects } from '../../../src/adapters/redis/suspects.ts';
import { nextTurn } from '../../../src/core/clock.ts';

function world({ atOnce = 1, maxAttempts = 3 } = {}) {
  const countAttempts = vi.fn(() => Promise.resolve());
  const flush = vi.fn(() => Promise.resolve());
  const suspects = new Suspects({ atOnce, maxAttempts }, {
    acks: { flush },
    countAttempts,
  } as unknown as PartitionWork);
  return { suspects, countAttempts, flush };
}

const delivery = (streamId: string, subject: string, attempts: number): RedisDelivery =>
  ({ streamId, attempts, isOpen: true, event: { subject } }) as unknown as RedisDelivery;

const going = (): boolean => false;

describe('Suspects', () => {
  test('lets what was never given through, and puts nothing on record', async () => {
    const { suspects, countAttempts } = world();
    expect(await suspects.admit(delivery('1-0', 'A', 0), 0, going)).toBe(true);
    expect(await suspects.admit(delivery('2-0', 'B', 0), 0, going)).toBe(true);
    expect(countAttempts).not.toHaveBeenCalled();
  });

  test('puts each on record before it is tried, and the next one when that attempt has ended and is acknowledged', async () => {
    const { suspects, countAttempts, flush } = world();
    const first = delivery('1-0', 'A', 1);
    expect(await suspects.admit(first, 1, going)).toBe(true);
    const second = suspects.admit(delivery('2-0', 'B', 2), 2, going);
    await nextTurn();
    expect(countAttempts.mock.calls).toEqual([[[['1-0', 2]]]]);
    flush.mockClear();
    first.onAttempted?.();
    expect(await second).toBe(true);
    expect(flush).toHaveBeenCalledOnce();
    expect(countAttempts.mock.calls).toEqual([[[['1-0', 2]]], [[['2-0', 3]]]]);
  });

  test('with a single attempt, what was given once is on record as tried before it is', async () => {
    const { suspects, countAttempts } = world({ maxAttempts: 1 });
    expect(await suspects.admit(delivery('1-0', 'A', 0), 1, going)).toBe(true);
    expect(countAttempts.mock.calls).toEqual([[[['1-0', 2]]]]);
  });

  test('does not wait with what stands behind one of its key, nor with what has no attempt left', async () => {
    const { suspects, countAttempts } = world();
    await suspects.admit(delivery('1-0', 'A', 1), 1, going);
    expect(await suspects.admit(delivery('2-0', 'A', 1), 1, going)).toBe(true);
    expect(await suspects.admit(delivery('3-0', 'B', 3), 3, going)).toBe(true);
    expect(countAttempts).toHaveBeenCalledOnce();
  });

  test('lets nothing through once it is over', async () => {
    const { suspects } = world();
    let isOver = false;
    await suspects.admit(delivery('1-0', 'A', 1), 1, () => isOver);
    const second = suspects.admit(delivery('2-0', 'B', 1), 1, () => isOver);
    await nextTurn();
    isOver = true;
    suspects.look();
    expect(await second).toBe(false);
  });
});
