// A point in time instead of an age; a collector; and a collector that fails.
import { ManualClock, MetricsRegistry } from 'portcullis';
import { seriesIn } from './support/series.ts';

const clock = new ManualClock(Date.UTC(2026, 0, 5, 12));
const metrics = new MetricsRegistry({}, { clock });
const help = 'Of the guide.';
const lastQuote = metrics.timestamp({ name: 'last_quote_timestamp_seconds', help, labels: ['symbol'] });
lastQuote.expect({ symbol: 'BTC-USD' });
lastQuote.expect({ symbol: 'ETH-USD' });
const age = metrics.gauge({ name: 'last_quote_age_seconds', help }); // the mistake
const queue = metrics.gauge({ name: 'queue_depth', help });

const waiting = ['a', 'b', 'c'];
metrics.collector(() => {
  queue.set(waiting.length); // asked before each scrape: nothing to forget in the code that fills the queue
});
metrics.collector(() => {
  throw new Error('the pool is closed');
});

lastQuote.mark({ symbol: 'BTC-USD' });
age.set(0);
for (const seconds of [0, 300]) {
  clock.advance(seconds * 1_000); // and what feeds us hangs
  const text = await metrics.exposition();
  console.log(`--- ${String(seconds)} s later, at ${String(clock.nowMs() / 1_000)}`);
  for (const line of seriesIn(text, 'last_quote', 'queue_depth', 'metrics_collector')) console.log(line);
}
