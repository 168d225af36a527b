import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis/core';
import {
  ACCOUNT_OPENED,
  ORDER_EXECUTED,
  ORDER_SUBMITTED,
  PORTFOLIO_UPDATED,
  RISK_ALERT_RAISED,
  TRADING_STATE_CHANGED,
} from 'portcullis/events';
import { KillSwitch, SharedKillSwitch } from 'portcullis/risk';
import { type ServicePorts, createClient } from 'portcullis/service';
import { MemoryStateStore } from 'portcullis/storage';
import { silentLogger } from 'portcullis/telemetry';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { monitoringApi } from '../../api/monitoring-api.ts';
import { notificationApi } from '../../api/notification-api.ts';
import { portfolioApi } from '../../api/portfolio-api.ts';
import { riskApi } from '../../api/risk-api.ts';
import { parseConfig } from '../../config.ts';
import { openEmbeddedParts } from '../../parts/embedded-parts.ts';
import type { TradingParts } from '../../parts/parts.ts';
import { MonitoringService } from '../../services/monitoring-service.ts';
import { NotificationService } from '../../services/notification-service.ts';
import { PortfolioService } from '../../services/portfolio-service.ts';
import { RiskService } from '../../services/risk-service.ts';

/*
 * The services that decide about no order, over one bus and one store, with no trading process.
 */

const LONG = { timeout: 15_000, interval: 20 };
const clock = new SystemClock();
const ports: ServicePorts = {
  ...{ signals: new EventEmitter(), exit: () => undefined, logger: silentLogger, freePorts: true, env: {} },
};
const person = { authorization: 'Bearer token-of-ada-lovelace' };
const robot = { authorization: 'Bearer token-of-the-robot' };
const seat = {
  instance: 1,
  config: parseConfig({
    tokens: [
      { token: 'token-of-ada-lovelace', id: 'ada', kind: 'person' },
      { token: 'token-of-the-robot', id: 'robot' },
    ],
  }),
};

let directory: string;
let parts: TradingParts;
let services: [RiskService, PortfolioService, NotificationService, MonitoringService];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trading-system-'));
  parts = await openEmbeddedParts({ dataDir: directory }, { clock });
  services = [
    new RiskService(seat, parts, ports),
    new PortfolioService(seat, parts, ports),
    new NotificationService(seat, parts, ports),
    new MonitoringService(seat, parts, ports),
  ];
  await Promise.all(services.map((service) => service.start()));
});

afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await parts.close();
  await rm(directory, { recursive: true, force: true });
});

const risk = (headers: Readonly<Record<string, string>> = {}) =>
  createClient(riskApi, { baseUrl: services[0].address, headers });
const portfolio = () => createClient(portfolioApi, { baseUrl: services[1].address });
const notification = () => createClient(notificationApi, { baseUrl: services[2].address });
const monitoring = () => createClient(monitoringApi, { baseUrl: services[3].address });

/** The status of an answer that is a refusal. */
const statusOf = (asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    () => 'an answer',
    (error: unknown) => (error as { details?: { status?: number } }).details?.status,
  );

test('a trip counts in every process, and only a person ends it', async () => {
  const store = new MemoryStateStore({ clock });
  const other = await KillSwitch.open({ store, clock }, true);
  const { state, signals } = parts;
  const shared = await SharedKillSwitch.open({ killSwitch: other, store: state, signals, clock });
  const order = { to: 'halted' as const, reason: 'drill' };
  expect(await statusOf(risk().tripKillSwitch({ body: order }))).toBe(401);
  const tripped = await risk(robot).tripKillSwitch({ body: order });
  expect(tripped).toMatchObject({
    ...{ state: 'halted', durable: true, shared: expect.any(Boolean) as boolean },
    record: {
      scope: { kind: 'firm' },
      state: 'halted',
      reason: 'drill',
      by: { kind: 'system', id: 'robot' },
    },
  });
  await vi.waitFor(() => {
    expect(other.tradingState()).toBe('halted');
  }, LONG);
  const release = { scope: { kind: 'firm' as const }, confirm: 'firm', reason: 'drill is over' };
  expect(await statusOf(risk(robot).releaseKillSwitch({ body: release }))).toBe(403);
  expect(await statusOf(risk().releaseKillSwitch({ body: release }))).toBe(401);
  expect(await statusOf(risk(person).releaseKillSwitch({ body: { ...release, confirm: 'frim' } }))).toBe(409);
  expect((await risk().getKillSwitch()).records).toHaveLength(1);
  expect((await risk(person).releaseKillSwitch({ body: release })).records).toEqual([]);
  expect(await statusOf(risk(person).releaseKillSwitch({ body: release }))).toBe(409);
  await vi.waitFor(() => {
    expect(other.records()).toEqual([]);
  }, LONG);
  await shared.close();
  // People were told of both, with who it was.
  await vi.waitFor(async () => {
    const { notifications } = await notification().listNotifications({ query: {} });
    const told = notifications.filter(({ type }) => type === TRADING_STATE_CHANGED.type);
    expect(told.map(({ code, severity, text }) => [code, severity, text.split(' by ')[1]])).toEqual(
      expect.arrayContaining([
        ['TRIP', 'critical', 'system robot: drill'],
        ['RELEASE', expect.any(String), 'person ada: drill is over'],
      ]),
    );
  }, LONG);
});

test('limits and explain are 503 while nobody trades', async () => {
  const answer = await fetch(`${services[0].address}/limits`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  const intent = {
    ...{ intentId: 'i-1', instrumentId: 'BTC-USD', side: 'buy' as const, quantity: '1' },
    price: { type: 'limit' as const, limit: '100' },
  };
  expect(await statusOf(risk(person).explainOrder({ body: intent }))).toBe(503);
  expect(await statusOf(risk(person).changeLimits({ body: { risk: {}, reason: 'test' } }))).toBe(503);
});

test('an alert is told once, counted, and kept for operators', async () => {
  const data = {
    ...{ code: 'LIMIT_NEAR', severity: 'warning' as const, detail: '85 % of the limit is used.' },
    scope: { kind: 'account' as const, id: 'main' },
    ...{ count: 1, firstMs: 1, lastMs: 1 },
  };
  for (let time = 0; time < 3; time += 1) await parts.bus.publish(RISK_ALERT_RAISED, data);
  await vi.waitFor(async () => {
    const { notifications } = await notification().listNotifications({ query: { severity: 'warning' } });
    expect(notifications.find(({ code }) => code === 'LIMIT_NEAR')).toMatchObject({
      count: 3,
      subject: 'account:main',
    });
    expect((await risk().listAlerts({ query: { limit: 2 } })).alerts).toEqual([data, data]);
  }, LONG);
});

test('what has happened is there by pages, with positions, cash and equity', async () => {
  const { bus } = parts;
  const about = { accountId: 'main', instrumentId: 'BTC-USD', strategyId: 'manual', side: 'buy' as const };
  const open = { currency: 'USD', balance: '100000', dayId: '2026-11-21' };
  await bus.publish(ACCOUNT_OPENED, { accountId: 'main', ...open }, { atMs: 1_000 });
  for (const at of [1, 2, 3]) {
    const order = { ...about, clientOrderId: `c${at}`, intentId: `i${at}` };
    const terms = { type: 'limit' as const, timeInForce: 'GTC' as const, postOnly: false, reduceOnly: false };
    const submitted = {
      ...{ ...order, ...terms, isExit: false, limitsHash: 'h', state: 'submitting' as const },
      ...{ requestedQuantity: '0.1', quantity: '0.1', worstPrice: '50000' },
      ...{ cumulativeQuantity: '0', leavesQuantity: '0.1' },
    };
    await bus.publish(ORDER_SUBMITTED, submitted, { atMs: 1_000 + at });
  }
  const executed = {
    ...{ ...about, clientOrderId: 'c1', intentId: 'i1', state: 'filled' as const },
    ...{ cumulativeQuantity: '0.1', leavesQuantity: '0', executionId: 'e1', quantity: '0.1', price: '50000' },
    ...{ fee: { amount: '2.5', currency: 'USD' }, liquidity: 'taker' as const },
  };
  await bus.publish(ORDER_EXECUTED, executed, { atMs: 2_000 });
  const sample = {
    ...{ accountId: 'main', currency: 'USD', equity: '99997.5', realised: '0', fees: '2.5', funding: '0' },
    ...{ cash: [], positions: [] },
  };
  await bus.publish(PORTFOLIO_UPDATED, sample, { atMs: 3_000 });
  await vi.waitFor(async () => {
    expect((await portfolio().listFills({ query: {} })).fills).toHaveLength(1);
    const { points } = await portfolio().listEquity({ query: { accountId: 'main' } });
    expect(points.at(-1)).toMatchObject({ last: '99997.5', toMs: 3_000 });
  }, LONG);
  const first = await portfolio().listOrders({ query: { limit: 2 } });
  expect(first.orders.map(({ clientOrderId }) => clientOrderId)).toEqual(['c3', 'c2']);
  const rest = await portfolio().listOrders({ query: { limit: 2, cursor: first.next ?? '' } });
  expect(rest).toMatchObject({ orders: [{ clientOrderId: 'c1', state: 'filled', filledValue: '5000' }] });
  expect(rest.next).toBeUndefined();
  expect((await portfolio().listPositions({ query: {} })).positions).toMatchObject([
    { instrumentId: 'BTC-USD', quantity: '0.1000', averagePrice: '50000', fees: '2.5' },
  ]);
  const { entries } = await portfolio().listLedger({ query: { accountId: 'main' } });
  expect(entries.map(({ kind, amount }) => [kind, amount]).toReversed()).toEqual([
    ['opening', '100000'],
    ['trade', '-5000'],
    ['fee', '-2.5'],
  ]);
  expect((await portfolio().listGaps({ query: {} })).gaps).toEqual([]);
  expect(await portfolio().getOrder({ params: { clientOrderId: 'c1' } })).toEqual(rest.orders[0]);
  expect(await statusOf(portfolio().getOrder({ params: { clientOrderId: 'c9' } }))).toBe(404);
  expect(await statusOf(portfolio().listFills({ query: { cursor: first.next ?? '' } }))).toBe(400);
  expect(await statusOf(portfolio().listOrders({ query: { limit: 0 } }))).not.toBe('an answer');
});

test('monitoring knows who is there, who is missing, and that nobody trades', async () => {
  await vi.waitFor(async () => {
    const page = await monitoring().getOverview();
    expect(page).toMatchObject({ level: 'down', missing: ['market-data', 'signals', 'trading'] });
    expect(page.instances.map(({ role, state }) => [role, state])).toEqual([
      ['risk', 'ready'],
      ['portfolio', 'ready'],
      ['notification', 'ready'],
      ['monitoring', 'ready'],
    ]);
    expect(page.trading).toEqual({ standby: [] });
    expect(page.killSwitch.state).not.toBe('unknown');
    const metrics = await (await fetch(`${services[3].address}/metrics`)).text();
    expect(metrics).toMatch(/^monitoring_instances\{role="risk",level="(?:up|degraded)"\} 1$/m);
    expect(metrics).toMatch(/^monitoring_instances\{role="trading",level="up"\} 0$/m);
  }, LONG);
});
