import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import {
  RedisGroups,
  type RedisGroupsDeps,
  type RedisGroupsOptions,
} from '../../../src/adapters/redis/redis-groups.ts';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { SystemClock } from '../../../src/core/clock.ts';
import { EventCatalogue, eventType } from '../../../src/events/index.ts';

export const TICK = eventType({
  type: 'market.tick',
  schema: z.strictObject({ symbol: z.string(), n: z.int() }),
  subject: ({ symbol }) => symbol,
});
export const BAR = eventType({
  type: 'market.bar',
  schema: z.strictObject({ symbol: z.string(), n: z.int() }),
  subject: ({ symbol }) => symbol,
});
export const FILL = eventType({
  type: 'order.filled',
  version: 2,
  schema: z.strictObject({ symbol: z.string(), n: z.int() }),
  subject: ({ symbol }) => symbol,
});
export const CATALOGUE = new EventCatalogue([TICK, BAR, FILL]);

const OPTIONS = {
  prefix: 'test',
  name: 'events',
  partitions: 1,
  batch: 32,
  leaseMs: 1000,
  commandTimeoutMs: 2000,
} satisfies RedisGroupsOptions;

export interface GroupsWorld extends AsyncDisposable {
  readonly groups: RedisGroups;
  readonly link: RedisConnection;
  /** Adds events as a publisher does; their ids on the server. */
  add(topic: string, partition: number, ...texts: readonly string[]): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** An event as it lies on the server. */
export const eventText = (type: string, symbol: string, n: number, more: object = {}): string =>
  JSON.stringify({
    ...{ specversion: '1.0', id: `${symbol}-${n}-${randomBytes(4).toString('hex')}`, source: '/test', type },
    ...{ dataversion: type === FILL.type ? 2 : 1, time: '2026-11-21T10:00:00.000Z', subject: symbol },
    data: { symbol, n },
    ...more,
  });

export const tick = (symbol: string, n: number): string => eventText(TICK.type, symbol, n);

/** The reading half over real connections. */
export async function openGroups(
  url: string,
  options: Partial<RedisGroupsOptions> = {},
  deps: Partial<RedisGroupsDeps> = {},
): Promise<GroupsWorld> {
  const clock = new SystemClock();
  const given = { ...OPTIONS, ...options };
  const connect = (name: string): RedisConnection =>
    new RedisConnection(
      {
        settings: { url },
        name,
        commandTimeoutMs: given.commandTimeoutMs,
        connectTimeoutMs: 2000,
        maxBackoffMs: 200,
      },
      { clock },
    );
  const link = connect('commands');
  link.start();
  while (!link.isConnected) await clock.sleep(5);
  const keys = redisKeys(given.prefix);
  const groups = new RedisGroups(given, { link, openLink: connect, clock, catalogue: CATALOGUE, ...deps });
  const close = async (): Promise<void> => {
    await groups.close(2000);
    link.close();
  };
  return {
    groups,
    link,
    add: (topic, partition, ...texts) =>
      Promise.all(
        texts.map((text) => link.command<string>(['XADD', keys.events(topic, partition), '*', 'e', text])),
      ),
    close,
    [Symbol.asyncDispose]: close,
  };
}
