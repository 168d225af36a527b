import { describe, expect, test } from 'vitest';
import { Bulkhead } from '../../../src/resilience/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { limiterOf, WaitingWorld } from './waiting-world.ts';

/** The samples whose names begin so, without buckets. */
async function samples(metrics: MetricsRegistry, prefix: string): Promise<readonly string[]> {
  const text = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(prefix) && !line.includes('_bucket{'));
}

describe('metrics of a rate limiter', () => {
  test('start at 0, for each priority and each reason', async () => {
    const metrics = new MetricsRegistry();
    limiterOf(new WaitingWorld(), { name: 'binance' }, metrics);
    const lines = await samples(metrics, 'trading_rate_limit_');
    const waits = ['critical', 'high', 'normal', 'low'].flatMap((priority) =>
      ['sum', 'count'].map(
        (of) => `trading_rate_limit_waits_seconds_${of}{target="binance",priority="${priority}"} 0`,
      ),
    );
    const rejections = ['queue-full', 'wait-too-long', 'banned', 'weight-too-high'].map(
      (because) => `trading_rate_limit_rejections_total{target="binance",because="${because}"} 0`,
    );
    expect(lines.toSorted()).toEqual(
      [
        ...waits,
        ...rejections,
        'trading_rate_limit_usage_ratio{target="binance",bucket="requests"} 0',
      ].toSorted(),
    );
  });

  test('show how full each bucket is when they are asked, not when a call last came', async () => {
    const world = new WaitingWorld();
    const metrics = new MetricsRegistry();
    const limiter = limiterOf(world, { capacity: 4, name: 'a' }, metrics);
    world.ask(limiter, 'x', { weight: 3 });
    const usage = () => samples(metrics, 'trading_rate_limit_usage');
    expect(await usage()).toEqual(['trading_rate_limit_usage_ratio{target="a",bucket="requests"} 0.75']);
    await world.advance(1_000);
    expect(await usage()).toEqual(['trading_rate_limit_usage_ratio{target="a",bucket="requests"} 0.5']);
    limiter[Symbol.dispose]();
    await world.advance(1_000);
    expect(await usage()).toEqual(['trading_rate_limit_usage_ratio{target="a",bucket="requests"} 0.5']);
  });

  test('count the waits of those who went, and all refusals', async () => {
    const world = new WaitingWorld();
    const metrics = new MetricsRegistry();
    const limiter = limiterOf(world, { name: 'a', maxQueued: 2, maxWaitMs: 3_000 }, metrics);
    world.ask(limiter, 'at once', { weight: 2 });
    world.ask(limiter, 'waits 1.5 s', { weight: 1.5, priority: 'high' });
    world.ask(limiter, 'displaced', { priority: 'low' });
    world.ask(limiter, 'gives up for the ban');
    world.ask(limiter, 'queue full', { weight: 0 });
    world.ask(limiter, 'too heavy', { weight: 3 });
    world.ask(limiter, 'too long', { weight: 2, deadlineMs: 10 });
    await world.advance(1_500);
    limiter.pauseFor(10_000);
    world.ask(limiter, 'banned');
    const lines = await samples(metrics, 'trading_rate_limit_');
    expect(lines.filter((line) => !line.endsWith(' 0') && !line.includes('usage'))).toEqual([
      'trading_rate_limit_waits_seconds_sum{target="a",priority="high"} 1.5',
      'trading_rate_limit_waits_seconds_count{target="a",priority="high"} 1',
      'trading_rate_limit_rejections_total{target="a",because="queue-full"} 2',
      'trading_rate_limit_rejections_total{target="a",because="wait-too-long"} 1',
      'trading_rate_limit_rejections_total{target="a",because="banned"} 2',
      'trading_rate_limit_rejections_total{target="a",because="weight-too-high"} 1',
    ]);
  });
});

test('metrics of a bulkhead follow what runs, waits and is given up', async () => {
  const world = new WaitingWorld();
  const metrics = new MetricsRegistry();
  const bulkhead = new Bulkhead(
    { maxConcurrent: 1, maxQueued: 1, name: 'b' },
    { clock: world.clock, metrics },
  );
  const shown = async () =>
    (await samples(metrics, 'trading_bulkhead_')).map((line) =>
      line.replace('trading_bulkhead_', '').replace('{target="b"}', ''),
    );
  expect(await shown()).toEqual(['running 0', 'waiting 0', 'abandoned 0', 'rejections_total 0']);
  const ended = Promise.withResolvers<undefined>();
  const outcome = Promise.withResolvers<undefined>();
  world.ask(bulkhead, 'a', {}, async () => {
    await outcome.promise;
    const failure = { code: 'WORK_FAILED', upstream: 'failing', mayRetry: false, error: 1 } as const;
    return { ok: false, failure: { ...failure, stillRunning: ended.promise } };
  });
  world.ask(bulkhead, 'b');
  world.ask(bulkhead, 'c');
  await world.clock.turn();
  expect(await shown()).toEqual(['running 1', 'waiting 1', 'abandoned 0', 'rejections_total 1']);
  outcome.resolve(undefined);
  await world.clock.turn();
  expect(await shown()).toEqual(['running 1', 'waiting 1', 'abandoned 1', 'rejections_total 1']);
  ended.resolve(undefined);
  await world.clock.turn();
  expect(await shown()).toEqual(['running 0', 'waiting 0', 'abandoned 0', 'rejections_total 1']);
});
