import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { MetricsRegistry } from '../../src/telemetry/index.ts';

const missing = spawnSync('promtool', ['--version']).error !== undefined;
if (missing) console.warn('promtool is not installed: its check of the exposition is skipped');

/** What `promtool check metrics` says of this text; its exit code first. */
function check(text: string): readonly [status: number | null, said: string] {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  return [status, stdout + stderr];
}

/** One of everything, with awkward values. */
function full(): MetricsRegistry {
  const metrics = new MetricsRegistry({ processMetrics: true, maxSeriesPerMetric: 10 });
  const orders = metrics.counter({
    name: 'orders_total',
    help: 'Orders "by" \\ symbol.\nTwo lines.',
    labels: { symbol: 'any', side: ['buy', 'sell'] },
  });
  for (let i = 0; i < 20; i += 1) orders.inc({ symbol: `a"\\\n${i}ü`, side: 'sell' });
  orders.inc({ symbol: 'x', side: 'hold' as 'buy' }, NaN);
  const wait = metrics.histogram({ name: 'wait_seconds', help: 'Wait.', unit: 'seconds', labels: ['kind'] });
  for (const seconds of [0, 0.001, 1e9]) wait.observe({ kind: 'a' }, seconds, { traceId: 'abc' });
  metrics.gauge({ name: 'far', help: 'Far.' }).set(-1e300);
  metrics.timestamp({ name: 'last_run_timestamp_seconds', help: 'Last.' }).mark();
  metrics.info({ name: 'build_info', help: 'B.', labels: ['version'] }).set({ version: '1' });
  metrics.recordTrade({ symbol: 'B', side: 'buy', strategy: 's', status: 'filled', notional: 1.5 });
  metrics.recordError({ component: 'feed', kind: 'TIMEOUT', severity: 'high' });
  metrics.recordLatency({ operation: 'submit', target: 'paper', seconds: 0.1 });
  return metrics;
}

describe.skipIf(missing)('promtool check metrics', () => {
  test('has nothing to say about what is ours', async () => {
    expect(check(await full().exposition({ process: false }))).toEqual([0, '']);
  });

  test('reads what is ours and the process together, and complains about names of prom-client alone', async () => {
    const [status, said] = check(await full().exposition());
    expect(status).toBe(3);
    expect(
      said
        .trim()
        .split('\n')
        .filter((line) => !/^nodejs_active_/.test(line)),
    ).toEqual([]);
  });

  test('would complain about damage', async () => {
    const text = await full().exposition({ process: false });
    expect(check(text.replace('# TYPE far gauge\n', '# TYPE far gauge\n# TYPE far gauge\n'))[0]).not.toBe(0);
    expect(check(text.replace(/# HELP far .*\n/, ''))[0]).not.toBe(0);
  });
});
