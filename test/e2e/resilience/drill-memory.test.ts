import { afterEach, describe, expect, test } from 'vitest';
import { FaultServer } from '../../../src/testing/index.ts';
import type { CallsCount } from './support/calls-count.ts';
import { DrillChild } from './support/drill-child.ts';

const isLong = process.env['PORTCULLIS_LONG'] === '1';
/** What ten times the calls may add: the machine's own caches, and the rounding of a collector. */
const FLAT_MB = 4;

let server: FaultServer | undefined;
let child: DrillChild | undefined;

afterEach(async () => {
  await child?.end();
  await server?.close();
  child = undefined;
  server = undefined;
});

describe('memory stays flat', () => {
  test.each([
    ['calls through all policies and the cache', 'all'],
    ['keys of a cache that holds 1,000', 'cache'],
  ])('over many %s', async (_, way) => {
    child = new DrillChild('policies-process.ts', [way], ['--expose-gc']);
    const early = isLong ? 100_000 : 10_000;
    const first = await child.ask<{ ended: number; heapMb: number }>({ calls: early });
    const last = await child.ask<{ ended: number; heapMb: number }>({ calls: 9 * early });
    expect(last.ended).toBe(10 * early);
    expect(last.heapMb - first.heapMb).toBeLessThan(FLAT_MB);
  });

  test('over many requests on real connections, good and bad', async () => {
    server = await FaultServer.listen();
    server.script(({ url }) => (url === '/down' ? { status: 503 } : { body: { price: '1.5' } }));
    child = new DrillChild(
      'calls-process.ts',
      [server.url, '{"breaker":false,"retry":false}'],
      ['--expose-gc'],
    );
    const calls = isLong ? 10_000 : 300;
    const endpoints = ['/price', '/price', '/down'];
    const first = await child.ask<CallsCount>({ calls, endpoints });
    const last = await child.ask<CallsCount>({ calls: 9 * calls, endpoints });
    expect(last.listeners).toBe(0);
    expect(last.heapMb - first.heapMb).toBeLessThan(FLAT_MB);
  });
});
