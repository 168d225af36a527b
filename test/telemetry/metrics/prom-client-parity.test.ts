import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { parseExposition } from '../../support/exposition-parser.ts';

/** The text of these metrics alone, without what the registry says of itself. */
async function textOf(metrics: MetricsRegistry, ...names: string[]): Promise<string> {
  const text = await metrics.exposition();
  parseExposition(text);
  const families = text.split('\n\n').map((family) => family.trimEnd());
  return `${families.filter((family) => names.some((name) => family.startsWith(`# HELP ${name} `))).join('\n\n')}\n`;
}

const HELP = 'Back\\slash, "quote",\nnew line, ümlaut.';
const VALUES = ['plain', 'a"b\\c\nd', 'ü€😀', 'a,side:sell', ' ', '{}=,', '\\n', '__overflow__x'];

describe('the text is that of prom-client', () => {
  test('for counters', async () => {
    const registry = new Registry();
    const theirs = new Counter({
      name: 'a_total',
      help: HELP,
      labelNames: ['z', 'b'],
      registers: [registry],
    });
    const plain = new Counter({ name: 'plain_total', help: 'P.', registers: [registry] });
    const metrics = new MetricsRegistry();
    const ours = metrics.counter({ name: 'a_total', help: HELP, labels: ['z', 'b'] });
    const bare = metrics.counter({ name: 'plain_total', help: 'P.' });
    for (const [at, z] of VALUES.entries()) {
      for (const value of [at, 0.1, 0.2, -0, 1e21, 1e-9, 2 ** 53]) {
        theirs.inc({ z, b: 'x' }, value);
        ours.inc({ z, b: 'x' }, value);
      }
    }
    plain.inc();
    bare.inc();
    expect(await textOf(metrics, 'a_total', 'plain_total')).toBe(await registry.metrics());
  });

  test('for gauges, infinite ones and -0 included', async () => {
    const registry = new Registry();
    const theirs = new Gauge({ name: 'g', help: HELP, labelNames: ['k'], registers: [registry] });
    const metrics = new MetricsRegistry();
    const ours = metrics.gauge({ name: 'g', help: HELP, labels: ['k'] });
    for (const [at, value] of [-0, 0, 0.1 + 0.2, -1e-7, 123456789012345680000, Number.MIN_VALUE].entries()) {
      theirs.set({ k: `k${at}` }, value);
      ours.set({ k: `k${at}` }, value);
    }
    for (const [k, sign] of [
      ['up', 1],
      ['down', -1],
    ] as const) {
      for (let i = 0; i < 2; i += 1) {
        theirs.inc({ k }, sign * Number.MAX_VALUE);
        ours.add({ k }, sign * Number.MAX_VALUE);
      }
    }
    const text = await textOf(metrics, 'g');
    expect(text).toBe(await registry.metrics());
    expect(text).toContain('g{k="up"} +Inf\ng{k="down"} -Inf\n');
    expect(text).toContain('g{k="k0"} 0\n');
  });

  test('for histograms', async () => {
    const registry = new Registry();
    const buckets = [-1.5, -0, 1e-7, 0.005, 1, 2.5, 1e21];
    const theirs = new Histogram({
      name: 'h',
      help: HELP,
      labelNames: ['k', 'a'],
      buckets,
      registers: [registry],
    });
    const plain = new Histogram({ name: 'p', help: 'P.', buckets: [1], registers: [registry] });
    const metrics = new MetricsRegistry();
    const ours = metrics.histogram({ name: 'h', help: HELP, labels: ['k', 'a'], buckets });
    const bare = metrics.histogram({ name: 'p', help: 'P.', buckets: [1] });
    for (const k of VALUES) {
      for (const value of [-2, -1.5, -0, 0, 0.004, 0.005, 0.0051, 1, 3, 1e21, 1e22]) {
        theirs.observe({ k, a: 'x' }, value);
        ours.observe({ k, a: 'x' }, value);
      }
    }
    for (let i = 0; i < 2; i += 1) {
      plain.observe(Number.MAX_VALUE);
      bare.observe(Number.MAX_VALUE);
    }
    const text = await textOf(metrics, 'h', 'p');
    expect(text).toBe(await registry.metrics());
    expect(text).toContain('p_sum +Inf\n');
  });

  test('for a metric that has no series yet', async () => {
    const registry = new Registry();
    new Gauge({ name: 'g', help: 'G.', labelNames: ['k'], registers: [registry] });
    const metrics = new MetricsRegistry();
    metrics.gauge({ name: 'g', help: 'G.', labels: ['k'] });
    expect(await textOf(metrics, 'g')).toBe(await registry.metrics());
  });
});
