// A handler that is too slow: its time is up, it still runs, and the event comes again. Then the same, handled once.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus, idempotentHandler } from 'portcullis/events';
import { MemoryStateStore } from 'portcullis/storage';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();
const bus = await EmbeddedEventBus.open({}, { clock, catalogue: CATALOGUE });
const store = new MemoryStateStore({ clock }); // a service takes one that outlives it

const effects = { plain: 0, once: 0 };
const slowly = (who: keyof typeof effects, calls: { count: number }) => async () => {
  if (++calls.count === 1) await clock.sleep(400); // does not look at `delivery.signal`
  effects[who] += 1;
};
const impatient = { handlerTimeoutMs: 150, backoffMs: 1 };
bus.subscribe('plain', [PRICE], slowly('plain', { count: 0 }), impatient);
bus.subscribe(
  'once',
  [PRICE],
  idempotentHandler(slowly('once', { count: 0 }), { store, name: 'once', clock }),
  impatient,
);

await bus.publish(PRICE, { symbol: 'BTC', price: 60_000 });
await clock.sleep(1_500);
console.log(`plain: ${effects.plain} effects of one event`);
console.log(`idempotentHandler: ${effects.once} effect`);
await bus.close();
