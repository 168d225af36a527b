import { expect, test, vi } from 'vitest';
import { EndedTraders } from '../../../cluster/ended-traders.ts';
import type { SupervisorEvent } from '../../../supervisor/supervisor.ts';
import { leaseOwnerOf } from '../../../trading/lease-owner.ts';

const started = { event: 'started', child: 'trading-1', pid: 4711, starts: 1 } as const;
const ended: SupervisorEvent = {
  event: 'ended',
  child: 'trading-1',
  code: null,
  signal: 'SIGKILL',
  asked: false,
  ranMs: 10,
};

test('the end of a process is told to the lease once, by the name of that run', async () => {
  const ownerEnded = vi.fn(() => Promise.resolve(true));
  const traders = new EndedTraders({ ownerEnded });
  await traders.take(started);
  expect(await traders.take(ended)).toBe(true);
  expect(await traders.take(ended)).toBe(false);
  expect(ownerEnded.mock.calls).toEqual([[leaseOwnerOf('trading-1', 4711)]]);
});

test('a process that could not be started has not ended', async () => {
  const ownerEnded = vi.fn(() => Promise.resolve(true));
  expect(await new EndedTraders({ ownerEnded }).take(ended)).toBe(false);
  expect(ownerEnded).not.toHaveBeenCalled();
});

test('the next run has another name', () => {
  expect(leaseOwnerOf('trading-1', 4712)).not.toBe(leaseOwnerOf('trading-1', 4711));
});
