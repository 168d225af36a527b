import { expect, test } from 'vitest';
import type { SourceOptions } from '../../../src/resilience/index.ts';
import { FaultServer, type HttpFault } from '../../../src/testing/index.ts';
import type { CallsCount } from './support/calls-count.ts';
import { DrillChild } from './support/drill-child.ts';

const FINE = { body: { price: '1.5' } } as const;

/** What each path of the server does. */
const faults: Readonly<Record<string, HttpFault>> = {
  '/down': { status: 503 },
  '/hangs': { fault: 'hang', at: 'before-headers' },
  '/left': { fault: 'hang', at: 'before-headers' },
  '/breaks': { ...FINE, fault: 'reset', at: 'in-body' },
};

const options: Partial<SourceOptions> = {
  attemptTimeoutMs: 300,
  timeoutMs: 1_000,
  retry: { retries: 1, baseDelayMs: 1, maxDelayMs: 1 },
  breaker: false,
  hedge: { delayMs: 50 },
  rateLimit: { buckets: [{ name: 'calls', capacity: 100, refillPerSecond: 10_000 }] },
};

/** In turn: hits of the cache, and all ways in which a call can end. */
const endpoints = Array.from(
  { length: 20 },
  (_, at) => ({ 3: '/price', 7: '/down', 11: '/breaks', 15: '/left' })[at] ?? '/kept',
);

test('10,000 calls with one signal leave no listener on it, and nothing warns', async () => {
  const server = await FaultServer.listen();
  server.script(({ url }) => faults[url] ?? FINE);
  const child = new DrillChild(
    'calls-process.ts',
    [server.url, JSON.stringify(options)],
    ['--trace-warnings', '--trace-uncaught'],
  );
  try {
    const many = await child.ask<CallsCount>({ calls: 9_950, endpoints });
    const slow = await child.ask<CallsCount>({ calls: 50, endpoints: ['/hangs'] });
    expect([many.listeners, slow.listeners]).toEqual([0, 0]);
    expect(Object.values(slow.outcomes).reduce((sum, count) => sum + count)).toBe(10_000);
    expect(Object.keys(slow.outcomes)).toEqual(
      expect.arrayContaining([
        'origin',
        'l1',
        'ABORTED',
        'TIMED_OUT',
        'UPSTREAM_STATUS',
        'UPSTREAM_UNREACHABLE',
      ]),
    );
    expect([await child.end(), child.stderr]).toEqual([0, '']);
  } finally {
    await child.end();
    await server.close();
  }
});
