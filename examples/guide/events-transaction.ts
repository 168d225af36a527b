// The effect and the mark in one write: whenever the process dies, either both are there or neither.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus, idempotentHandler } from 'portcullis/events';
import { MemoryStateStore } from 'portcullis/storage';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();
const store = new MemoryStateStore({ clock }); // a service takes `SqliteStateStore`
const bus = await EmbeddedEventBus.open({}, { clock, catalogue: CATALOGUE });

const countOf = async (key: string) => Number((await store.get(key))?.value ?? 0);

const counter = idempotentHandler<{ symbol: string }>(
  async ({ data }, { attempt }, mark) => {
    const key = `seen/${data.symbol}`;
    await store.setAll([{ key, value: (await countOf(key)) + 1 }, mark]);
    if (attempt === 1) throw new Error('as if it had died here, after the effect');
  },
  { store, name: 'counter', clock },
);
bus.subscribe('counter', [PRICE], counter, { backoffMs: 1 });

await bus.publish(PRICE, { symbol: 'BTC', price: 60_000 });
await clock.sleep(300);
console.log('counted:', await countOf('seen/BTC'));
await bus.close();
