import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { BAR_CLOSED, EmbeddedEventBus, type EventBus } from 'portcullis/events';
import { FileAppendLog, SqliteStateStore } from 'portcullis/storage';
import type { RedisServer } from '../../test/support/redis-server.ts';
import type { BenchResult } from '../result.ts';
import { clock, openRedis, publishBars, resultOf, rounds } from './bus-load.ts';

const MILLION = 1_000_000;

/** A million events on disk under the embedded bus, and what opening it again takes. */
export async function diskOfAMillion(): Promise<BenchResult[]> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-bench-growth-'));
  const store = await SqliteStateStore.open({ path: join(directory, 'state.db') }, { clock });
  const openLog = (name: string) => FileAppendLog.open({ directory, name });
  const open = () => EmbeddedEventBus.open({ keepEvents: MILLION }, { clock, storage: { openLog, store } });
  try {
    let bus = await open();
    const startedMs = performance.now();
    await publishBars(bus, MILLION, 10, 64);
    const loaded = resultOf('disk-1m-publish', msEach(startedMs));
    await bus.close();
    bus = await timed('embedded, 1m on disk: opened', open);
    await timed('embedded, 1m on disk: first event of a new group', () => firstEvent(bus));
    await bus.close();
    return [loaded];
  } finally {
    await store.close();
    await rm(directory, { recursive: true });
  }
}

/** A million events in one stream: what they take, and what opening, going on, a restart and trimming take. */
export async function streamOfAMillion(server: RedisServer): Promise<BenchResult[]> {
  const client = createClient({ url: server.url });
  client.on('error', () => undefined); // it is back after the restart
  await client.connect();
  const usedMb = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]) / 1_048_576;
  const before = await usedMb();
  let bus = await openRedis(server, { prefix: 'million', batch: 256 });
  const startedMs = performance.now();
  await publishBars(bus, MILLION, 10, 64);
  const loaded = resultOf('redis-1m-publish', msEach(startedMs));
  console.log(`  redis, 1m events: ${((await usedMb()) - before).toFixed(0)} MiB on the server`);
  await bus.close();

  await timed('redis, 1m events: restart of the server', async () => {
    await server.stop();
    await server.start();
  });
  const open = () => openRedis(server, { prefix: 'million' });
  bus = await timed('redis, 1m events: opened', open);
  await timed('redis, 1m events: first event of a new group', () => firstEvent(bus));
  await bus.dropGroup('late');
  const full = await rounds('redis-1m-1-groups', bus, { count: 20_000, instruments: 10, names: ['bench'] });
  await bus.close();

  bus = await openRedis(server, { prefix: 'million', keepEvents: 1_000, trimEveryMs: 100 });
  await timed('redis, 1m events: trimmed to 1,000', async () => {
    while (Number(await client.sendCommand(['XLEN', 'million:{market.0}:events'])) > 1_000)
      await clock.sleep(50);
  });
  await bus.close();
  client.destroy();
  return [loaded, full];
}

/** A group that begins with the first event; it is stopped as soon as it has that. */
async function firstEvent(bus: EventBus): Promise<void> {
  const first = Promise.withResolvers<undefined>();
  const group = bus.subscribe(
    'late',
    [BAR_CLOSED],
    () => {
      first.resolve(undefined);
    },
    { from: 'beginning' },
  );
  await first.promise;
  await group.stop();
}

const msEach = (startedMs: number): number => ((performance.now() - startedMs) * 1e6) / MILLION;

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const result = await work();
  console.log(`  ${what}: ${(performance.now() - startedMs).toFixed(0)} ms`);
  return result;
}
