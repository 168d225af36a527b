import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { type GroupsWorld, openGroups } from './groups-world.ts';

const keys = redisKeys('test');

describe.skipIf(redisMissing !== undefined)('the letters of one group among those of others', () => {
  let server: RedisServer;
  let world: GroupsWorld;
  beforeEach(async () => {
    server = await RedisServer.start();
    world = await openGroups(server.url);
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  /** `count` letters, every hundredth of them of `rare`, each with a text of `size`. */
  const fill = (count: number, size: number): Promise<unknown> =>
    world.link.command([
      'EVAL',
      `for n = 0, ARGV[1] - 1 do
        local group = n % 100 == 50 and 'rare' or 'often'
        redis.call('XADD', KEYS[1], '5-' .. n + 1, 'g', group, 'p', '0:5-1', 'w', 'REFUSED', 'd', '', 'n', 1, 't', 5, 'e', n .. string.rep('x', ARGV[2]))
        redis.call('HINCRBY', KEYS[2], group, 1)
      end`,
      ...['2', keys.dead('market', 0), keys.deadCounts('market', 0), String(count), String(size)],
    ]);
  const numbers = (letters: readonly { text: string }[]): number[] =>
    letters.map(({ text }) => Number.parseInt(text, 10));

  test('are found over many pages, from the start and behind one of them', async () => {
    await fill(1000, 10);
    const all = await world.groups.deadLetters.list({ group: 'rare', limit: 1000 });
    expect(numbers(all)).toEqual([50, 150, 250, 350, 450, 550, 650, 750, 850, 950]);
    const after = all[3]?.letterId ?? '';
    const rest = await world.groups.deadLetters.list({ group: 'rare', after, limit: 2 });
    expect(numbers(rest)).toEqual([450, 550]);
    expect(await world.groups.deadLetters.list({ group: 'nobody' })).toEqual([]);
  });

  test('do not bring those of others with them, however large these are', async () => {
    await fill(200, 50_000);
    const sent = async (): Promise<number> => {
      const stats = await world.link.command<string>(['INFO', 'stats']);
      return Number(/total_net_output_bytes:(\d+)/.exec(stats)?.[1]);
    };
    const before = await sent();
    expect(numbers(await world.groups.deadLetters.list({ group: 'rare' }))).toEqual([50, 150]);
    expect((await sent()) - before).toBeLessThan(200_000);
  });

  test('go with their group, and no others', async () => {
    await fill(1000, 10);
    await world.link.command([...['XGROUP', 'CREATE', keys.events('market', 0), 'often', '0', 'MKSTREAM']]);
    expect(await world.groups.dropGroup('often')).toBe(true);
    expect(await world.groups.deadLetters.list({ limit: 1000 })).toHaveLength(10);
    expect(await world.link.command(['HGETALL', keys.deadCounts('market', 0)])).toEqual(['rare', '10']);
  });
});
