import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';

async function samples(metrics: MetricsRegistry, name: string): Promise<string[]> {
  const text = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(name));
}

const counterOf = (metrics: MetricsRegistry) =>
  metrics.counter({ name: 'a_total', help: 'A.', labels: { symbol: 'any', side: ['buy', 'sell'] } });

describe('a bound counter', () => {
  test('starts its series and its siblings at 0', async () => {
    const metrics = new MetricsRegistry();
    counterOf(metrics).bind({ symbol: 'B', side: 'buy' });
    expect(await samples(metrics, 'a_total')).toEqual([
      'a_total{symbol="B",side="buy"} 0',
      'a_total{symbol="B",side="sell"} 0',
    ]);
  });

  test('counts into the same series as the metric, and as other handles', async () => {
    const metrics = new MetricsRegistry();
    const a = counterOf(metrics);
    const labels = { symbol: 'B', side: 'buy' } as const;
    a.bind(labels).inc();
    a.inc(labels, 2);
    a.bind(labels).inc(0.5);
    expect(await samples(metrics, 'a_total{symbol="B",side="buy"}')).toEqual([
      'a_total{symbol="B",side="buy"} 3.5',
    ]);
  });

  test('stays with its labels whatever becomes of the object they came in', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 });
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    for (let i = 0; i < 10; i += 1) a.inc({ k: `${i}` });
    const labels = { k: 'late' };
    const handle = a.bind(labels);
    labels.k = '1';
    a.remove({ k: '0' });
    handle.inc();
    handle.inc();
    expect(await samples(metrics, 'a_total{k="late"}')).toEqual(['a_total{k="late"} 2']);
  });

  test.each([NaN, Infinity, -1, '1', null, 5n])('drops and counts %s', async (value) => {
    const metrics = new MetricsRegistry();
    const handle = metrics.counter({ name: 'a_total', help: 'A.' }).bind();
    handle.inc(value as number);
    handle.inc();
    expect(await samples(metrics, 'a_total')).toEqual(['a_total 1']);
    expect(
      await samples(metrics, 'metrics_invalid_observations_total{metric="a_total",reason="value"}'),
    ).toEqual(['metrics_invalid_observations_total{metric="a_total",reason="value"} 1']);
  });

  test('keeps its place among very many that come later', async () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10_000 });
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    const handles = Array.from({ length: 5000 }, (_, i) => a.bind({ k: `${i}` }));
    for (const [i, handle] of handles.entries()) handle.inc(i);
    const lines = await samples(metrics, 'a_total');
    expect(lines).toEqual(handles.map((_, i) => `a_total{k="${i}"} ${i}`));
  });
});

describe('a handle without room', () => {
  const full = () => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 });
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    for (let i = 0; i < 10; i += 1) a.inc({ k: `${i}` });
    return { metrics, a };
  };

  test('counts each observation under __overflow__ and as dropped; binding alone counts nothing', async () => {
    const { metrics, a } = full();
    const handle = a.bind({ k: 'late' });
    const dropped = () => samples(metrics, 'metrics_series_dropped_total{metric="a_total"}');
    expect(await dropped()).toEqual(['metrics_series_dropped_total{metric="a_total"} 0']);
    handle.inc();
    handle.inc(2);
    expect(await dropped()).toEqual(['metrics_series_dropped_total{metric="a_total"} 2']);
    expect(await samples(metrics, 'a_total{k="__')).toEqual(['a_total{k="__overflow__"} 3']);
  });

  test('gets its own series as soon as there is room', async () => {
    const { metrics, a } = full();
    const handle = a.bind({ k: 'late' });
    handle.inc();
    expect(a.remove({ k: '3' })).toBe(1);
    handle.inc(4);
    handle.inc(5);
    expect(await samples(metrics, 'a_total{k="late"}')).toEqual(['a_total{k="late"} 9']);
  });

  test('with a label that is not listed counts it as such each time', async () => {
    const metrics = new MetricsRegistry();
    const handle = counterOf(metrics).bind({ symbol: 'B', side: 'hold' as 'buy' });
    handle.inc();
    handle.inc();
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{symbol="B",side="__overflow__"} 2']);
    expect(
      await samples(metrics, 'metrics_invalid_observations_total{metric="a_total",reason="label"}'),
    ).toEqual(['metrics_invalid_observations_total{metric="a_total",reason="label"} 2']);
  });
});

describe('a handle of a series that was removed', () => {
  test('starts it again at 0, and never writes into the row of another', async () => {
    const metrics = new MetricsRegistry();
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    const gone = a.bind({ k: 'gone' });
    gone.inc(7);
    a.remove({ k: 'gone' });
    a.inc({ k: 'new' });
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{k="new"} 1']);
    gone.inc(2);
    gone.inc();
    expect(await samples(metrics, 'a_total')).toEqual(['a_total{k="new"} 1', 'a_total{k="gone"} 3']);
  });

  test('for gauges and histograms too', async () => {
    const metrics = new MetricsRegistry();
    const g = metrics.gauge({ name: 'g', help: 'G.', labels: ['k'] });
    const h = metrics.histogram({ name: 'h', help: 'H.', labels: ['k'], buckets: [1] });
    const [set, add, observe] = [g.bind({ k: 'set' }), g.bind({ k: 'add' }), h.bind({ k: 'x' })];
    set.set(5);
    add.add(5);
    observe.observe(0.5);
    for (const k of ['set', 'add']) g.remove({ k });
    h.remove({ k: 'x' });
    for (const _ of [1, 2]) {
      set.set(3);
      add.add(-1);
      observe.observe(2);
    }
    expect(await samples(metrics, 'g{')).toEqual(['g{k="set"} 3', 'g{k="add"} -2']);
    expect(await samples(metrics, 'h_')).toEqual([
      'h_bucket{le="1",k="x"} 0',
      'h_bucket{le="+Inf",k="x"} 2',
      'h_sum{k="x"} 4',
      'h_count{k="x"} 2',
    ]);
  });
});

describe('bound gauges and histograms', () => {
  test('write what the metric would', async () => {
    const metrics = new MetricsRegistry();
    const g = metrics.gauge({ name: 'g', help: 'G.' }).bind();
    const h = metrics.histogram({ name: 'h_seconds', help: 'H.', buckets: [1, 2] }).bind();
    g.set(5);
    g.add(-7);
    for (const value of [0, 1, 1.5, 2, 3]) h.observe(value);
    expect(await samples(metrics, 'g ')).toEqual(['g -2']);
    expect(await samples(metrics, 'h_')).toEqual([
      'h_seconds_bucket{le="1"} 2',
      'h_seconds_bucket{le="2"} 4',
      'h_seconds_bucket{le="+Inf"} 5',
      'h_seconds_sum 7.5',
      'h_seconds_count 5',
    ]);
  });

  test('drop and count what cannot be', async () => {
    const metrics = new MetricsRegistry();
    const g = metrics.gauge({ name: 'g', help: 'G.' }).bind();
    const h = metrics.histogram({ name: 'h_seconds', help: 'H.', buckets: [1] }).bind();
    g.set(NaN);
    g.add(-Infinity);
    h.observe(-0.1);
    h.observe(undefined as never);
    expect(await samples(metrics, 'g ')).toEqual(['g 0']);
    expect(await samples(metrics, 'h_seconds_count')).toEqual(['h_seconds_count 0']);
    for (const metric of ['g', 'h_seconds'])
      expect(
        await samples(metrics, `metrics_invalid_observations_total{metric="${metric}",reason="value"}`),
      ).toEqual([`metrics_invalid_observations_total{metric="${metric}",reason="value"} 2`]);
  });
});
