import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { LoadShedding } from '../../../src/service/http/load-shedding.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { as, problem, problemIn, serving } from './support.ts';

const CHASSIS = ['/live', '/startup', '/ready', '/health', '/metrics', '/openapi.json', '/docs'];
const HALF_SECOND = 500;

function shedding() {
  const clock = new ManualClock();
  const metrics = new MetricsRegistry();
  const loop = { delayMs: 0 };
  const limits = { maxInFlight: 10, maxEventLoopDelayMs: 100 };
  const shed = new LoadShedding(limits, { clock, metrics, loopDelay: () => loop.delayMs });
  const shedSeries = async (): Promise<string[]> =>
    (await metrics.exposition()).split('\n').filter((line) => line.startsWith('trading_load_shed_total'));
  return { clock, metrics, loop, shed, shedSeries };
}

describe('LoadShedding', () => {
  test('lets in what is at its limits', () => {
    const { clock, loop, shed } = shedding();
    loop.delayMs = 100;
    clock.advance(HALF_SECOND);
    expect(shed.refuses(10)).toBeUndefined();
  });

  test('refuses one request more, and counts it', async () => {
    const { shed, shedSeries } = shedding();
    expect(shed.refuses(11)).toBe('in_flight');
    expect(await shedSeries()).toEqual([
      'trading_load_shed_total{reason="in_flight"} 1',
      'trading_load_shed_total{reason="event_loop"} 0',
    ]);
  });

  test('refuses while the event loop lags more, as seen each half second', async () => {
    const { clock, loop, shed, shedSeries, metrics } = shedding();
    loop.delayMs = 100.1;
    expect(shed.refuses(1)).toBeUndefined();
    clock.advance(HALF_SECOND - 1);
    expect(shed.refuses(1)).toBeUndefined();
    clock.advance(1);
    expect(shed.refuses(1)).toBe('event_loop');
    expect(await metrics.exposition()).toContain('\nservice_event_loop_delay_seconds 0.1001\n');
    loop.delayMs = 3;
    clock.advance(HALF_SECOND);
    expect(shed.refuses(1)).toBeUndefined();
    expect(await shedSeries()).toEqual([
      'trading_load_shed_total{reason="in_flight"} 0',
      'trading_load_shed_total{reason="event_loop"} 1',
    ]);
  });

  test('looks no more when disposed', () => {
    const { clock, shed } = shedding();
    shed[Symbol.dispose]();
    expect(clock.nextDueMs).toBe(Infinity);
  });
});

describe('a service with too much to do', () => {
  const busyAnswer = problem(503, {
    title: 'Service Unavailable',
    detail: 'the service has too much to do',
    instance: '/fast',
    correlationId: 'c1',
  });

  function busy(options: Parameters<typeof serving>[1] = {}) {
    const answer = Promise.withResolvers<string>();
    const world = serving(
      (own) => {
        own.get('/slow', () => answer.promise);
        own.get('/fast', () => 'x');
      },
      { limits: { maxInFlight: 2 }, ...options },
    );
    return { ...world, answer };
  }

  test('turns the request above its limit away, and takes the next when one is done', async () => {
    const { ask, answer, metrics } = busy();
    const slow = [ask('/slow'), ask('/slow')];
    const third = await ask({ url: '/fast', ...as('c1') });
    expect([problemIn(third), third.headers['retry-after']]).toEqual([busyAnswer, '1']);
    answer.resolve('x');
    await Promise.all(slow);
    expect((await ask('/fast')).status).toBe(200);
    expect(await metrics.exposition()).toContain('trading_load_shed_total{reason="in_flight"} 1\n');
  });

  test.each(CHASSIS)('answers %s all the same', async (url) => {
    const { ask, answer, loop, clock } = busy({ limits: { maxInFlight: 1, maxEventLoopDelayMs: 50 } });
    loop.delayMs = 60;
    clock.advance(HALF_SECOND);
    const slow = [ask('/slow'), ask('/slow')];
    expect((await ask('/fast')).status).toBe(503);
    expect((await ask(url)).status).toBe(200);
    answer.resolve('x');
    await Promise.all(slow);
  });

  test('turns away while its event loop lags', async () => {
    const { ask, loop, clock } = busy({ limits: { maxEventLoopDelayMs: 50 } });
    loop.delayMs = 51;
    clock.advance(HALF_SECOND);
    expect(problemIn(await ask({ url: '/fast', ...as('c1') }))).toEqual(busyAnswer);
    loop.delayMs = 50;
    clock.advance(HALF_SECOND);
    expect((await ask('/fast')).status).toBe(200);
  });
});
