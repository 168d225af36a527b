import { ManualClock } from 'portcullis/core';
import { HttpProblem } from 'portcullis/service';
import { Lease, MemoryStateStore } from 'portcullis/storage';
import { expect, test } from 'vitest';
import { TradingLink } from '../../../risk/trading-link.ts';

const LEASE = 'desk:main';
const limits = { risk: {}, execution: {}, status: 'settled', hash: 'h' };

function begin(answer: () => Promise<Response>) {
  const clock = new ManualClock();
  const state = new MemoryStateStore({ clock });
  const asked: { readonly url: string; readonly authorization: string | null }[] = [];
  const fetch: typeof globalThis.fetch = (url, init) => {
    const authorization = new Headers(init?.headers).get('authorization');
    asked.push({ url: (url as URL).href, authorization });
    return answer();
  };
  const link = new TradingLink(LEASE, { state, clock, fetch });
  const hold = async (info?: { readonly url: string }): Promise<void> => {
    const lease = new Lease(
      { name: LEASE, owner: 'trading-2', ...(info && { info }) },
      { store: state, clock },
    );
    const held = lease.acquire();
    for (let turn = 0; turn < 50; turn += 1) {
      await clock.turn();
      clock.advance(500);
    }
    await held;
  };
  return { link, asked, hold, state };
}

const json = (status: number, body: unknown) => () => Promise.resolve(Response.json(body, { status }));

async function problemOf(asking: Promise<unknown>): Promise<readonly [number, string]> {
  const error: unknown = await asking.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HttpProblem)) throw new Error(`expected a problem, got ${String(error)}`);
  return [error.status, error.message];
}

test('asks whoever has the lease, with the credentials of the caller', async () => {
  const { link, asked, hold } = begin(json(200, limits));
  await hold({ url: 'http://127.0.0.1:4242' });
  expect(await link.active()).toEqual({ owner: 'trading-2', url: 'http://127.0.0.1:4242' });
  expect(await link.ask('Bearer mine', (desk) => desk.getLimits())).toEqual(limits);
  await link.ask(undefined, (desk) => desk.getLimits());
  expect(asked).toEqual([
    { url: 'http://127.0.0.1:4242/limits', authorization: 'Bearer mine' },
    { url: 'http://127.0.0.1:4242/limits', authorization: null },
  ]);
});

test('is 503 while nobody has it, or the holder says no URL', async () => {
  const { link, asked, hold } = begin(json(200, limits));
  const nobody = [503, 'nobody trades for the account at the moment'];
  expect(await problemOf(link.ask(undefined, (desk) => desk.getLimits()))).toEqual(nobody);
  await hold();
  expect(await link.active()).toBeUndefined();
  expect(await problemOf(link.ask(undefined, (desk) => desk.getLimits()))).toEqual(nobody);
  expect(asked).toEqual([]);
});

test('is 503 while the store does not say', async () => {
  const { link, state } = begin(json(200, limits));
  await state.close();
  expect(await problemOf(link.ask(undefined, (desk) => desk.getLimits()))).toEqual([
    ...[503, 'the shared state does not say who trades'],
  ]);
});

test.each([
  [403, { detail: 'expected the token of a person' }, 403, 'expected the token of a person'],
  [400, {}, 400, 'trading-2, which trades, answered 400'],
  [503, { detail: 'trading-2 does not trade' }, 503, 'trading-2 does not trade'],
  [500, { title: 'Internal Server Error' }, 502, 'trading-2, which trades, answered 500'],
])('an answer of %d with %j is %d: %s', async (status, body, becomes, detail) => {
  const { link, hold } = begin(json(status, body));
  await hold({ url: 'http://127.0.0.1:4242' });
  expect(await problemOf(link.ask(undefined, (desk) => desk.getLimits()))).toEqual([becomes, detail]);
});

test('is 503 where the holder does not answer', async () => {
  const { link, hold } = begin(() => Promise.reject(new Error('connection refused')));
  await hold({ url: 'http://127.0.0.1:4242' });
  expect(await problemOf(link.ask(undefined, (desk) => desk.getLimits()))).toEqual([
    ...[503, 'trading-2, which trades, does not answer'],
  ]);
});
