/** MetricsRegistry alone: typed definitions, series at 0 from the start, and nothing a bad value could break. */
import { MetricsRegistry } from 'portcullis/telemetry';

const metrics = new MetricsRegistry();

const orders = metrics.counter({
  name: 'orders_total',
  help: 'Orders by side and outcome.',
  labels: { side: ['buy', 'sell'], outcome: ['accepted', 'rejected'] },
});
orders.inc({ side: 'buy', outcome: 'accepted' });

const queue = metrics.gauge({ name: 'queue_depth', help: 'Orders that wait.' });
metrics.collector(() => queue.set(3));

const wait = metrics.histogram({ name: 'wait_seconds', help: 'Time in the queue.', buckets: [0.1, 0.5, 1] });
wait.observe(0.2);
wait.observe(Number.NaN); // dropped and counted: what measures must never break what trades

// A handle for a hot path: its calls touch an array of numbers and nothing else.
const accepted = orders.bind({ side: 'sell', outcome: 'accepted' });
accepted.inc();

// A point in time, not an age: a process that hangs keeps growing older.
metrics.timestamp({ name: 'book_last_update_timestamp_seconds', help: 'Last update of the book.' }).mark();

metrics.recordTrade({
  symbol: 'BTC-USDT',
  side: 'buy',
  strategy: 'ema-cross',
  status: 'filled',
  notional: 1250.5,
});
metrics.recordLatency({ operation: 'submit', target: 'paper', seconds: 0.012 });
metrics.recordError({ component: 'feed', kind: 'TIMEOUT', severity: 'high' });

console.log(await metrics.exposition());
