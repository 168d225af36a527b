import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { RedisEventBus } from '../../../src/adapters/redis/index.ts';
import { redisSource } from '../../../src/cli/redis-source.ts';
import { SystemClock } from '../../../src/core/index.ts';
import { catalogue } from '../../cli/support/event-types.ts';
import {
  CATALOGUE,
  PATIENCE,
  begin,
  events,
  numbersIn,
  publishNotes,
  refuseNotes,
} from '../../cli/support/events.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';

const WHY = ['--by', 'ada', '--reason', 'read again'];

describe.skipIf(redisMissing !== undefined)('events of a Redis server', () => {
  async function withRedis() {
    const server = await RedisServer.start();
    onTestFinished(() => server[Symbol.asyncDispose]());
    const { url } = server;
    const bus = await RedisEventBus.open({ url, partitions: 2 }, { clock: new SystemClock(), catalogue });
    onTestFinished(async () => {
      await bus.close();
    });
    return { bus, source: [url, '--partitions', '2'] };
  }

  test('replay prints what is there', async () => {
    const { bus, source } = await withRedis();
    await publishNotes(bus, 0, 20);
    const { code, out, err } = await events('replay', ...source);
    expect([code, numbersIn(out), err]).toEqual([0, Array.from({ length: 20 }, (_, n) => n), []]);
  });

  test('tail prints what is published, until its limit', async () => {
    const { bus, source } = await withRedis();
    const tail = begin(['events', 'tail', ...source, ...CATALOGUE, '--limit', '3']);
    await vi.waitFor(async () => {
      await publishNotes(bus, 0, 1);
      expect(tail.out.length).toBeGreaterThan(2);
    }, PATIENCE);
    expect([await tail.code, tail.out.length]).toEqual([0, 3]);
    expect((await bus.groups()).map(({ group }) => group)).toEqual([]);
  });

  test('dead lists, requeues and discards', async () => {
    const { bus, source } = await withRedis();
    await publishNotes(bus, 0, 3);
    await refuseNotes(bus, 'readers', 3);
    const { out } = await events('dead', 'list', ...source, '--group', 'readers');
    const [first = '', ...rest] = out.map((line) => (JSON.parse(line) as { letterId: string }).letterId);
    expect(await events('dead', 'requeue', ...source, '--letters', first, ...WHY)).toEqual({
      ...{ code: 0, out: [first] },
      err: ['events: recorded nowhere: a Redis server has no audit log'],
    });
    const discarded = await events('dead', 'discard', ...source, '--group', 'readers', ...WHY);
    expect([discarded.code, discarded.out]).toEqual([0, rest]);
    expect(await bus.deadLetters.list()).toEqual([]);
  });

  test('another number of partitions than on record is said', async () => {
    const { source } = await withRedis();
    const { code, err } = await events('replay', source[0] ?? '');
    expect([code, err[0]]).toEqual([2, expect.stringContaining('the server has 2 on record for topic')]);
  });
});

describe('without @redis/client', () => {
  const options = {
    ...{ source: 'redis://127.0.0.1', bus: 'events', logs: '', store: 'state', audit: 'audit' },
    ...{ prefix: 'portcullis', partitions: 1, format: 'json' as const },
  };
  const io = { clock: new SystemClock(), version: '1', out: () => undefined, err: () => undefined };

  test('a bus on Redis names the package to install', async () => {
    const missing = Object.assign(new Error("Cannot find package '@redis/client' imported from /x.js"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    await expect(redisSource(options, io, () => Promise.reject(missing))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: 'events: a bus on Redis needs the package @redis/client: npm install @redis/client',
    });
  });

  test('any other failure to load is what it is', async () => {
    const broken = new SyntaxError('broken');
    await expect(redisSource(options, io, () => Promise.reject(broken))).rejects.toBe(broken);
  });
});
