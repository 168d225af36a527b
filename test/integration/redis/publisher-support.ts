import { createClient } from '@redis/client';
import { z } from 'zod';
import {
  RedisEventBus,
  type RedisEventBusDeps,
  type RedisEventBusOptions,
} from '../../../src/adapters/redis/index.ts';
import { SystemClock } from '../../../src/core/clock.ts';
import { EventCatalogue, eventType } from '../../../src/events/index.ts';

export const BAR = eventType({
  type: 'market.bar',
  schema: z.strictObject({ n: z.int(), key: z.string().optional() }),
  key: ({ key }) => key ?? 'all',
});

export const QUICK = { commandTimeoutMs: 300, connectTimeoutMs: 2_000, maxBackoffMs: 100 };

export const openBus = (
  options: RedisEventBusOptions,
  deps: Partial<RedisEventBusDeps> = {},
): Promise<RedisEventBus> =>
  RedisEventBus.open(
    { ...QUICK, ...options },
    { clock: new SystemClock(), catalogue: new EventCatalogue([BAR]), ...deps },
  );

/** A plain client beside the bus, to look at the server and to trouble it. */
export async function plainClient(url: string) {
  const client = createClient({ url, RESP: 2 });
  client.on('error', () => undefined);
  await client.connect();
  const call = (...args: string[]) => client.sendCommand<unknown>(args);
  return {
    call,
    /** The numbers of all events in a partition of the topic, in order. */
    numbers: async (partition = 0, prefix = 'portcullis'): Promise<number[]> => {
      const entries = (await call('XRANGE', `${prefix}:{market.${partition}}:events`, '-', '+')) as [
        string,
        string[],
      ][];
      return entries.map(([, fields]) => (JSON.parse(String(fields[1])) as { data: { n: number } }).data.n);
    },
    [Symbol.asyncDispose]: async () => {
      client.destroy();
      await Promise.resolve();
    },
  };
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Publishes `from` to `to - 1`; how often each outcome came, and how many were rejected. */
export async function publishRange(
  bus: RedisEventBus,
  from: number,
  to: number,
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  const count = (outcome: string): void => {
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  };
  await Promise.all(
    Array.from({ length: to - from }, (_, at) =>
      bus.publish(BAR, { n: from + at }).then(
        ({ outcome }) => {
          count(outcome);
        },
        () => {
          count('rejected');
        },
      ),
    ),
  );
  return outcomes;
}
