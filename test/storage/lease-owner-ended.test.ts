import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { Lease, MemoryStateSignals } from '../../src/storage/index.ts';
import { advanceBy } from '../../src/testing/stepped-clock.ts';
import { ScriptedStore } from './support/scripted-state-store.ts';

const TIMES = { ttlMs: 1_000, marginMs: 100, renewEveryMs: 300, pollEveryMs: 200 };

/** `a` had the lease until its process died; `b` waits for it. */
async function world() {
  const clock = new ManualClock();
  const store = new ScriptedStore();
  const signals = new MemoryStateSignals();
  const lease = (owner: string) => new Lease({ name: 'desk', owner, ...TIMES }, { store, clock, signals });
  const acquired = lease('a').acquire();
  await advanceBy(clock, 1_000);
  const hold = await acquired;
  const onAcquired = vi.fn();
  void lease('b').acquire().then(onAcquired);
  await advanceBy(clock, 100);
  return { clock, store, lease, hold, onAcquired, parent: lease('parent') };
}

describe('a parent that has seen the end of the owner', () => {
  test('lets the next one have it in the same moment', async () => {
    const { clock, parent, onAcquired } = await world();
    const askedMs = clock.monotonicMs();
    expect(await parent.ownerEnded('a')).toBe(true);
    await vi.waitFor(() => {
      expect(onAcquired).toHaveBeenCalledOnce();
    });
    expect(clock.monotonicMs()).toBe(askedMs);
  });

  test('leaves it to anybody else who has it', async () => {
    const { clock, parent, store, hold, onAcquired } = await world();
    expect(await parent.ownerEnded('b')).toBe(false);
    await advanceBy(clock, 500);
    expect(hold.isHeld()).toBe(true);
    expect(onAcquired).not.toHaveBeenCalled();
    expect(store.entry?.value).toMatchObject({ owner: 'a' });
  });

  test('comes too late where the next one has it already, of a lease released as of one never held', async () => {
    const { parent, hold, store, onAcquired } = await world();
    await hold.release();
    await vi.waitFor(() => {
      expect(onAcquired).toHaveBeenCalledOnce();
    });
    expect(await parent.ownerEnded('a')).toBe(false);
    expect(store.entry?.value).toMatchObject({ owner: 'b' });
  });

  test('meets what the dead one had sent last: looked at again', async () => {
    const { parent, store } = await world();
    const write = store.set.bind(store);
    const late = vi.spyOn(store, 'set').mockImplementationOnce(async (key, value, options) => {
      await write(key, { state: 'held', owner: 'a', ttlMs: 1_000, token: 1 });
      return write(key, value, options);
    });
    expect(await parent.ownerEnded('a')).toBe(true);
    expect(late.mock.calls.length).toBeGreaterThanOrEqual(2);
  });

  test('is told that nobody knows where the store fails', async () => {
    const { parent, store } = await world();
    vi.spyOn(store, 'get').mockRejectedValue(new Error('away'));
    expect(await parent.ownerEnded('a')).toBe(false);
  });
});
