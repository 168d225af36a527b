// Publishes a number of events to a bus that is not there, over a log on disk, and is killed as soon as it has said which
// of them are on disk. Arguments: port, directory, first, count.
import { z } from 'zod';
import { RedisEventBus } from '../../../src/adapters/redis/index.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { EventCatalogue, eventType } from '../../../src/events/index.ts';
import { FileAppendLog } from '../../../src/storage/index.ts';

const [port = '', directory = '', first = '', count = ''] = process.argv.slice(2);
const bar = eventType({
  type: 'market.bar',
  schema: z.strictObject({ n: z.int(), key: z.string().optional() }),
  key: ({ key }) => key ?? 'all',
});
const bus = await RedisEventBus.open(
  {
    url: `redis://127.0.0.1:${port}`,
    connectTimeoutMs: 300,
    commandTimeoutMs: 300,
    maxBackoffMs: 100,
  },
  {
    clock: new SystemClock(),
    catalogue: new EventCatalogue([bar]),
    spill: await FileAppendLog.open({ directory, name: 'spill' }),
  },
);
const receipts = await Promise.all(
  Array.from({ length: Number(count) }, (_, at) => bus.publish(bar, { n: Number(first) + at })),
);
process.stdout.write(`${JSON.stringify([...new Set(receipts.map(({ outcome }) => outcome))])}\n`);
setInterval(() => undefined, 1000);
