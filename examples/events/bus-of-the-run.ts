import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus, type EventBus } from 'portcullis/events';
import { FileAppendLog, SqliteStateStore } from 'portcullis/storage';

/** The medium of one run, on which a bus may be opened, closed and opened again, as services do when they restart. */
export interface Medium {
  readonly name: string;
  open(): Promise<{ readonly bus: EventBus; close(): Promise<void> }>;
  remove(): Promise<void>;
}

const clock = new SystemClock();

/** On disk, inside this process: no server, and the same contract. */
export async function embedded(): Promise<Medium> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-events-'));
  return {
    name: 'the embedded bus, on disk',
    async open() {
      const store = await SqliteStateStore.open({ path: join(directory, 'state.db') }, { clock });
      const openLog = (name: string) => FileAppendLog.open({ directory, name });
      const bus = await EmbeddedEventBus.open({}, { clock, storage: { openLog, store } });
      return {
        bus,
        async close() {
          await bus.close();
          await store.close();
        },
      };
    },
    remove: () => rm(directory, { recursive: true }),
  };
}

/** On a Redis server. Members of a group share its work by partition, so there are several. */
export async function redis(url: string): Promise<Medium> {
  const { RedisEventBus } = await import('portcullis/adapters/redis'); // needs `@redis/client`
  const prefix = `example-${randomUUID()}`; // a run does not see what another has left
  return {
    name: 'Redis',
    async open() {
      const bus = await RedisEventBus.open({ url, prefix, partitions: 4 }, { clock });
      return {
        bus,
        async close() {
          await bus.close();
        },
      };
    },
    remove: () => Promise.resolve(), // its keys stay, a few kilobytes under that prefix
  };
}
