// What is refused when it is defined, and what is bounded when it is observed.
import { MetricsRegistry } from 'portcullis';
import type { MetricDefinition } from 'portcullis/telemetry';
import { seriesIn } from './support/series.ts';

const metrics = new MetricsRegistry({ maxSeriesPerMetric: 10 }); // 1,000 unless told otherwise
const help = 'Of the guide.';
const bad: readonly MetricDefinition[] = [
  { name: 'fills_total', help, labels: ['order_id'] },
  { name: 'latency_ms_total', help },
  { name: 'orders', help, labels: { side: ['buy', 'buy'] } },
];
for (const definition of bad) {
  try {
    metrics.counter(definition);
  } catch (error) {
    console.log((error as Error).message);
  }
}

const ticks = metrics.counter({ name: 'ticks_total', help, labels: ['symbol'] });
for (let symbol = 0; symbol < 1_000; symbol += 1) ticks.inc({ symbol: `S${String(symbol)}` });
const wait = metrics.histogram({ name: 'wait_seconds', help, buckets: [0.1, 1] });
wait.observe(-1); // the clock was put back
wait.observe(Number.NaN);
ticks.inc({ symbol: '' });

const text = await metrics.exposition();
const shown = seriesIn(text, 'ticks_total', 'wait_seconds_count');
console.log(`${String(shown.length)} series:`, shown.at(0), '...', shown.slice(-3));
for (const line of seriesIn(text, 'metrics_').filter((one) => /"(?:ticks_total|wait_seconds)"/.test(one)))
  console.log(line);
