import { expect, test, vi } from 'vitest';
import { EndedTraders } from '../../../cluster/ended-traders.ts';
import type { SupervisorEvent } from '../../../supervisor/supervisor.ts';
import { leaseOwnerOf, runOf } from '../../../trading/lease-owner.ts';

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

test('one that is still there after SIGKILL has not ended as far as anybody knows', async () => {
  const ownerEnded = vi.fn(() => Promise.resolve(true));
  const traders = new EndedTraders({ ownerEnded });
  await traders.take(started);
  const stuck = { ...ended, signal: null, asked: true, error: 'still there after SIGKILL' };
  expect(await traders.take(stuck)).toBe(false);
  expect(ownerEnded).not.toHaveBeenCalled();
});

test('on another machine of the same name, the same process id is another run', () => {
  const env: NodeJS.ProcessEnv = {};
  const own = leaseOwnerOf('trading-1', 4711, runOf(env));
  expect(leaseOwnerOf('trading-1', 4711, runOf({ ...env }))).toBe(own); // inherited
  expect(leaseOwnerOf('trading-1', 4711, runOf({}))).not.toBe(own);
  expect(leaseOwnerOf('trading-1', 4711)).toBe(leaseOwnerOf('trading-1', 4711, runOf(process.env)));
});

test('the next run has another name', () => {
  expect(leaseOwnerOf('trading-1', 4712)).not.toBe(leaseOwnerOf('trading-1', 4711));
});
