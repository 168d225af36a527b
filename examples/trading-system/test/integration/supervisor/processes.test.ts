import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { SystemClock } from 'portcullis/core';
import { afterEach, expect, test, vi } from 'vitest';
import type { SupervisorRulesInput } from '../../../supervisor/child-spec.ts';
import { isAlive } from '../../../supervisor/is-alive.ts';
import { spawnNode } from '../../../supervisor/spawned.ts';
import { Supervisor, type SupervisorEvent } from '../../../supervisor/supervisor.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const HOLDER = fileURLToPath(new URL('holder.ts', import.meta.url));
const LONG = { timeout: 20_000, interval: 20 };

const open: Supervisor[] = [];
const holders: ChildProcess[] = [];

afterEach(async () => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
  await Promise.all(open.splice(0).map((supervisor) => supervisor.stop('the test is over')));
});

function supervise(modes: readonly string[], rules: SupervisorRulesInput = {}) {
  const clock = new SystemClock();
  const events: SupervisorEvent[] = [];
  const supervisor = new Supervisor(
    modes.map((mode, at) => {
      const name = `${mode}-${at + 1}`;
      return { name, role: mode, instance: at + 1, args: [CHILD, mode], stage: 0 };
    }),
    { backoffMs: 10, ...rules },
    {
      ...{ spawn: spawnNode, clock, isAlive: isAlive(clock), random: () => 0 },
      tell: (event) => events.push(event),
      onLine: () => undefined,
      findActive: () => Promise.resolve(undefined),
    },
  );
  open.push(supervisor);
  return { supervisor, events };
}

const pidOf = (supervisor: Supervisor): number => supervisor.status()[0]?.pid ?? NaN;

/** A process that is gone cannot be signalled. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a child that is killed is there again, as another process', async () => {
  const { supervisor, events } = supervise(['serve']);
  expect(await supervisor.start()).toBe(true);
  const before = pidOf(supervisor);
  process.kill(before, 'SIGKILL');
  await vi.waitFor(() => {
    expect(supervisor.status()[0]).toMatchObject({ state: 'ready', starts: 2, deaths: 1 });
  }, LONG);
  expect(pidOf(supervisor)).not.toBe(before);
  expect(events.find(({ event }) => event === 'ended')).toMatchObject({ signal: 'SIGKILL', asked: false });
});

test('a child that is frozen is killed, and there again', async () => {
  const rules = { liveEveryMs: 50, liveTimeoutMs: 500, liveFailures: 3 };
  const { supervisor, events } = supervise(['serve'], rules);
  await supervisor.start();
  const before = pidOf(supervisor);
  process.kill(before, 'SIGSTOP');
  await vi.waitFor(() => {
    expect(events.some(({ event }) => event === 'unresponsive')).toBe(true);
    expect(supervisor.status()[0]?.state).toBe('ready');
    expect(pidOf(supervisor)).not.toBe(before);
  }, LONG);
  expect(isThere(before)).toBe(false);
});

test('a child that ends at once, again and again, is given up', async () => {
  const { supervisor, events } = supervise(['crash'], {
    maxCrashes: 3,
    maxBackoffMs: 20,
    crashWindowMs: 60_000,
  });
  expect(await supervisor.start()).toBe(false);
  expect(supervisor.status()[0]).toMatchObject({ state: 'given-up', starts: 3, deaths: 3 });
  expect(events.at(-1)).toEqual({ event: 'given-up', child: 'crash-1', crashes: 3, withinMs: 60_000 });
});

test('a stop ends all, also one that does not heed it', async () => {
  const { supervisor, events } = supervise(['serve', 'stubborn'], { stopTimeoutMs: 500 });
  await supervisor.start();
  const pids = supervisor.status().map(({ pid = NaN }) => pid);
  await supervisor.stop('over');
  expect(pids.map(isThere)).toEqual([false, false]);
  const ends = events.flatMap((event) => (event.event === 'ended' ? [[event.child, event.signal]] : []));
  expect(Object.fromEntries(ends)).toEqual({ 'serve-1': null, 'stubborn-2': 'SIGKILL' });
});

test('a rolling restart gives other processes', async () => {
  const { supervisor } = supervise(['serve', 'serve']);
  await supervisor.start();
  const before = supervisor.status().map(({ pid }) => pid);
  expect(await supervisor.restart('new version')).toBe(true);
  const after = supervisor.status();
  expect(after.map(({ state }) => state)).toEqual(['ready', 'ready']);
  expect(after.filter(({ pid }) => before.includes(pid))).toEqual([]);
});

test('a program that cannot be loaded is one that died', async () => {
  const lines: string[] = [];
  const spawned = spawnNode({
    ...{ args: [fileURLToPath(new URL('missing.ts', import.meta.url))], env: {} },
    onLine: (line, from) => lines.push(`${from}: ${line}`),
  });
  expect(await spawned.ended).toMatchObject({ code: 1 });
  await vi.waitFor(() => {
    expect(lines.some((line) => line.includes('missing.ts'))).toBe(true);
  }, LONG);
});

test('children end in order when their supervisor is killed', async () => {
  const holder = spawn(process.execPath, [HOLDER], { stdio: ['ignore', 'pipe', 'inherit'] });
  holders.push(holder);
  const pids: number[] = [];
  createInterface({ input: holder.stdout }).on('line', (line) => pids.push(Number(line)));
  await vi.waitFor(() => {
    expect(pids).toHaveLength(2);
  }, LONG);
  expect(pids.map(isThere)).toEqual([true, true]);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await vi.waitFor(() => {
    expect(pids.map(isThere)).toEqual([false, false]);
  }, LONG);
});
