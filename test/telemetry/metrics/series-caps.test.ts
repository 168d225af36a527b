import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../../src/core/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { parseExposition } from '../../support/exposition-parser.ts';

async function samples(metrics: MetricsRegistry, name: string): Promise<string[]> {
  const text = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(name));
}

const seen = (metrics: MetricsRegistry, name = 'seen_total') =>
  metrics.counter({ name, help: 'Seen.', labels: ['route'] });

describe('a million random paths', () => {
  test('make no more series than the cap, and no heap that grows', { timeout: 60_000 }, async () => {
    const metrics = new MetricsRegistry();
    const counter = seen(metrics);
    const histogram = metrics.histogram({ name: 'wait_seconds', help: 'Wait.', labels: ['route'] });
    const random = new SeededRandom(7);
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const heap = (): number => {
      gc();
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    };
    let before = 0;
    for (let i = 0; i < 1_000_000; i += 1) {
      const labels = { route: `/x/${random.next()}` };
      counter.inc(labels);
      if (i % 10 === 0) histogram.observe(labels, 0.1);
      if (i === 20_000) before = heap();
    }
    expect(heap() - before).toBeLessThan(2_000_000);

    const [total, waits] = [
      await samples(metrics, 'seen_total'),
      await samples(metrics, 'wait_seconds_count'),
    ];
    expect([total.length, waits.length]).toEqual([1001, 1001]);
    expect(total.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)).toBe(1_000_000);
    expect(await samples(metrics, 'metrics_series_dropped_total{metric="seen_total"}')).toEqual([
      'metrics_series_dropped_total{metric="seen_total"} 999000',
    ]);
    parseExposition(await metrics.exposition());
  });
});

describe('the total cap', () => {
  /** The base metrics have no label set from the start. */
  const make = () => new MetricsRegistry({ maxSeries: 12 });

  test('holds at exactly the limit over all metrics, and says which cap it was', async () => {
    const metrics = make();
    const [a, b] = [seen(metrics, 'a_total'), seen(metrics, 'b_total')];
    for (let i = 0; i < 6; i += 1) a.inc({ route: `${i}` });
    for (let i = 0; i < 6; i += 1) b.inc({ route: `${i}` });
    expect(await samples(metrics, 'metrics_series_dropped_by_total_cap_total')).toEqual([
      'metrics_series_dropped_by_total_cap_total 0',
    ]);
    a.inc({ route: 'new' });
    b.inc({ route: 'new' });
    b.inc({ route: 'newer' });
    expect(await samples(metrics, 'metrics_series_dropped_by_total_cap_total')).toEqual([
      'metrics_series_dropped_by_total_cap_total 3',
    ]);
    expect(await samples(metrics, 'metrics_series_dropped_total{metric="b_total"}')).toEqual([
      'metrics_series_dropped_total{metric="b_total"} 2',
    ]);
    expect(await samples(metrics, 'b_total{route="__overflow__"}')).toEqual([
      'b_total{route="__overflow__"} 2',
    ]);
  });

  test('is 20,000 unless told otherwise', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 100_000 });
    const a = seen(metrics);
    for (let i = 0; i < 20_001; i += 1) a.inc({ route: `${i}` });
    expect(await samples(metrics, 'metrics_series_dropped_by_total_cap_total')).toEqual([
      'metrics_series_dropped_by_total_cap_total 1',
    ]);
  });

  test('never keeps a definition out, whose series then count', async () => {
    const metrics = make();
    for (let i = 0; i < 12; i += 1) seen(metrics).inc({ route: `${i}` });
    metrics.gauge({ name: 'depth', help: 'D.', labels: { queue: ['a', 'b'] } });
    expect(await samples(metrics, 'depth')).toEqual(['depth{queue="a"} 0', 'depth{queue="b"} 0']);
    seen(metrics).remove({ route: '1' });
    seen(metrics).inc({ route: 'new' });
    expect(await samples(metrics, 'metrics_series_dropped_by_total_cap_total')).toEqual([
      'metrics_series_dropped_by_total_cap_total 1',
    ]);
  });

  test('the cap of the metric is named when that is the one', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 });
    for (let i = 0; i < 11; i += 1) seen(metrics).inc({ route: `${i}` });
    expect(await samples(metrics, 'metrics_series_dropped_by_total_cap_total')).toEqual([
      'metrics_series_dropped_by_total_cap_total 0',
    ]);
  });
});

describe('metrics_series', () => {
  test('says how many label sets each metric has', async () => {
    const metrics = new MetricsRegistry();
    seen(metrics).inc({ route: 'a' });
    seen(metrics).inc({ route: 'b' });
    metrics.gauge({ name: 'plain', help: 'P.' });
    metrics.info({ name: 'build_info', help: 'B.', labels: ['version'] });
    const lines = await samples(metrics, 'metrics_series{');
    expect(lines).toEqual([
      'metrics_series{metric="trading_trades_total"} 0',
      'metrics_series{metric="trading_trade_notional_quote_total"} 0',
      'metrics_series{metric="trading_errors_total"} 0',
      'metrics_series{metric="trading_operation_duration_seconds"} 0',
      'metrics_series{metric="seen_total"} 2',
      'metrics_series{metric="plain"} 1',
      'metrics_series{metric="build_info"} 0',
    ]);
  });
});

describe('remove', () => {
  const orders = (metrics: MetricsRegistry) =>
    metrics.counter({
      name: 'orders_total',
      help: 'O.',
      labels: { symbol: 'any', side: ['buy', 'sell'], venue: 'any' },
    });

  test('takes out every series with these open values, whatever its other labels', async () => {
    const metrics = new MetricsRegistry();
    const metric = orders(metrics);
    for (const symbol of ['A', 'B'])
      for (const venue of ['x', 'y']) metric.inc({ symbol, venue, side: 'buy' });
    expect(metric.remove({ symbol: 'A' })).toBe(4);
    expect(metric.remove({ symbol: 'B', venue: 'x' })).toBe(2);
    // What stays is still the same series, and not born a second time.
    metric.inc({ symbol: 'B', venue: 'y', side: 'buy' });
    expect(await samples(metrics, 'orders_total')).toEqual([
      'orders_total{symbol="B",side="buy",venue="y"} 2',
      'orders_total{symbol="B",side="sell",venue="y"} 0',
    ]);
  });

  test('removes nothing for values it does not know, and nothing at all without an open label', async () => {
    const metrics = new MetricsRegistry();
    const metric = orders(metrics);
    metric.inc({ symbol: 'A', venue: 'x', side: 'buy' });
    expect(metric.remove({ symbol: 'Z' })).toBe(0);
    expect(metric.remove({})).toBe(0);
    expect(metric.remove({ side: 'buy' } as never)).toBe(0);
    expect(metric.remove(undefined as never)).toBe(0);
    expect(metrics.gauge({ name: 'depth', help: 'D.' }).remove({})).toBe(0);
    expect(await samples(metrics, 'orders_total')).toHaveLength(2);
  });

  test('makes room under both caps', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10, maxSeries: 10 });
    const metric = seen(metrics);
    for (let round = 0; round < 50; round += 1) {
      for (let i = 0; i < 10; i += 1) metric.inc({ route: `${round}-${i}` });
      for (let i = 0; i < 10; i += 1) expect(metric.remove({ route: `${round}-${i}` })).toBe(1);
    }
    expect(await samples(metrics, 'metrics_series_dropped_total{metric="seen_total"}')).toEqual([
      'metrics_series_dropped_total{metric="seen_total"} 0',
    ]);
    expect(await samples(metrics, 'seen_total')).toEqual([]);
  });

  test('of the overflow series gives no room that was never taken', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 });
    const metric = seen(metrics);
    for (let i = 0; i < 11; i += 1) metric.inc({ route: `${i}` });
    expect(metric.remove({ route: '__overflow__' })).toBe(1);
    metric.inc({ route: 'new' });
    expect(await samples(metrics, 'seen_total{route="new"}')).toEqual([]);
    expect(await samples(metrics, 'metrics_series_dropped_total{metric="seen_total"}')).toEqual([
      'metrics_series_dropped_total{metric="seen_total"} 2',
    ]);
  });

  test('what comes back starts at 0', async () => {
    const metrics = new MetricsRegistry();
    const h = metrics.histogram({ name: 'h', help: 'H.', labels: ['k'], buckets: [1] });
    h.observe({ k: 'a' }, 0.5);
    h.remove({ k: 'a' });
    h.expect({ k: 'a' });
    expect(await samples(metrics, 'h_')).toEqual([
      'h_bucket{le="1",k="a"} 0',
      'h_bucket{le="+Inf",k="a"} 0',
      'h_sum{k="a"} 0',
      'h_count{k="a"} 0',
    ]);
  });
});
