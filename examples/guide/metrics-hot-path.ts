// A handle for a hot path, and the trace beside a slow observation.
import { ManualClock, MetricsRegistry } from 'portcullis';
import { seriesIn } from './support/series.ts';

const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
const metrics = new MetricsRegistry({}, { clock });
const decided = metrics.counter({
  name: 'decisions_total',
  help: 'Decisions by outcome.',
  labels: { outcome: ['approved', 'denied'] },
});
const took = metrics.histogram({
  name: 'decision_duration_seconds',
  help: 'How long a decision took.',
  buckets: [0.00001, 0.0001, 0.001], // with the objective, 100 us, among them
});

const approved = decided.bind({ outcome: 'approved' }); // once: labels are looked up here
const duration = took.bind();
for (let n = 0; n < 1_000; n += 1) {
  approved.inc();
  duration.observe(0.000008);
}
took.observe(0.0007, { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' });

console.log('--- text');
for (const line of seriesIn(await metrics.exposition(), 'decision')) console.log(line);
console.log('--- OpenMetrics, for a scraper that prefers it');
const { contentType, body } = await metrics.scrape('application/openmetrics-text');
console.log(contentType);
for (const line of seriesIn(body, 'decision_duration_seconds_bucket')) console.log(line);
