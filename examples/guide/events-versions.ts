// An event of last year, read by the code of today.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus, EventCatalogue, eventType } from 'portcullis/events';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import { z } from 'zod';

const clock = new SystemClock();
const log = new MemoryAppendLog();
const storage = { openLog: () => Promise.resolve(log), store: new MemoryStateStore({ clock }) };

const first = z.strictObject({ symbol: z.string(), price: z.number() });
const OLD = eventType({ type: 'market.price', schema: first });
const lastYear = await EmbeddedEventBus.open({}, { clock, catalogue: new EventCatalogue([OLD]), storage });
await lastYear.publish(OLD, { symbol: 'BTC', price: 60_000 });
await lastYear.close();

const NOW = eventType({
  type: 'market.price',
  version: 2,
  schema: z.strictObject({ symbol: z.string(), price: z.string(), currency: z.string() }),
  previous: [
    {
      version: 1,
      schema: first,
      upgrade: ({ symbol, price }: z.output<typeof first>) => ({
        ...{ symbol, price: String(price), currency: 'USD' },
      }),
    },
  ],
});
const today = await EmbeddedEventBus.open({}, { clock, catalogue: new EventCatalogue([NOW]), storage });
const replay = today.replay([NOW], ({ dataversion, data }) => console.log('version', dataversion, data), {
  from: 'beginning',
});
await replay.done;
await today.close();
