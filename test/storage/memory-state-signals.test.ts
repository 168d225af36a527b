import { expect, it, vi } from 'vitest';
import { MemoryStateSignals } from '../../src/storage/index.ts';

it('tells all that listen for the key, until they are disposed', async () => {
  const signals = new MemoryStateSignals();
  const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()];
  const listening = signals.onAnnounced('kill-switch', first);
  signals.onAnnounced('kill-switch', second);
  signals.onAnnounced('limits', other);
  await signals.announce('kill-switch');
  listening[Symbol.dispose]();
  await signals.announce('kill-switch');
  expect([first, second, other].map(({ mock }) => mock.calls.length)).toEqual([1, 2, 0]);
});

it('one function that listens twice is told twice', async () => {
  const signals = new MemoryStateSignals();
  const listener = vi.fn();
  using _one = signals.onAnnounced('limits', listener);
  signals.onAnnounced('limits', listener)[Symbol.dispose]();
  await signals.announce('limits');
  expect(listener).toHaveBeenCalledOnce();
});
