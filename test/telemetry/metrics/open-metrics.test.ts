import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import {
  type ExemplarSource,
  MetricsRegistry,
  type MetricsRegistryDeps,
} from '../../../src/telemetry/index.ts';
import { parseExposition } from '../../support/exposition-parser.ts';

const TRACE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const SHOWN = `trace_id="${TRACE.traceId}",span_id="${TRACE.spanId}"`;

const make = (deps: MetricsRegistryDeps = {}) =>
  new MetricsRegistry({}, { clock: new ManualClock(1_700_000_000_125), ...deps });

/** The lines with this beginning; the text has to be good OpenMetrics. */
async function open(metrics: MetricsRegistry, start: string): Promise<string[]> {
  const text = await metrics.exposition({ format: 'openmetrics' });
  parseExposition(text, 'openmetrics');
  return text.split('\n').filter((line) => line.startsWith(start));
}

const badExemplars = async (metrics: MetricsRegistry, metric: string) =>
  (await open(metrics, `metrics_invalid_observations_total{metric="${metric}",reason="exemplar"}`))[0]
    ?.split(' ')
    .at(-1);

describe('OpenMetrics', () => {
  test('names a counter without _total, and its sample with it', async () => {
    const metrics = make();
    metrics.counter({ name: 'wait_seconds_total', help: 'A "b" \\.', unit: 'seconds' }).inc(2);
    expect(await open(metrics, '# HELP wait')).toEqual(['# HELP wait_seconds A \\"b\\" \\\\.']);
    expect(await open(metrics, '# TYPE wait')).toEqual(['# TYPE wait_seconds counter']);
    expect(await open(metrics, '# UNIT wait')).toEqual(['# UNIT wait_seconds seconds']);
    expect(await open(metrics, 'wait_seconds')).toEqual(['wait_seconds_total 2']);
  });

  test('writes bounds as floats', async () => {
    const metrics = make();
    metrics.histogram({ name: 'size_bytes', help: 'S.', buckets: [0.5, 1, 1e21] });
    expect((await open(metrics, 'size_bytes_bucket')).map((line) => line.split('"')[1])).toEqual([
      '0.5',
      '1.0',
      '1e+21',
      '+Inf',
    ]);
  });

  test('has no units that were not named, and Prometheus text has none at all', async () => {
    const metrics = make();
    metrics.gauge({ name: 'size_bytes', help: 'S.' });
    metrics.gauge({ name: 'rest_bytes', help: 'S.', unit: 'bytes' });
    expect(await open(metrics, '# UNIT')).toEqual(['# UNIT rest_bytes bytes']);
    expect(await metrics.exposition()).not.toContain('# UNIT');
  });

  test('is served as what it is, to those who ask for it', async () => {
    const metrics = make();
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(metrics.contentTypeFor('openmetrics')).toBe(
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    );
    expect(metrics.contentTypeFor('text')).toBe(metrics.contentType);
  });

  test.each([
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['application/openmetrics-text; version=0.0.1, */*;q=0.1', 'text'],
    ['Application/OpenMetrics-Text; q=0.4, text/plain; q=0.5', 'text'],
    ['application/openmetrics-text;q=0.5,text/plain;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=x', 'text'],
  ] as const)('to Accept: %s it answers %s', async (accept, format) => {
    const metrics = make();
    const { contentType, body } = await metrics.scrape(accept);
    expect(contentType).toBe(metrics.contentTypeFor(format));
    parseExposition(body, format);
  });
});

describe('an exemplar', () => {
  test('of a counter is shown with what was added, and when', async () => {
    const metrics = make();
    const a = metrics.counter({ name: 'a_total', help: 'A.', labels: ['k'] });
    a.inc({ k: 'x' }, 2, { traceId: 'old' });
    a.inc({ k: 'x' }, 3, TRACE);
    a.inc({ k: 'y' }, undefined, { traceId: 'abc' });
    a.inc({ k: 'y' });
    expect(await open(metrics, 'a_total')).toEqual([
      `a_total{k="x"} 5 # {${SHOWN}} 3 1700000000.125`,
      'a_total{k="y"} 2 # {trace_id="abc"} 1 1700000000.125',
    ]);
  });

  test('of a histogram stands at its bucket', async () => {
    const metrics = make();
    const h = metrics.histogram({ name: 'h', help: 'H.', buckets: [1, 2] });
    h.observe(0.5);
    h.observe(1.5, TRACE);
    h.observe(9, { traceId: 'far' });
    expect(await open(metrics, 'h_')).toEqual([
      'h_bucket{le="1.0"} 1',
      `h_bucket{le="2.0"} 2 # {${SHOWN}} 1.5 1700000000.125`,
      'h_bucket{le="+Inf"} 3 # {trace_id="far"} 9 1700000000.125',
      'h_sum 11',
      'h_count 3',
    ]);
  });

  test('can be given to a handle', async () => {
    const metrics = make();
    metrics.counter({ name: 'a_total', help: 'A.' }).bind().inc(2, { traceId: 'abc' });
    metrics
      .histogram({ name: 'h', help: 'H.', buckets: [1] })
      .bind()
      .observe(0.5, { traceId: 'abc' });
    expect(await open(metrics, 'a_total')).toEqual(['a_total 2 # {trace_id="abc"} 2 1700000000.125']);
    expect((await open(metrics, 'h_bucket'))[0]).toBe(
      'h_bucket{le="1.0"} 1 # {trace_id="abc"} 0.5 1700000000.125',
    );
  });

  test('never shows in Prometheus text', async () => {
    const metrics = make();
    metrics.counter({ name: 'a_total', help: 'A.' }).inc(1, TRACE);
    expect(await metrics.exposition()).not.toContain('trace_id');
  });

  test.each([
    { traceId: '' },
    { traceId: 'a"b' },
    { traceId: 'x'.repeat(65) },
    { traceId: 7 },
    { traceId: 'abc', spanId: 'no dots.' },
    { traceId: 'abc', spanId: 'x'.repeat(33) },
    {},
    null,
    'abc',
  ])('that cannot be, %j, is left out and counted; the observation counts', async (exemplar) => {
    const metrics = make();
    const a = metrics.counter({ name: 'a_total', help: 'A.' });
    a.inc(1, exemplar as never);
    expect(await open(metrics, 'a_total')).toEqual(['a_total 1']);
    expect(await badExemplars(metrics, 'a_total')).toBe('1');
  });
});

describe('an injected source of exemplars', () => {
  const counting = (answer: ExemplarSource) => {
    const calls = { count: 0 };
    const exemplar: ExemplarSource = () => {
      calls.count += 1;
      return answer();
    };
    return { calls, metrics: make({ exemplar }) };
  };

  test('is asked once for each series and bucket, until they have been shown', async () => {
    const { calls, metrics } = counting(() => ({ traceId: 'abc' }));
    const h = metrics.histogram({ name: 'h', help: 'H.', buckets: [1] });
    for (let i = 0; i < 5; i += 1) h.observe(0.5);
    h.observe(2);
    expect(calls.count).toBe(2);
    expect((await open(metrics, 'h_bucket'))[0]).toBe(
      'h_bucket{le="1.0"} 5 # {trace_id="abc"} 0.5 1700000000.125',
    );
    h.observe(0.25);
    expect(calls.count).toBe(3);
    expect((await open(metrics, 'h_bucket'))[0]).toContain('} 0.25 ');
  });

  test('that has none leaves the last one', async () => {
    let sampled = true;
    const { metrics } = counting(() => (sampled ? { traceId: 'abc' } : undefined));
    const a = metrics.counter({ name: 'a_total', help: 'A.' });
    a.inc();
    await open(metrics, 'a_total');
    sampled = false;
    a.inc();
    expect(await open(metrics, 'a_total')).toEqual(['a_total 2 # {trace_id="abc"} 1 1700000000.125']);
  });

  test('is asked for no gauge, no bad value and no handle', () => {
    const { calls, metrics } = counting(() => ({ traceId: 'abc' }));
    metrics.gauge({ name: 'g', help: 'G.' }).set(1);
    const a = metrics.counter({ name: 'a_total', help: 'A.' });
    a.inc(-1);
    a.bind().inc();
    expect(calls.count).toBe(0);
  });

  test('that throws is counted and breaks nothing', async () => {
    const { metrics } = counting(() => {
      throw new Error('no');
    });
    const a = metrics.counter({ name: 'a_total', help: 'A.' });
    a.inc();
    expect(await open(metrics, 'a_total')).toEqual(['a_total 1']);
    expect(await badExemplars(metrics, 'a_total')).toBe('1');
  });
});

describe('units', () => {
  test.each([
    ['gauge', 'wait_seconds', 'bytes'],
    ['gauge', 'wait_seconds', 'Seconds'],
    ['gauge', 'seconds', 'seconds'],
    ['counter', 'wait_seconds_total', 'total'],
  ] as const)('%s %s in %s is refused', (kind, name, unit) => {
    expect(() => make()[kind]({ name, help: 'X.', unit })).toThrow(/unit: expected/);
  });

  test('tell definitions apart', () => {
    const metrics = make();
    metrics.gauge({ name: 'wait_seconds', help: 'X.' });
    expect(() => metrics.gauge({ name: 'wait_seconds', help: 'X.', unit: 'seconds' })).toThrow(
      expect.objectContaining({ code: 'METRIC_CONFLICT' }),
    );
  });
});

describe('names that OpenMetrics cannot tell apart', () => {
  test('are refused: a counter and a gauge of one family', () => {
    const metrics = make();
    metrics.gauge({ name: 'orders', help: 'O.' });
    expect(() => metrics.counter({ name: 'orders_total', help: 'O.' })).toThrow(
      'metric orders exists in OpenMetrics as orders, wanted orders_total',
    );
  });
});

describe('a timestamp', () => {
  test('is Unix time in seconds, 0 until it is set', async () => {
    const metrics = make();
    const last = metrics.timestamp({
      name: 'last_update_timestamp_seconds',
      help: 'L.',
      labels: { source: ['a', 'b', 'c'] },
    });
    const plain = metrics.timestamp({ name: 'plain_timestamp_seconds', help: 'P.' });
    last.mark({ source: 'a' });
    last.set({ source: 'b' }, 1500);
    plain.mark();
    expect(await open(metrics, 'last_update')).toEqual([
      'last_update_timestamp_seconds{source="a"} 1700000000.125',
      'last_update_timestamp_seconds{source="b"} 1.5',
      'last_update_timestamp_seconds{source="c"} 0',
    ]);
    expect(await open(metrics, 'plain_')).toEqual(['plain_timestamp_seconds 1700000000.125']);
    plain.set(2000);
    expect(await open(metrics, 'plain_')).toEqual(['plain_timestamp_seconds 2']);
  });

  test.each([NaN, -1, '5', undefined])('of %s is dropped and counted', async (value) => {
    const metrics = make();
    const plain = metrics.timestamp({ name: 'plain_timestamp_seconds', help: 'P.' });
    plain.set(value as number);
    expect(await open(metrics, 'plain_')).toEqual(['plain_timestamp_seconds 0']);
    expect(
      await open(
        metrics,
        'metrics_invalid_observations_total{metric="plain_timestamp_seconds",reason="value"}',
      ),
    ).toEqual(['metrics_invalid_observations_total{metric="plain_timestamp_seconds",reason="value"} 1']);
  });

  test('says so in its name', () => {
    expect(() => make().timestamp({ name: 'last_update_seconds', help: 'L.' })).toThrow(
      /ends in _timestamp_seconds/,
    );
  });
});

describe('an info', () => {
  test('is one series of 1, replaced when it changes', async () => {
    const metrics = make();
    const build = metrics.info({ name: 'build_info', help: 'B.', labels: ['version', 'revision'] });
    expect(await open(metrics, 'build')).toEqual([]);
    build.set({ version: '1', revision: 'a' });
    build.set({ version: '2', revision: 'b"' });
    expect(await open(metrics, 'build')).toEqual(['build_info{version="2",revision="b\\""} 1']);
    expect(await open(metrics, '# TYPE build')).toEqual(['# TYPE build info']);
    expect(await metrics.exposition()).toContain('# TYPE build_info gauge\nbuild_info{');
  });

  test('with a value that cannot be shows __overflow__ and counts it', async () => {
    const metrics = make();
    const build = metrics.info({ name: 'build_info', help: 'B.', labels: ['version'] });
    build.set({ version: '' });
    build.set(undefined as never);
    expect(await open(metrics, 'build')).toEqual(['build_info{version="__overflow__"} 1']);
    expect(
      await open(metrics, 'metrics_invalid_observations_total{metric="build_info",reason="label"}'),
    ).toEqual(['metrics_invalid_observations_total{metric="build_info",reason="label"} 2']);
  });

  test('says so in its name, and no other metric does', () => {
    expect(() => make().info({ name: 'build', help: 'B.', labels: ['version'] })).toThrow(/ends in _info/);
    expect(() => make().gauge({ name: 'build_info', help: 'B.' })).toThrow(/ends in _info/);
  });
});
