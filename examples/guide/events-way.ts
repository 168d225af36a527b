// One event, two groups, and what each of them is told of it.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus } from 'portcullis/events';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();
const bus = await EmbeddedEventBus.open({}, { clock, catalogue: CATALOGUE });

for (const group of ['chart', 'risk'])
  bus.subscribe(group, [PRICE], ({ data }, { position, attempt }) => {
    console.log(`${group}: ${data.symbol} at ${data.price}, position ${position}, attempt ${attempt}`);
  });

const told = await bus.publish(PRICE, { symbol: 'BTC', price: 60_000 }, { id: 'venue-77' });
console.log(told.outcome);
const again = await bus.publish(PRICE, { symbol: 'BTC', price: 60_000 }, { id: 'venue-77' });
console.log(again.outcome);
try {
  await bus.publish(PRICE, { symbol: 'BTC', price: NaN });
} catch (error) {
  console.log(error instanceof Error && error.message);
}
await bus.close();
