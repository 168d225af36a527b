// A batch job pushes what it has measured, once, at its end. Metrics of the process are apart.
import { ManualClock, MetricsRegistry } from 'portcullis';
import { pushMetrics } from 'portcullis/telemetry';
import { ScriptedUpstream } from 'portcullis/testing';
import { seriesIn } from './support/series.ts';

const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
const metrics = new MetricsRegistry({ processMetrics: true }, { clock });
metrics.counter({ name: 'rows_total', help: 'Rows that were read.' }).inc(40_000);
metrics.timestamp({ name: 'last_success_timestamp_seconds', help: 'When the job last succeeded.' }).mark();

const ofTheProcess = (text: string) => seriesIn(text, 'process_', 'nodejs_').length > 0;
console.log('of the process:', ofTheProcess(await metrics.exposition()));
console.log('and without:   ', ofTheProcess(await metrics.exposition({ process: false })));

const gateway = await ScriptedUpstream.listen([{ status: 200 }, { status: 400, body: 'bad label' }]); // stands for a Pushgateway
const target = { url: gateway.url, job: 'end-of-day', grouping: { desk: 'crypto/eu' } };
await pushMetrics(metrics, target);
const [pushed] = gateway.requests;
console.log(pushed?.method, pushed?.url, '- of the process:', ofTheProcess(pushed?.body ?? ''));
for (const line of seriesIn(pushed?.body ?? '', 'rows_total', 'last_success')) console.log(line);

await pushMetrics(metrics, target).catch((error: unknown) => {
  const { code, message, retryable } = error as { code: string; message: string; retryable: boolean };
  console.log(
    code,
    message.replace(gateway.url, 'http://pushgateway:9091'),
    '- worth another try:',
    retryable,
  );
});
await gateway.close();
