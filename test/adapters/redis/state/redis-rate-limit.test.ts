import { beforeEach, describe, expect, test } from 'vitest';
import { RedisRateLimit } from '../../../../src/adapters/redis/index.ts';
import { StateWorld } from './state-world.ts';

let world: StateWorld;

beforeEach(() => {
  world = new StateWorld();
});

const take = { bucket: 'weight', capacity: 10, refillPerSecond: 0.5, cost: 3 };

describe('RedisRateLimit', () => {
  test('asks for all buckets in one script, whose keys stand together', async () => {
    const rate = await world.rate({ prefix: 'desk' });
    void rate.take('binance', [take, { ...take, bucket: 'orders', cost: 1 }]).catch(() => undefined);
    expect(world.client('rate').sent[0]?.args.slice(2)).toEqual([
      ...['2', '{desk:rate:binance}:weight', '{desk:rate:binance}:orders'],
      ...['10', '0.5', '3', '10', '0.5', '1'],
    ]);
  });

  test.each([
    [['allowed'], { outcome: 'allowed' }],
    [['never'], { outcome: 'never' }],
    [['wait', '12.345'], { outcome: 'wait', waitMs: 12.345 }],
  ])('hands on %j', async (reply, answer) => {
    world.answer = () => reply;
    expect(await (await world.rate()).take('venue', [take])).toEqual(answer);
  });

  test('a server that cannot be asked is a failure, never a refusal', async () => {
    const rate = await world.rate({ commandTimeoutMs: 100 });
    world.answer = () => new Error('LOADING Redis is loading');
    await expect(rate.take('venue', [take])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/^rate limits on Redis: take: LOADING/) as string,
    });
    await expect(rate.take('venue', [take])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(rate.error).toMatch(/LOADING/);
  });

  test('opens without a server, and is there when it is', async () => {
    world.prepare = (client) => client.refuse('connect ECONNREFUSED');
    const rate = await world.rate();
    expect(rate.error).toMatch(/ECONNREFUSED/);
    world.prepare = (client) => client.accept();
    world.clock.advance(1_000);
    await world.turns();
    expect(rate.error).toBeUndefined();
  });

  test('refuses bad options', () => {
    expect(() => RedisRateLimit.open({}, { clock: world.clock })).toThrow(
      /RedisRateLimit: expected url, client/,
    );
  });
});
