import { describe, expect, test } from 'vitest';
import type { RedisCommand } from '../../../src/adapters/redis/redis-connection.ts';
import { checkServer } from '../../../src/adapters/redis/server-record.ts';

/** A server with a record and a version. */
function server(info: string | Error, record: Record<string, string> = {}) {
  const fields = new Map(Object.entries(record));
  const command = ((args: readonly string[]) => {
    const [verb, , field = '', value = ''] = args;
    if (verb === 'INFO') return info instanceof Error ? Promise.reject(info) : Promise.resolve(info);
    if (verb === 'HSETNX' && !fields.has(field)) fields.set(field, value);
    return Promise.resolve(verb === 'HGETALL' ? [...fields].flat() : 1);
  }) as RedisCommand;
  const check = (partitions = 2, topics = ['market', 'order']) =>
    checkServer(command, { metaKey: 'p:meta', topics, partitions, newGeneration: 'g1' });
  return { fields, check };
}

const INFO = '# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n';

describe('checkServer', () => {
  test('puts on record what is not there yet', async () => {
    const { fields, check } = server(INFO);
    expect(await check()).toEqual({ version: '7.0.15', generation: 'g1' });
    expect(Object.fromEntries(fields)).toEqual({
      layout: '1',
      generation: 'g1',
      'partitions:market': '2',
      'partitions:order': '2',
    });
  });

  test('keeps the generation of whoever was first, and adds new topics', async () => {
    const { fields, check } = server(INFO, { layout: '1', generation: 'g0', 'partitions:market': '2' });
    expect(await check()).toEqual({ version: '7.0.15', generation: 'g0' });
    expect(fields.get('partitions:order')).toBe('2');
  });

  test('refuses another number of partitions, saying both', async () => {
    await expect(server(INFO, { 'partitions:order': '4' }).check()).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: 'RedisEventBus: partitions: the server has 4 on record for topic order, got 2',
    });
  });

  test('refuses a layout that it does not know', async () => {
    await expect(server(INFO, { layout: '2' }).check()).rejects.toMatchObject({
      code: 'FORMAT_UNSUPPORTED',
      message: expect.stringContaining('is of layout 2, this version knows 1') as string,
    });
  });

  test.each(['5.0.14', '6.0.20', '2.8.0'])('refuses Redis %s', async (version) => {
    await expect(server(`redis_version:${version}\r\n`).check()).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: `RedisEventBus: expected Redis 6.2 or newer, the server is ${version}`,
    });
  });

  test.each(['6.2.0', '7.0.15', '8.6.1', '10.0.0'])('takes Redis %s', async (version) => {
    expect((await server(`redis_version:${version}\r\n`).check()).version).toBe(version);
  });

  test('a server that may not be asked its version, or does not say it, is taken as it is', async () => {
    expect((await server(new Error("NOPERM no permissions to run 'info'")).check()).version).toBeUndefined();
    expect((await server('# nothing').check()).version).toBeUndefined();
    await expect(server(new Error('LOADING')).check()).rejects.toThrow('LOADING');
  });
});
