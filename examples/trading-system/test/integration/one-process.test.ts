import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import { createClient } from 'portcullis/service';
import { silentLogger } from 'portcullis/telemetry';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { portfolioApi } from '../../api/portfolio-api.ts';
import { riskApi } from '../../api/risk-api.ts';
import { tradingApi } from '../../api/trading-api.ts';
import { type SystemConfigInput, parseConfig } from '../../config.ts';
import { RunningSystem } from '../../running-system.ts';
import { leaseOwnerOf } from '../../trading/lease-owner.ts';

const clock = new SystemClock();
const PERSON = 'token-of-ann-0123456789';
const WAIT = { timeout: 25_000, interval: 50 };
const started: RunningSystem[] = [];
const folders: string[] = [];

afterAll(async () => {
  for (const system of started) await system.stop('over');
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A market that moves at once, and strategies that see it. */
const QUICK: SystemConfigInput = {
  ...{ basePort: 0, logLevel: 'error', barMs: 100, quoteEveryMs: 20 },
  market: { kind: 'simulation', seed: 7, stepMs: 20 },
  strategies: [
    { kind: 'band-reversion', instruments: ['BTC-USD', 'ETH-USD'], periodBars: 5, deviations: 1 },
    { kind: 'channel-breakout', instruments: ['SOL-USD', 'LTC-USD'], channelBars: 3 },
  ],
  tokens: [{ token: PERSON, id: 'ann', kind: 'person' }],
};

async function start(dataDir?: string) {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'trading-system-test-')));
  if (dataDir === undefined) folders.push(folder);
  const config = parseConfig({ ...QUICK, dataDir: folder });
  const system = await RunningSystem.start(config, {}, { clock, logger: silentLogger });
  started.push(system);
  const urlOf = (role: string): string => system.addresses().find((one) => one.role === role)?.url ?? '';
  const headers = { authorization: `Bearer ${PERSON}` };
  return {
    ...{ folder, system },
    trading: createClient(tradingApi, { baseUrl: urlOf('trading'), headers }, { clock }),
    risk: createClient(riskApi, { baseUrl: urlOf('risk'), headers }, { clock }),
    portfolio: createClient(portfolioApi, { baseUrl: urlOf('portfolio') }, { clock }),
  };
}

type Started = Awaited<ReturnType<typeof start>>;

const fillsOf = async ({ portfolio }: Started) => (await portfolio.listFills({ query: {} })).fills;

describe('the trading system in one process', () => {
  test('makes orders of signals, keeps a history of them, obeys the kill switch, and goes on after a restart', async () => {
    const one = await start();
    await vi.waitFor(async () => {
      expect((await fillsOf(one)).length).toBeGreaterThan(3);
    }, WAIT);

    // A named person stops entries everywhere; exits go on.
    await one.risk.tripKillSwitch({ body: { to: 'reducing', reason: 'a test' } });
    await vi.waitFor(async () => {
      expect(await one.trading.getStatus({})).toMatchObject({ role: 'active', tradingState: 'reducing' });
    }, WAIT);
    const entry = {
      ...{ intentId: 'by-hand-1', instrumentId: 'BTC-USD', side: 'buy' as const, quantity: '0.01' },
      price: { type: 'market', maxSlippageBps: 20 },
    } as const;
    expect(await one.trading.submitOrder({ body: entry })).toMatchObject({
      kind: 'denied',
      denials: [{ code: 'KILL_SWITCH_REDUCING' }],
    });

    // What the history has is what the books of the desk have.
    await vi.waitFor(async () => {
      const { orders } = await one.trading.getStatus({});
      expect(orders).toEqual({ working: 0, inDoubt: 0 });
      const { positions } = await one.trading.getPositions({});
      const history = await one.portfolio.listPositions({ query: {} });
      const held = (all: readonly { instrumentId: string; quantity: string }[]) =>
        Object.fromEntries(all.map((each) => [each.instrumentId, Number(each.quantity)]));
      expect(held(history.positions)).toEqual(held(positions));
    }, WAIT);
    expect(await one.system.stop('restart')).toBe(true);

    const two = await start(one.folder);
    await vi.waitFor(async () => {
      expect(await two.trading.getStatus({})).toMatchObject({
        ...{ role: 'active', tradingState: 'reducing', orders: { working: 0, inDoubt: 0 } },
        lease: { name: 'desk:main', holder: { owner: leaseOwnerOf('trading-1', process.pid) } },
      });
    }, WAIT);
    await two.risk.releaseKillSwitch({
      body: { scope: { kind: 'firm' }, confirm: 'firm', reason: 'over' },
    });
    await vi.waitFor(async () => {
      expect(await two.trading.submitOrder({ body: { ...entry, intentId: 'by-hand-2' } })).toMatchObject({
        kind: 'accepted',
      });
    }, WAIT);
    expect(await two.trading.submitOrder({ body: { ...entry, intentId: 'by-hand-2' } })).toMatchObject({
      kind: 'duplicate',
    });
    expect(await two.system.stop('over')).toBe(true);
  }, 90_000);
});
