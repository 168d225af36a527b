// Counters that are born at 0, and the label sets that are known before anything happens.
import { MetricsRegistry } from 'portcullis';
import { seriesIn } from './support/series.ts';

const metrics = new MetricsRegistry();
const ORDERS = {
  name: 'orders_total',
  help: 'Orders by venue, side and outcome.',
  labels: { venue: 'any', side: ['buy', 'sell'], outcome: ['accepted', 'rejected'] },
} as const;
const orders = metrics.counter(ORDERS);
const show = async () => {
  for (const line of seriesIn(await metrics.exposition(), 'orders_total')) console.log(line);
};

console.log('--- defined: its open label has no value yet');
await show();
console.log('--- the venues are known at the start');
orders.expect({ venue: 'toy' });
await show();
console.log('--- one order');
orders.inc({ venue: 'toy', side: 'buy', outcome: 'rejected' });
await show();
console.log('--- the same definition is the same counter, another one is refused');
console.log(metrics.counter(ORDERS) === orders);
try {
  metrics.counter({ ...ORDERS, labels: ['venue'] });
} catch (error) {
  console.log((error as Error).message);
}
