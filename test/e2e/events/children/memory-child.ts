// Sends bars through a bus and says how many bytes more are held after the last than after the first fifth, which fills what has
// a bound. Needs --expose-gc. Arguments: memory, disk or redis; events; a directory, or the port of the server.
import { RedisEventBus } from '../../../../src/adapters/redis/index.ts';
import { SystemClock } from '../../../../src/core/index.ts';
import { BAR_CLOSED, EmbeddedEventBus, type EventBus } from '../../../../src/events/index.ts';
import { FileAppendLog, MemoryStateStore } from '../../../../src/storage/index.ts';
import { MetricsRegistry } from '../../../../src/telemetry/index.ts';

const BATCH = 250;
const [kind = '', count = '', where = ''] = process.argv.slice(2);
const events = Number(count);
const clock = new SystemClock();

function open(): Promise<EventBus> {
  const metrics = new MetricsRegistry();
  if (kind === 'redis') {
    const options = { url: `redis://127.0.0.1:${where}`, partitions: 4, keepEvents: 1_000, trimEveryMs: 500 };
    return RedisEventBus.open(options, { clock, metrics });
  }
  const openLog = (name: string) => FileAppendLog.open({ directory: where, name });
  const storage = kind === 'disk' ? { openLog, store: new MemoryStateStore({ clock }) } : undefined;
  const kept = { keepEvents: 1_000, dedupeEvents: 1_000 };
  return EmbeddedEventBus.open(kept, { clock, metrics, ...(storage !== undefined && { storage }) });
}

const bus = await open();
let handled = 0;
let published = 0;

// A thousand instruments, each event with an id of its own, one in a hundred fails once.
await bus.subscribe(
  'memory',
  [BAR_CLOSED],
  async ({ data }, { attempt }) => {
    if (data.openMs % 100 === 0) await Promise.resolve();
    if (data.openMs % 100 === 0 && attempt === 1) throw new Error('once');
    handled += 1;
  },
  { backoffMs: 1, concurrency: 8 },
).ready;

const bar = (at: number) => ({
  ...{ instrumentId: `INST-${at % 1_000}`, openMs: at, closeMs: at + 60_000 },
  ...{ open: 100, high: 101, low: 99, close: 100.5, volume: 12.5, trades: 3 },
});

async function send(more: number): Promise<void> {
  const until = published + more;
  while (published < until) {
    const bars = Array.from({ length: BATCH }, () => bar(published++));
    await Promise.all(bars.map((data) => bus.publish(BAR_CLOSED, data, { id: `bar-${data.openMs}` })));
  }
  while (handled < published) await clock.sleep(5);
}

/** After a little more, since a bus lets go of events when newer ones come. */
async function heldAfter(more: number): Promise<number> {
  await send(more - 1_000);
  await send(1_000);
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await clock.sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = await heldAfter(events / 5);
const after = await heldAfter(events);
process.stdout.write(JSON.stringify({ handled, grownBytes: after - before }));
await bus.close();
