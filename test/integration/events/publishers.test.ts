import { describe, expect, test } from 'vitest';
import { ManualClock, person } from '../../../src/core/index.ts';
import {
  BarBuilder,
  DataQualityPublisher,
  MarketEventPublisher,
  MarketTracker,
} from '../../../src/market-data/index.ts';
import { PortfolioPublisher } from '../../../src/portfolio/index.ts';
import { KillSwitch, KillSwitchPublisher, RiskAlertPublisher } from '../../../src/risk/index.ts';
import { MemoryStateStore } from '../../../src/storage/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { DeskWorld, intent } from '../../support/desk-world.ts';
import { parseExposition } from '../../support/exposition-parser.ts';
import { BTC, snapshot, trade } from '../../support/market-events.ts';
import { over, pass, probe } from '../service-lifecycle-probe.ts';
import { heard } from './support/heard.ts';

const ADA = person('ada');
const AT_MS = 1_767_261_600_000;

const openSwitch = (clock: ManualClock, store = new MemoryStateStore({ clock })): Promise<KillSwitch> =>
  KillSwitch.open({ store, clock }, true);

const failuresOf = async (metrics: MetricsRegistry): Promise<number | undefined> => {
  const name = 'trading_bus_publish_failures_total';
  return parseExposition(await metrics.exposition()).find((one) => one.name === name)?.samples[0]?.value;
};

describe('a kill switch on a bus', () => {
  test('is heard when it is tripped and released', async () => {
    const { bus, next } = await heard();
    const clock = new ManualClock(AT_MS);
    const killSwitch = await openSwitch(clock);
    using _ = new KillSwitchPublisher({ bus, clock, killSwitch });
    await killSwitch.trip({ to: 'halted', reason: 'fire', by: ADA });
    await killSwitch.release({ scope: { kind: 'firm' }, confirm: 'firm', reason: 'out', by: ADA });
    expect(await next(2)).toMatchObject([
      {
        id: `trip:firm:halted:${AT_MS}`,
        type: 'risk.trading-state-changed',
        subject: 'firm',
        time: '2026-01-01T10:00:00.000Z',
        data: { from: 'active', to: 'halted' },
      },
      { id: `release:firm:halted:${AT_MS}`, data: { from: 'halted', to: 'active' } },
    ]);
  });

  test('is not heard twice of what was tripped before a restart', async () => {
    const { bus, next } = await heard();
    const clock = new ManualClock(AT_MS);
    const store = new MemoryStateStore({ clock });
    const before = await openSwitch(clock, store);
    const first = new KillSwitchPublisher({ bus, clock, killSwitch: before });
    await before.trip({ to: 'halted', reason: 'fire', by: ADA });
    first[Symbol.dispose]();
    clock.advance(60_000);
    const after = await openSwitch(clock, store);
    using _ = new KillSwitchPublisher({ bus, clock, killSwitch: after });
    await after.release({ scope: { kind: 'firm' }, confirm: 'firm', reason: 'out', by: ADA });
    expect((await next(2)).map(({ data }) => (data as { cause: string }).cause)).toEqual(['trip', 'release']);
  });

  test('trips as fast and as surely while the bus is closed, and that is counted', async () => {
    const { bus } = await heard();
    await bus.close();
    const clock = new ManualClock(AT_MS);
    const metrics = new MetricsRegistry();
    const killSwitch = await openSwitch(clock);
    using _ = new KillSwitchPublisher({ bus, clock, killSwitch, metrics });
    void killSwitch.trip({ to: 'halted', reason: 'fire', by: ADA });
    expect(killSwitch.tradingState()).toBe('halted');
    await clock.turn();
    expect(await failuresOf(metrics)).toBe(1);
  });
});

describe('a desk on a bus', () => {
  test('raises one alert, however often a limit denies', async () => {
    const { bus, next } = await heard();
    const { desk, guard, clock } = await DeskWorld.open({ risk: { maxPositionNotional: '500' } });
    using alerts = new RiskAlertPublisher({}, { bus, clock, guard });
    using _ = desk.onEvent((event) => {
      if (event.kind === 'decided') alerts.decided(event);
    });
    for (let i = 0; i < 100; i += 1)
      expect(await desk.submit(intent({ intentId: `intent-${i}` }))).toMatchObject({ kind: 'denied' });
    clock.advance(60_000);
    expect(await next(2)).toMatchObject([
      {
        type: 'risk.alert-raised',
        subject: 'account:acc',
        data: {
          code: 'POSITION_SIZE_LIMIT',
          gate: 'position-size',
          count: 1,
          measured: '1000',
          limit: '500',
        },
      },
      { data: { code: 'POSITION_SIZE_LIMIT', count: 99 } },
    ]);
  });

  test('shows what accounts have', async () => {
    const { bus, next } = await heard();
    const world = await DeskWorld.open();
    const { book, clock } = world;
    using publisher = new PortfolioPublisher({}, { bus, clock, book });
    publisher.check();
    expect(await next(1)).toMatchObject([
      {
        type: 'portfolio.updated',
        subject: 'acc',
        data: { equity: '100000', cash: [{ currency: 'USDT', amount: '100000' }] },
      },
    ]);
  });
});

describe('market data on a bus', () => {
  test('quotes, bars, trades and what is wrong, in the order of their instrument', async () => {
    const { bus, next } = await heard();
    const clock = new ManualClock(1_000);
    const tracker = new MarketTracker(
      { quality: { staleAfterMs: 500 } },
      { instrumentId: BTC.instrumentId, clock },
    );
    const bars = new BarBuilder({ intervalMs: 1_000 }, { instrument: BTC });
    const market = new MarketEventPublisher({}, { bus, clock, instruments: [BTC] });
    const quality = new DataQualityPublisher({}, { bus, clock });
    quality.update(tracker.view);
    tracker.apply(snapshot(1));
    for (const event of [trade(1), trade(2, { receivedMs: 2_000 })]) {
      market.quote(tracker.apply(event));
      market.trade(event);
      for (const bar of bars.add(event)) {
        market.bar(bar);
        market.bar(bar);
      }
    }
    quality.update(tracker.view);
    clock.advance(1_000);
    quality.update(tracker.check());
    market[Symbol.dispose]();
    quality[Symbol.dispose]();
    const events = await next(7);
    expect(new Set(events.map(({ subject }) => subject))).toEqual(new Set([BTC.instrumentId]));
    expect(events.map(({ type }) => type)).toEqual([
      'market.data-quality-changed',
      'market.trade-printed',
      'market.trade-printed',
      'market.bar-closed',
      'market.quote-updated',
      'market.data-quality-changed',
      'market.data-quality-changed',
    ]);
    expect(events.filter(({ type }) => type === 'market.data-quality-changed')).toMatchObject([
      { data: { began: ['NO_BOOK'], isGood: false } },
      { data: { ended: ['NO_BOOK'], isGood: true } },
      { data: { began: ['STALE'], isGood: false } },
    ]);
    await bus.close();
    expect(await next(0)).toEqual([]); // the bar was told twice
  });
});

describe('a service on a bus', () => {
  test('tells its states, and its dependencies as they go and come', async () => {
    const { bus, next } = await heard();
    const db = { answer: true, close: () => undefined };
    const { service, clock } = probe(
      {
        onStart: ({ use }) =>
          void use('db', db, { check: () => db.answer, critical: false, failAfter: 1, passAfter: 1 }),
      },
      {},
      { events: bus },
    );
    await service.start();
    db.answer = false;
    await pass(clock, 6_000);
    db.answer = true;
    await pass(clock, 6_000);
    await over(clock, service.stop());
    const events = await next(8);
    expect(new Set(events.map(({ type, subject }) => `${type} ${subject ?? ''}`))).toEqual(
      new Set(['system.health-changed probe']),
    );
    const told = events.map(({ data }) => data as { state: string; level: string });
    expect(told.map(({ state, level }) => `${state} ${level}`)).toEqual([
      'starting up',
      'starting up', // db has been asked
      'ready up',
      'degraded degraded',
      'ready up',
      'draining up',
      'stopping up',
      'stopped up',
    ]);
    expect(told[3]).toMatchObject({ dependencies: { db: { status: 'down', critical: false } } });
  });

  test('serves while the bus refuses everything', async () => {
    const { bus } = await heard();
    await bus.close();
    const { service, lines, ask } = probe({}, {}, { events: bus });
    await service.start();
    expect([service.state, await ask('/ready')]).toEqual(['ready', 200]);
    expect(lines.filter(({ msg }) => msg === 'an event was not published')).toMatchObject([
      { publisher: 'service', type: 'system.health-changed' },
    ]);
  });
});
