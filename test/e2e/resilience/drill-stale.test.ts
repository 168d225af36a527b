import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { ResilientFetcher, type SourceOptions } from '../../../src/resilience/index.ts';
import { FaultServer, type HttpFault } from '../../../src/testing/index.ts';

const TTL_MS = 1_000;
const STALE_MS = 10_000;

let server: FaultServer;
let clock: ManualClock;
let fetcher: ResilientFetcher;

beforeEach(async () => {
  server = await FaultServer.listen();
  clock = new ManualClock(1e12);
  fetcher = open();
});

afterEach(async () => {
  await fetcher.close();
  await server.close();
});

/** Without jitter, so that bounds are exact. */
const open = (cache: SourceOptions['cache'] = {}): ResilientFetcher =>
  new ResilientFetcher(
    {
      sources: {
        venue: {
          baseUrl: server.url,
          retry: { retries: 1, baseDelayMs: 0, maxDelayMs: 0 },
          breaker: { minCalls: 2, openMs: 100, maxOpenMs: 100 },
          cache: { ttlMs: TTL_MS, staleIfErrorMs: STALE_MS, ...cache },
          http: { allowPrivateAddresses: true },
        },
      },
    },
    { clock, random: () => 0 },
  );

const ask = () => fetcher.tryFetch({ source: 'venue', endpoint: '/price' });
const answers = (price: string): void => {
  server.script({ body: { price } });
};

const down: readonly (readonly [kind: string, HttpFault])[] = [
  ['503', { status: 503 }],
  ['a reset', { fault: 'reset', at: 'before-headers' }],
  ['an answer that breaks off', { fault: 'close', at: 'in-body', body: { price: '2' } }],
];

describe.each(down)('a source that is down with %s', (_, fault) => {
  test('is answered for with what is kept as long as that may be given, then with an honest failure', async () => {
    answers('1');
    await expect(ask()).resolves.toMatchObject({
      value: { data: { price: '1' }, meta: { origin: 'origin' } },
    });
    server.script(fault);
    const seen: unknown[] = [];
    for (const ageMs of [TTL_MS - 1, TTL_MS, 5_000, TTL_MS + STALE_MS - 1, TTL_MS + STALE_MS, 20_000]) {
      clock.advance(ageMs - (clock.nowMs() - 1e12));
      const outcome = await ask();
      seen.push(outcome.ok ? [outcome.value.meta.origin, outcome.value.meta.ageMs] : 'failed');
    }
    expect(seen).toEqual([
      ['l1', TTL_MS - 1],
      ['stale', TTL_MS],
      ['stale', 5_000],
      ['stale', TTL_MS + STALE_MS - 1],
      'failed',
      'failed',
    ]);
  });
});

test('an open circuit is an outage as well, and costs the source nothing', async () => {
  answers('1');
  await ask();
  server.script({ status: 503 });
  clock.advance(TTL_MS);
  await ask();
  await ask();
  const received = server.received;
  expect(fetcher.status('venue').circuit?.state).toBe('open');
  await expect(ask()).resolves.toMatchObject({ value: { data: { price: '1' }, meta: { origin: 'stale' } } });
  expect(server.received).toBe(received);
  clock.advance(STALE_MS);
  server.script({ status: 503 });
  await ask();
  await expect(ask()).resolves.toMatchObject({ ok: false, failure: { code: 'CIRCUIT_OPEN' } });
});

test('when the source is back, the first answer after the circuit has closed is new', async () => {
  answers('1');
  await ask();
  await server.down();
  clock.advance(5_000);
  for (let at = 0; at < 5; at += 1)
    await expect(ask()).resolves.toMatchObject({ value: { meta: { origin: 'stale', ageMs: 5_000 } } });
  await server.up();
  answers('2');
  clock.advance(100);
  await expect(ask()).resolves.toMatchObject({
    value: { data: { price: '2' }, meta: { origin: 'origin', ageMs: 0 } },
  });
});

test('what the source refuses is no outage: old data is not given for it', async () => {
  answers('1');
  await ask();
  clock.advance(TTL_MS);
  server.script({ status: 400 });
  await expect(ask()).resolves.toMatchObject({
    ok: false,
    failure: { code: 'UPSTREAM_STATUS', status: 400 },
  });
});

test('without staleIfErrorMs nothing older than its time to live is ever given', async () => {
  await fetcher.close();
  fetcher = open({ staleIfErrorMs: 0 });
  answers('1');
  await ask();
  server.script({ status: 503 });
  clock.advance(TTL_MS);
  await expect(ask()).resolves.toMatchObject({ ok: false });
});

test('a wall clock that is set back makes nothing younger', async () => {
  answers('1');
  await ask();
  server.script({ status: 503 });
  clock.advance(TTL_MS + STALE_MS);
  clock.jump(-STALE_MS);
  await expect(ask()).resolves.toMatchObject({ ok: false });
});
