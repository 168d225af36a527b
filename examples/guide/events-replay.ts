// A new group begins where you say; a replay looks at what was, and moves nobody's place.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus } from 'portcullis/events';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();
const bus = await EmbeddedEventBus.open({}, { clock, catalogue: CATALOGUE });
for (const price of [1, 2, 3]) await bus.publish(PRICE, { symbol: 'BTC', price });

const seen: Record<string, number[]> = { late: [], complete: [], replay: [] };
const into =
  (name: string) =>
  ({ data }: { data: { price: number } }) =>
    seen[name]?.push(data.price);
await bus.subscribe('late', [PRICE], into('late')).ready; // from: 'new'
await bus.subscribe('complete', [PRICE], into('complete'), { from: 'beginning' }).ready;
await bus.publish(PRICE, { symbol: 'BTC', price: 4 });

const replay = bus.replay([PRICE], into('replay'), { from: { topic: 'market', position: '2' } });
const { handled, complete } = await replay.done;
console.log('replayed', handled, complete ? 'and that was all' : 'and there is more');
console.log(seen);
console.log((await bus.groups()).map(({ group, lag }) => `${group}: lag ${String(lag)}`).join(', '));
await bus.close();
