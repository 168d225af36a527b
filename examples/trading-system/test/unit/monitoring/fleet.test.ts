import { ManualClock } from 'portcullis/core';
import { expect, test, vi } from 'vitest';
import { Fleet } from '../../../monitoring/fleet.ts';
import type { Endpoint } from '../../../parts/parts.ts';

const SIGNAL = new AbortController().signal;
const endpoint = (given: Partial<Endpoint> = {}): Endpoint => ({
  ...{ role: 'signals', instance: 1, url: 'http://signals', pid: 7 },
  ...given,
});
const healthy = { service: 'signals', version: '0.0.0', state: 'ready', status: 'up', checks: {} };
const killSwitch = { state: 'reducing', records: [], shared: true };
const trader = {
  ...{ role: 'active', instance: 'trading-1', accountId: 'main', lease: { name: 'desk:main' } },
  tradingState: 'active',
};

function begin(known: Endpoint[], answers: Record<string, () => Promise<Response>>) {
  const clock = new ManualClock(1_000);
  const fetch: typeof globalThis.fetch = (url) => {
    const asked = url instanceof URL ? url.href : (url as string);
    return (answers[asked] ?? (() => Promise.reject(new Error('connection refused'))))();
  };
  const fleet = new Fleet({ clock, fetch, endpoints: { list: () => Promise.resolve([...known]) } });
  return { clock, fleet };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    Promise.resolve(Response.json(body, { status }));

test('says of each process how it is, and what is wrong', async () => {
  const checks = {
    bus: { status: 'down', reason: 'no connection' },
    store: { status: 'up' },
    odd: { status: 'degraded' },
  };
  const { fleet } = begin([endpoint(), endpoint({ instance: 2, url: 'http://other' })], {
    'http://signals/health': json(healthy),
    'http://other/health': json({ ...healthy, status: 'down', checks }, 503),
  });
  await fleet.look(SIGNAL);
  expect(fleet.members).toEqual([
    { ...endpoint(), state: 'ready', level: 'up', problems: {}, askedMs: 1_000 },
    {
      ...endpoint({ instance: 2, url: 'http://other' }),
      ...{
        state: 'ready',
        level: 'down',
        askedMs: 1_000,
        problems: { bus: 'no connection', odd: 'degraded' },
      },
    },
  ]);
});

test('one that does not answer, or answers nonsense, is down', async () => {
  const { fleet } = begin([endpoint(), endpoint({ instance: 2, url: 'http://other' })], {
    'http://other/health': json({ hello: 'world' }),
  });
  await fleet.look(SIGNAL);
  expect(fleet.members.map(({ level }) => level)).toEqual(['down', 'down']);
  expect(fleet.members[0]?.problems).toEqual({ http: 'connection refused' });
});

test('asks a trading process what it is, and the risk service for the kill switch', async () => {
  const known = [
    endpoint({ role: 'trading', url: 'http://trading' }),
    endpoint({ role: 'risk', url: 'http://risk' }),
  ];
  const { fleet } = begin(known, {
    'http://trading/health': json(healthy),
    'http://trading/status': json(trader),
    'http://risk/health': json(healthy),
    'http://risk/kill-switch': json(killSwitch),
  });
  await fleet.look(SIGNAL);
  expect([fleet.members[0]?.trading, fleet.killSwitch]).toEqual([trader, killSwitch]);
});

test('a trading process that does not say what it is, is one that does not trade', async () => {
  const { fleet } = begin([endpoint({ role: 'trading', url: 'http://trading' })], {
    'http://trading/health': json(healthy),
  });
  await fleet.look(SIGNAL);
  expect(fleet.members[0]).toMatchObject({ level: 'up' });
  expect(fleet.members[0]?.trading).toBeUndefined();
});

test('one that tells no longer where it is counts as down for a minute', async () => {
  const known = [endpoint()];
  const { clock, fleet } = begin(known, { 'http://signals/health': json(healthy) });
  await fleet.look(SIGNAL);
  known.length = 0;
  clock.advance(60_000);
  await fleet.look(SIGNAL);
  expect(fleet.members).toEqual([
    {
      ...endpoint(),
      level: 'down',
      problems: { endpoint: 'it tells no longer where it is' },
      askedMs: 1_000,
    },
  ]);
  clock.advance(1);
  await fleet.look(SIGNAL);
  expect(fleet.members).toEqual([]);
});

test('one that was stopping is gone at once', async () => {
  const known = [endpoint()];
  const { fleet } = begin(known, { 'http://signals/health': json({ ...healthy, state: 'draining' }, 503) });
  await fleet.look(SIGNAL);
  known.length = 0;
  await fleet.look(SIGNAL);
  expect(fleet.members).toEqual([]);
});

test('gives up one that takes too long', async () => {
  const clock = new ManualClock();
  const slow = new Fleet({
    ...{ clock, endpoints: { list: () => Promise.resolve([endpoint()]) } },
    fetch: (_url, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(init.signal?.reason as Error);
        });
      }),
  });
  const looked = slow.look(SIGNAL);
  await clock.turn();
  clock.advance(1_500);
  await looked;
  expect(slow.members[0]?.problems).toEqual({ http: 'no answer within 1500 ms' });
});

test('while nobody can say who is where, those that were known are asked, and it says so', async () => {
  const list = vi.fn(() => Promise.resolve([endpoint()]));
  let status = 'up';
  const fleet = new Fleet({
    ...{ clock: new ManualClock(1_000), endpoints: { list } },
    fetch: () => Promise.resolve(Response.json({ ...healthy, status })),
  });
  await fleet.look(SIGNAL);
  list.mockRejectedValue(new Error('redis is away'));
  status = 'down';
  await expect(fleet.look(SIGNAL)).rejects.toThrow('redis is away');
  expect(fleet.members.map(({ level }) => level)).toEqual(['down']);
});
