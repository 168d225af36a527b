import { describe, expect, test } from 'vitest';
import { type RedisEventBusDeps, RedisEventBus } from '../../../src/adapters/redis/index.ts';
import { redisBusSchema } from '../../../src/adapters/redis/redis-bus-options.ts';
import { overflowSchema } from '../../../src/adapters/redis/overflow-options.ts';
import { partitionOf } from '../../../src/adapters/redis/partition-of.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';

const deps: RedisEventBusDeps = { clock: new ManualClock() };

describe('options of RedisEventBus', () => {
  test('have these defaults', () => {
    expect(redisBusSchema.parse({ url: 'redis://host' })).toEqual({
      ...{ url: 'redis://host', prefix: 'portcullis', name: 'events', partitions: 1, batch: 32 },
      ...{
        maxEventBytes: 1_048_576,
        commandTimeoutMs: 2_000,
        connectTimeoutMs: 5_000,
        maxBackoffMs: 5_000,
        leaseMs: 10_000,
      },
      ...{ dedupeWindowMs: 600_000, keepMs: 604_800_000, trimEveryMs: 10_000 },
    });
    expect(
      ['block', 'drop-oldest', 'drop-newest', 'spill'].map((policy) => overflowSchema.parse({ policy })),
    ).toEqual([
      { policy: 'block', maxWaiting: 10_000, blockTimeoutMs: 5_000 },
      { policy: 'drop-oldest', maxWaiting: 10_000 },
      { policy: 'drop-newest', maxWaiting: 10_000 },
      { policy: 'spill', maxWaiting: 10_000, blockTimeoutMs: 5_000, maxSpilled: 1_000_000 },
    ]);
  });

  test.each([
    [{ url: 'redis://h', partitons: 2 }, /partitons/],
    [{ url: 'redis://h', prefix: 'a{b}' }, /prefix/],
    [{ url: 'redis://h', name: 'Bus' }, /name/],
    [{ url: 'redis://h', batch: 0 }, /batch/],
    [{ url: 'redis://h', overflow: { policy: 'spill', maxWaiting: 100, maxSpilled: 99 } }, /maxSpilled/],
    [{ url: 'redis://h', overflow: { policy: 'spill' } }, /expected spill with a log/],
    [{}, /expected url, client/],
  ])('refuses %j', async (options, message) => {
    await expect(RedisEventBus.open(options as never, deps)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });

  test('refuses a log to spill to with a policy that does not', async () => {
    await expect(
      RedisEventBus.open(
        { url: 'redis://h', overflow: { policy: 'block' } },
        { ...deps, spill: new MemoryAppendLog() },
      ),
    ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each(['http://user:secret@host', 'redis//user:secret@host', 'secret'])(
    'refuses the URL %s without showing it',
    async (url) => {
      const error: unknown = await RedisEventBus.open({ url }, deps).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('url: expected redis') as string,
      });
      expect(JSON.stringify(error) + String(error)).not.toContain('secret');
    },
  );
});

describe('partitionOf', () => {
  test('is part of the layout: these never change', () => {
    expect(['', 'BTC-USD', 'ETH-USD', 'a', 'ü€'].map((key) => partitionOf(key, 1024))).toEqual([
      453, 305, 517, 300, 53,
    ]);
  });

  test('is 0 with one partition', () => {
    expect(['', 'x', 'y'].map((key) => partitionOf(key, 1))).toEqual([0, 0, 0]);
  });
});
