// One event cannot be handled. Its key waits for it, the other key does not; requeued, it comes behind the newest.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus } from 'portcullis/events';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();
const bus = await EmbeddedEventBus.open({}, { clock, catalogue: CATALOGUE });
const seen: string[] = [];
let isFixed = false;
bus.subscribe(
  'chart',
  [PRICE],
  ({ data: { symbol, price } }) => {
    if (price === 2 && !isFixed) throw new Error('I cannot handle 2');
    seen.push(`${symbol}=${price}`);
  },
  { maxAttempts: 3, backoffMs: 20, concurrency: 2 },
);

for (const [symbol, price] of [
  ['BTC', 1],
  ['BTC', 2],
  ['BTC', 3],
  ['ETH', 4],
] as const)
  await bus.publish(PRICE, { symbol, price });

const lettersOf = () => bus.deadLetters.list({ group: 'chart' });
while ((await lettersOf()).length === 0) await clock.sleep(5);
await clock.sleep(50);
const [letter] = await lettersOf();
console.log('in order of handling:', seen.join(' '));
console.log('dead:', letter?.reason, 'after', letter?.attempts, 'attempts:', letter?.detail);

isFixed = true;
await bus.deadLetters.requeue([letter?.letterId ?? '']);
await clock.sleep(50);
console.log('after the fix:', seen.join(' '));
console.log('dead letters left:', (await lettersOf()).length);
await bus.close();
