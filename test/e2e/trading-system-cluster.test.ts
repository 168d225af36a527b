import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { RedisServer, redisMissing } from '../support/redis-server.ts';

const CLUSTER = fileURLToPath(new URL('../../examples/trading-system/cluster.ts', import.meta.url));
/** A machine that is busy takes its time to start ten processes. */
const LONG = { timeout: 150_000, interval: 200 };

/** Strategies that have an opinion every few bars, and a lease that a busy machine does not lose. */
const CONFIG = {
  barMs: 300,
  lease: { ttlMs: 5_000, renewEveryMs: 1_000, pollMs: 200 },
  strategies: [
    {
      ...{ kind: 'channel-breakout', channelBars: 2, signalTtlMs: 60_000 },
      instruments: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'LTC-USD'],
    },
  ],
};

interface Event {
  readonly event: string;
  readonly [field: string]: unknown;
}

interface Child {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly url: string;
}

interface Order {
  readonly clientOrderId: string;
  readonly intentId: string;
  readonly state: string;
  readonly atMs: number;
}

/** The cluster, once all of it is ready. */
async function startCluster(redisUrl: string) {
  const directory = await mkdtemp(join(tmpdir(), 'cluster-'));
  const config = join(directory, 'config.json');
  await writeFile(config, JSON.stringify(CONFIG));
  const args = [
    '--redis',
    redisUrl,
    '--port',
    '0',
    '--data-dir',
    join(directory, 'data'),
    '--config',
    config,
  ];
  const child: ChildProcess = spawn(process.execPath, [CLUSTER, ...args, '--log', 'none'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const events: Event[] = [];
  if (child.stdout === null) throw new Error('expected a pipe');
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line) as Event));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    // Its children hear it and end in order, if they are still there.
    child.kill('SIGKILL');
    await ended;
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
  });
  await vi.waitFor(() => {
    if (child.exitCode !== null) throw new Error(`it ended: ${JSON.stringify(events.slice(-5))}`);
    expect(events.map(({ event }) => event)).toContain('all-ready');
  }, LONG);
  const url = events.find(({ event }) => event === 'supervising')?.['status'] as string;
  const children = async (): Promise<readonly Child[]> =>
    (await ask<{ children: Child[] }>(`${url}/status`)).children;
  const orders = async (): Promise<readonly Order[]> => {
    const { url: portfolio } = named(await children(), 'portfolio');
    return (await ask<{ orders: Order[] }>(`${portfolio}/orders?limit=1000`)).orders;
  };
  /** Who trades. */
  const active = async () => {
    const traders = (await children()).filter(({ name }) => name.startsWith('trading-'));
    for (const trader of traders) {
      const status = await ask<{ role: string; orders: { inDoubt: number } }>(`${trader.url}/status`).catch(
        () => undefined,
      );
      if (status?.role === 'active') return { ...trader, inDoubt: status.orders.inDoubt };
    }
    throw new Error('nobody trades');
  };
  return { child, ended, events, url, children, orders, active };
}

function named(children: readonly Child[], name: string): Child {
  const found = children.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

async function ask<T>(url: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Orders of now that were not there before. */
const further = (now: readonly Order[], before: readonly Order[]): readonly Order[] => {
  const known = new Set(before.map(({ clientOrderId }) => clientOrderId));
  return now.filter(({ clientOrderId }) => !known.has(clientOrderId));
};

test.skipIf(redisMissing !== undefined)(
  'orders go on when processes are killed, and while all are restarted',
  { timeout: 420_000 },
  async () => {
    await using redis = await RedisServer.start();
    const cluster = await startCluster(redis.url);
    await vi.waitFor(async () => {
      expect((await cluster.orders()).length).toBeGreaterThan(0);
    }, LONG);

    // The process that trades, and one of two that have opinions.
    const trader = await cluster.active();
    const signals = named(await cluster.children(), 'signals-1');
    const killedMs = performance.now();
    process.kill(trader.pid, 'SIGKILL');
    process.kill(signals.pid, 'SIGKILL');
    await vi.waitFor(async () => {
      expect((await cluster.active()).pid).not.toBe(trader.pid);
    }, LONG);
    const takeoverMs = performance.now() - killedMs;
    const atTakeover = await cluster.orders();
    await vi.waitFor(async () => {
      expect(further(await cluster.orders(), atTakeover).length).toBeGreaterThan(0);
    }, LONG);
    await vi.waitFor(async () => {
      expect((await cluster.children()).map(({ state }) => state)).toEqual(Array(10).fill('ready'));
    }, LONG);
    console.log(`takeover after kill -9: ${Math.round(takeoverMs)} ms`);

    // Those that share work or hand it over, one by one.
    const before = await cluster.children();
    const restarted = ['signals-1', 'signals-2', 'trading-1', 'trading-2'];
    await ask(`${cluster.url}/restart`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'a new version', children: restarted }),
    });
    await vi.waitFor(() => {
      expect(cluster.events.find(({ event }) => event === 'restart-ended')).toMatchObject({
        outcome: 'done',
      });
    }, LONG);
    const after = await cluster.children();
    const others = after.filter(({ pid }) => !before.some((one) => one.pid === pid));
    expect(others.map(({ name }) => name)).toEqual(restarted);
    const atRestart = await cluster.orders();
    await vi.waitFor(async () => {
      expect(further(await cluster.orders(), atRestart).length).toBeGreaterThan(0);
      expect((await cluster.active()).inDoubt).toBe(0);
    }, LONG);
    // One order for each opinion, however often its signal came.
    const all = await cluster.orders();
    expect(new Set(all.map(({ intentId }) => intentId)).size).toBe(all.length);

    cluster.child.kill('SIGTERM');
    expect(await cluster.ended).toBe(0);
    expect(cluster.events.at(-1)?.event).toBe('all-stopped');
    expect(after.filter(({ pid }) => isThere(pid))).toEqual([]);
  },
);
