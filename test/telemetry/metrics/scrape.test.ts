import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/core/index.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { parseExposition } from '../../support/exposition-parser.ts';

async function samples(metrics: MetricsRegistry, name: string): Promise<string[]> {
  const text = await metrics.exposition();
  return text.split('\n').filter((line) => line.startsWith(name));
}

const failures = (metrics: MetricsRegistry) => samples(metrics, 'metrics_collector_failures_total');

/** A clock that counts the turns it gives, and does something in each. */
class TurningClock extends ManualClock {
  turns = 0;
  inTurn: () => void = () => {};

  override async turn(): Promise<void> {
    this.turns += 1;
    this.inTurn();
    await super.turn();
  }
}

describe('a large exposition', () => {
  const large = (clock: TurningClock) => {
    const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10_000 }, { clock });
    const ticks = metrics.counter({ name: 'ticks_total', help: 'T.', labels: ['k'] });
    for (let i = 0; i < 10_000; i += 1) ticks.inc({ k: `${i}` });
    return { metrics, ticks };
  };

  test('gives the event loop a turn for each thousand lines', async () => {
    const clock = new TurningClock();
    const { metrics } = large(clock);
    parseExposition(await metrics.exposition());
    expect(clock.turns).toBe(10);
  });

  test('counts the lines of a histogram, not its series', async () => {
    const clock = new TurningClock();
    const metrics = new MetricsRegistry({}, { clock });
    const wait = metrics.histogram({
      name: 'wait',
      help: 'W.',
      labels: ['k'],
      buckets: [1, 2, 3, 4, 5, 6, 7],
    });
    for (let i = 0; i < 1000; i += 1) wait.observe({ k: `${i}` }, 1);
    await metrics.exposition();
    expect(clock.turns).toBe(10);
  });

  test('adds small metrics up to a turn', async () => {
    const clock = new TurningClock();
    const metrics = new MetricsRegistry({}, { clock });
    for (let i = 0; i < 500; i += 1) metrics.counter({ name: `c${i}_total`, help: 'C.' });
    await metrics.exposition();
    // Each has five lines of the registry's own beside its sample.
    expect(clock.turns).toBeGreaterThanOrEqual(2);
  });

  test('shows each metric as it was at one moment', async () => {
    const clock = new TurningClock();
    const { metrics, ticks } = large(clock);
    clock.inTurn = () => {
      for (let i = 0; i < 10_000; i += 500) ticks.inc({ k: `${i}` });
      ticks.remove({ k: `${clock.turns * 7}` });
      ticks.inc({ k: `9${clock.turns}` }, 5);
    };
    const text = await metrics.exposition();
    const lines = text.split('\n').filter((line) => line.startsWith('ticks_total{'));
    expect(lines).toEqual(Array.from({ length: 10_000 }, (_, i) => `ticks_total{k="${i}"} 1`));
  });
});

describe('scrapes at the same time', () => {
  test('share one answer, and collectors run once', async () => {
    const metrics = new MetricsRegistry();
    let asked = 0;
    metrics.collector(() => {
      asked += 1;
    });
    const [a, b] = await Promise.all([metrics.exposition(), metrics.exposition()]);
    expect([asked, a === b]).toEqual([1, true]);
    await metrics.exposition();
    expect(asked).toBe(2);
  });

  test('in different formats do not', async () => {
    const metrics = new MetricsRegistry();
    const [text, open] = await Promise.all([
      metrics.exposition(),
      metrics.exposition({ format: 'openmetrics' }),
    ]);
    expect([text.endsWith('# EOF\n'), open.endsWith('# EOF\n')]).toEqual([false, true]);
  });
});

describe('collectors', () => {
  test('may take their time', async () => {
    const metrics = new MetricsRegistry();
    const depth = metrics.gauge({ name: 'depth', help: 'D.' });
    metrics.collector(async () => {
      await Promise.resolve();
      depth.set(4);
    });
    expect(await samples(metrics, 'depth')).toEqual(['depth 4']);
  });

  test('that reject are counted', async () => {
    const metrics = new MetricsRegistry();
    metrics.collector(() => Promise.reject(new Error('no')));
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 1']);
  });

  test('that hang hold a scrape up for the timeout and no longer, and are not asked again', async () => {
    const clock = new ManualClock();
    const metrics = new MetricsRegistry({ collectorTimeoutMs: 100 }, { clock });
    let asked = 0;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    metrics.collector(() => {
      asked += 1;
      return promise;
    });
    let text: string | undefined;
    const scrape = metrics.exposition().then((done) => (text = done));
    clock.advance(99);
    await clock.turn();
    expect(text).toBeUndefined();
    clock.advance(1);
    await scrape;
    expect(text).toContain('metrics_collector_failures_total 1\n');
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 2']);
    expect(asked).toBe(1);
    resolve(undefined);
    await clock.turn();
    const answered = metrics.exposition();
    await answered;
    expect(asked).toBe(2);
  });

  test('leave no timer behind', async () => {
    const clock = new ManualClock();
    const metrics = new MetricsRegistry({}, { clock });
    metrics.collector(() => Promise.resolve());
    await metrics.exposition();
    expect(clock.nextDueMs).toBe(Infinity);
  });
});

describe('an injected prom-client registry', () => {
  const theirs = () => {
    const registry = new Registry();
    const registers = [registry];
    new Counter({ name: 'theirs_total', help: 'A "q" \\.', labelNames: ['k'], registers }).inc(
      { k: 'a"b' },
      2,
    );
    new Gauge({ name: 'temperature', help: 'G.', registers }).set(-1);
    new Histogram({ name: 'sizes', help: 'H.', buckets: [1, 2.5], labelNames: ['k'], registers }).observe(
      { k: 'x' },
      2,
    );
    return registry;
  };

  test('is exposed after our metrics, as it would show itself', async () => {
    const registry = theirs();
    const metrics = new MetricsRegistry({}, { registry });
    const text = await metrics.exposition();
    parseExposition(text);
    expect(text.endsWith(`\n\n${await registry.metrics()}`)).toBe(true);
  });

  test('in OpenMetrics too, without a trace left in it', async () => {
    const registry = theirs();
    registry.setDefaultLabels({ app: 'demo' });
    new Summary({ name: 'latency', help: 'S.', registers: [registry] }).observe(1);
    new Counter({ name: 'unnamed', help: 'U.', registers: [registry] }).inc();
    const before = await registry.metrics();
    const metrics = new MetricsRegistry({}, { registry });
    const text = await metrics.exposition({ format: 'openmetrics' });
    expect(parseExposition(text, 'openmetrics').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['theirs', 'temperature', 'sizes', 'latency', 'unnamed']),
    );
    expect(text).toContain('theirs_total{k="a\\"b",app="demo"} 2\n');
    expect(text).toContain('sizes_bucket{le="1.0",k="x",app="demo"} 0\n');
    expect(text).toContain('unnamed_total{app="demo"} 1\n');
    expect(await registry.metrics()).toBe(before);
  });

  test.each([
    ['counter', 'theirs_total', 'theirs_total'],
    ['counter', 'temperature_total', 'temperature'],
    ['gauge', 'sizes', 'sizes'],
  ] as const)('keeps its names: our %s %s is refused', (kind, name, taken) => {
    const metrics = new MetricsRegistry({}, { registry: theirs() });
    expect(() => metrics[kind]({ name, help: 'X.' })).toThrow(
      expect.objectContaining({
        code: 'METRIC_CONFLICT',
        message: `metric ${taken} exists in the injected registry already`,
      }),
    );
  });

  test('keeps the names of its samples from our histograms', () => {
    const registry = new Registry();
    new Gauge({ name: 'wait_count', help: 'W.', registers: [registry] });
    const metrics = new MetricsRegistry({}, { registry });
    expect(() => metrics.histogram({ name: 'wait', help: 'X.' })).toThrow(
      /metric wait_count exists in the injected/,
    );
  });

  test('with our own names in it is refused at once', () => {
    const registry = new Registry();
    new Counter({ name: 'metrics_series', help: 'M.', registers: [registry] });
    expect(() => new MetricsRegistry({}, { registry })).toThrow(
      expect.objectContaining({ code: 'METRIC_CONFLICT' }),
    );
  });

  test('that takes one of our names later does not spoil the text: theirs is left out and counted', async () => {
    const registry = new Registry();
    const metrics = new MetricsRegistry({}, { registry });
    metrics.gauge({ name: 'depth', help: 'D.' }).set(3);
    new Gauge({ name: 'depth', help: 'Theirs.', registers: [registry] }).set(9);
    parseExposition(await metrics.exposition());
    expect(await samples(metrics, 'depth')).toEqual(['depth 3']);
    expect(await failures(metrics)).not.toEqual(['metrics_collector_failures_total 0']);
  });

  test('that fails takes nothing of ours along, and is counted', async () => {
    const registry = new Registry();
    new Gauge({
      name: 'broken',
      help: 'B.',
      registers: [registry],
      collect: () => {
        throw new Error('no');
      },
    });
    const metrics = new MetricsRegistry({}, { registry });
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 1']);
  });

  const hanging = () => {
    const clock = new ManualClock();
    const { promise, resolve } = Promise.withResolvers<[]>();
    let asked = 0;
    const registry = {
      getMetricsAsJSON: () => {
        asked += 1;
        return promise;
      },
      getSingleMetric: () => undefined,
    };
    const metrics = new MetricsRegistry({ collectorTimeoutMs: 100 }, { clock, registry });
    metrics.gauge({ name: 'depth', help: 'D.' }).set(3);
    return { metrics, clock, end: () => resolve([]), asked: () => asked };
  };

  test('that hangs holds a scrape up for the timeout and no longer; ours is exposed, the failure counted', async () => {
    const { metrics, clock } = hanging();
    let text: string | undefined;
    const scrape = metrics.exposition().then((done) => (text = done));
    await clock.turn();
    clock.advance(99);
    await clock.turn();
    expect(text).toBeUndefined();
    clock.advance(1);
    await scrape;
    parseExposition(text ?? '');
    expect(text).toContain('depth 3\n');
    expect(text).toContain('metrics_collector_failures_total 1\n');
    expect(clock.nextDueMs).toBe(Infinity);
  });

  test('that hangs is not asked again and holds no later scrape up, until it has answered', async () => {
    const { metrics, clock, end, asked } = hanging();
    const scrapes = [metrics.exposition(), metrics.exposition({ format: 'openmetrics' })];
    await clock.turn();
    clock.advance(100);
    await Promise.all(scrapes);
    expect(asked()).toBe(2);
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 3']);
    expect(asked()).toBe(2);
    end();
    await clock.turn();
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 3']);
    expect(asked()).toBe(3);
  });

  test('that answers in time leaves no timer behind, and two scrapes at once each have it', async () => {
    const clock = new ManualClock();
    const metrics = new MetricsRegistry({}, { clock, registry: theirs() });
    const both = await Promise.all([metrics.exposition(), metrics.exposition({ format: 'openmetrics' })]);
    for (const text of both) expect(text).toContain('temperature -1');
    expect(clock.nextDueMs).toBe(Infinity);
    expect(await failures(metrics)).toEqual(['metrics_collector_failures_total 0']);
  });
});

describe('process metrics', () => {
  const make = (prefix = '') => {
    const clock = new ManualClock();
    return { clock, metrics: new MetricsRegistry({ processMetrics: true, prefix }, { clock }) };
  };

  test('come after ours, and stay out when asked to', async () => {
    const { metrics } = make();
    const own = await metrics.exposition({ process: false });
    const both = await metrics.exposition();
    expect(both.startsWith(`${own}\n`)).toBe(true);
    expect(own).not.toMatch(/^(?:process|nodejs)_/m);
    expect(both).toMatch(/^process_cpu_seconds_total \d/m);
    expect(both).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  });

  test('bear the prefix, and leave out the lag of the scrape itself', async () => {
    const { metrics } = make('acme_');
    const text = await metrics.exposition();
    expect(text).toMatch(/^acme_process_cpu_seconds_total \d/m);
    expect(text).not.toMatch(/nodejs_eventloop_lag_seconds/);
  });

  test('are looked at once a second at most', async () => {
    const { metrics, clock } = make();
    const cpu = async () => (await samples(metrics, 'process_cpu_seconds_total'))[0];
    const first = await cpu();
    for (const until = process.cpuUsage().user + 20_000; process.cpuUsage().user < until;);
    clock.advance(999);
    expect(await cpu()).toBe(first);
    clock.advance(1);
    expect(await cpu()).not.toBe(first);
  });

  test('can be read in OpenMetrics', async () => {
    const { metrics } = make();
    const text = await metrics.exposition({ format: 'openmetrics' });
    expect(parseExposition(text, 'openmetrics').length).toBeGreaterThan(20);
  });
});
