import { EmbeddedEventBus, type EventBus } from 'portcullis/events';
import { RedisServer, redisMissing } from '../../test/support/redis-server.ts';
import type { BenchResult, Suite } from '../result.ts';
import { clock, openRedis, rounds } from './bus-load.ts';
import { diskOfAMillion, streamOfAMillion } from './bus-million.ts';

/**
 * What a bus costs as it grows: with groups, with instruments, with a million events in one stream. Publisher, groups and, on
 * this machine, the server share its cores.
 */
export const busGrowth: Suite = {
  name: 'bus-growth',
  async run() {
    const embedded = () => EmbeddedEventBus.open({ keepEvents: 1_000 }, { clock });
    const results = [
      ...(await groups('embedded', embedded, [200_000, 50_000, 5_000])),
      ...(await instruments('embedded', embedded, 200_000)),
      ...(await diskOfAMillion()),
    ];
    if (redisMissing !== undefined) {
      console.log(`  ${redisMissing}`);
      return results;
    }
    const server = await RedisServer.start();
    try {
      const open = () => openRedis(server, {});
      results.push(...(await groups('redis', open, [20_000, 2_000, 200])));
      results.push(...(await instruments('redis', open, 20_000)));
      results.push(...(await streamOfAMillion(server)));
    } finally {
      await server[Symbol.asyncDispose]();
    }
    return results;
  },
};

/** One, ten and a hundred groups, each of which gets every event. */
async function groups(name: string, open: () => Promise<EventBus>, counts: readonly number[]) {
  const results: BenchResult[] = [];
  for (const [at, count] of counts.entries()) {
    const bus = await open();
    const size = 10 ** at;
    const names = Array.from({ length: size }, (_, group) => `group-${group}`);
    results.push(await rounds(`${name}-${size}-groups`, bus, { count, instruments: 10, names }));
    for (const group of names) await bus.dropGroup(group);
    await bus.close();
  }
  return results;
}

/** One and a hundred instruments: with a handler that returns at once, and with one that takes a millisecond. */
async function instruments(name: string, open: () => Promise<EventBus>, count: number) {
  const results: BenchResult[] = [];
  for (const size of [1, 100]) {
    const bus = await open();
    results.push(await rounds(`${name}-${size}-inst`, bus, { instruments: size, names: ['quick'], count }));
    await bus.dropGroup('quick');
    const slow = { instruments: size, names: ['slow'], count: 300, takesMs: 1 };
    results.push(await rounds(`${name}-${size}-inst-1ms`, bus, slow));
    await bus.dropGroup('slow');
    await bus.close();
  }
  return results;
}
