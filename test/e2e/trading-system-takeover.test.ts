import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startToyExchange } from '../../examples/toy-exchange/start.ts';
import type { SystemConfigInput } from '../../examples/trading-system/config.ts';
import { RedisServer, redisMissing } from '../support/redis-server.ts';

const MAIN = fileURLToPath(new URL('../../examples/trading-system/main.ts', import.meta.url));
const WAIT = { timeout: 60_000, interval: 25 };

interface Status {
  readonly role: string;
  readonly lease: { readonly token?: number };
  readonly tradingState: string;
  readonly orders?: { readonly working: number; readonly inDoubt: number };
}

/** A process of one service, once it is ready. */
async function startProcess(config: string, role: string, instance: number) {
  const args = [MAIN, '--config', config, '--only', role, '--instance', String(instance)];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  child.stdout?.on('data', (data: Buffer) => (said += data.toString()));
  const url = await vi.waitFor(() => {
    const line = said.split('\n').find((one) => one.startsWith('{"ready":true'));
    if (line === undefined) throw new Error(`not ready: ${said.slice(-2_000)}`);
    return (JSON.parse(line) as { url: string }).url;
  }, WAIT);
  const ask = async (path: string, body?: unknown) => {
    const json = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    };
    const answer = await fetch(`${url}${path}`, {
      ...(body !== undefined && json),
      redirect: 'manual',
    });
    return {
      code: answer.status,
      location: answer.headers.get('location'),
      body: (await answer.json()) as Record<string, unknown>,
    };
  };
  return { child, ended, url, ask, status: async () => (await ask('/status')).body as unknown as Status };
}

type Process = Awaited<ReturnType<typeof startProcess>>;

const active = (one: Process): Promise<Status> =>
  vi.waitFor(async () => {
    const status = await one.status();
    if (status.role !== 'active' || status.tradingState !== 'active') throw new Error(JSON.stringify(status));
    return status;
  }, WAIT);

describe.skipIf(redisMissing !== undefined)('two trading processes over Redis', () => {
  test('the standby takes over from one that is killed, goes on with its orders, and leaves them to a third', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'takeover-'));
    await using redis = await RedisServer.start();
    const account = { accountId: 'main', key: 'key-of-main', secret: 'secret-of-main' };
    const exchange = await startToyExchange({
      ...{ dataDir: join(folder, 'exchange'), marketEveryMs: 100 },
      config: {
        instruments: [
          {
            symbol: 'BTCUSD',
            base: 'BTC',
            quote: 'USD',
            tick: '0.01',
            step: '0.0001',
            minQuantity: '0.0001',
            startPrice: '50000',
          },
        ],
        accounts: [{ ...account, balances: { USD: '100000' }, funding: 'cash' }],
      },
    });
    onTestFinished(async () => {
      await exchange.kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    });
    const system: SystemConfigInput = {
      ...{ basePort: 0, dataDir: join(folder, 'data'), redis: { url: redis.url } },
      instruments: [
        {
          instrumentId: 'BTC-USD',
          base: 'BTC',
          quote: 'USD',
          tick: '0.01',
          step: '0.0001',
          startPrice: '50000',
        },
      ],
      strategies: [],
      // One that a busy machine does not lose.
      lease: { ttlMs: 5_000, renewEveryMs: 1_000, pollMs: 100 },
      market: { kind: 'exchange', url: exchange.url },
      venue: { kind: 'exchange', url: exchange.url, key: account.key, secret: account.secret },
    };
    const config = join(folder, 'config.json');
    await writeFile(config, JSON.stringify(system));
    await startProcess(config, 'market-data', 1);
    const one = await startProcess(config, 'trading', 1);
    const first = await active(one);
    const two = await startProcess(config, 'trading', 2);

    // A standby says who trades, and takes nothing.
    expect(await two.status()).toMatchObject({
      role: 'standby',
      lease: { holder: { owner: expect.stringMatching(/^trading-1@/) as string } },
    });
    const order = {
      ...{ intentId: 'rests', instrumentId: 'BTC-USD', side: 'buy', quantity: '0.01' },
      price: { type: 'limit', limit: '49600' },
    };
    expect(await two.ask('/orders', order)).toMatchObject({ code: 503, location: `${one.url}/orders` });
    const sent = await vi.waitFor(async () => {
      const answer = await one.ask('/orders', order);
      expect(answer.body['kind']).not.toBe('denied'); // until it has a quote
      return answer;
    }, WAIT);
    expect(sent.body).toMatchObject({ kind: 'accepted', quantity: '0.0100' });

    one.child.kill('SIGKILL');
    const second = await active(two);
    expect(second.lease.token).toBeGreaterThan(first.lease.token ?? Infinity);
    expect(second.orders).toEqual({ working: 1, inDoubt: 0 });
    expect((await two.ask('/orders', order)).body).toMatchObject({ kind: 'duplicate' });

    // A third one stands by; asked to stop, the second hands over at once, orders and all.
    const three = await startProcess(config, 'trading', 1);
    two.child.kill('SIGTERM');
    expect(await two.ended).toBe(0);
    expect((await active(three)).orders).toEqual({ working: 1, inDoubt: 0 });
    const facts = exchange.log().flatMap((line) => line.facts.map(({ type }) => type));
    const [placed, gone] = ['accepted', 'cancelled'].map((type) => facts.filter((one) => one === type));
    expect([placed, gone]).toEqual([['accepted'], []]);
  });
});
