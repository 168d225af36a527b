import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { Opened, newName, tell } from './state-support.ts';

const MANY = 100_000;
const HOUR_MS = 3_600_000;

/** Fills a store on the server itself, in the form in which it is kept. */
const FILL = `
for from = 1, ${MANY}, 1000 do
  local texts, scored = {}, {}
  for n = from, from + 999 do
    local key = string.format('key-%06d', n)
    texts[#texts + 1] = key
    texts[#texts + 1] = n .. ' - ' .. n
    scored[#scored + 1] = 0
    scored[#scored + 1] = key
  end
  redis.call('HSET', KEYS[1], unpack(texts))
  redis.call('ZADD', KEYS[2], unpack(scored))
end`;

describe.skipIf(redisMissing !== undefined)('a state store with many entries', () => {
  let server: RedisServer;
  let opened: Opened;
  let name: string;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  beforeEach(() => {
    opened = new Opened();
    name = newName();
  });

  afterEach(async () => {
    await opened.close();
  });

  const open = () => opened.store({ url: server.url, name, commandTimeoutMs: 20_000 });

  test('lists 100,000 in pages, between which others are served', { timeout: 60_000 }, async () => {
    const store = await open();
    const at = `{portcullis:state:${name}}`;
    await tell(server.url, 'EVAL', FILL, '2', `${at}:values`, `${at}:index`);
    const order: string[] = [];
    const listing = store.list('').then((entries) => {
      order.push('listed');
      return entries;
    });
    const renewing = (async () => {
      let { version } = await store.set('lease', 0);
      for (let round = 1; round <= 5; round++)
        ({ version } = await store.set('lease', round, { ifVersion: version }));
      order.push('renewed');
    })();
    const [entries] = await Promise.all([listing, renewing]);
    expect(order).toEqual(['renewed', 'listed']);
    const numbers = entries.filter(({ key }) => key !== 'lease').map(({ value }) => value);
    expect(numbers).toEqual(Array.from({ length: MANY }, (_, number) => number + 1));
    expect((await store.list('key-09999')).map(({ value }) => value)).toEqual(
      Array.from({ length: 10 }, (_, number) => 99_990 + number),
    );
  });

  test('pages end where they are long', async () => {
    const store = await open();
    const large = 'x'.repeat(600 * 1024);
    for (const key of ['a', 'b', 'c', 'd', 'e']) await store.set(key, large);
    await tell(server.url, 'CONFIG', 'RESETSTAT');
    expect((await store.list('')).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e']);
    const asked = /cmdstat_zrangebylex:calls=(\d+)/.exec(
      String(await tell(server.url, 'INFO', 'commandstats')),
    );
    expect(asked?.[1]).toBe('3');
    for (const prefix of ['é', '\0', 'a b']) expect(await store.list(prefix)).toEqual([]);
  });

  test('setAll takes 10,000 at once, each with a version of its own, and refuses one more', async () => {
    const store = await open();
    await store.set('k-00001', 'old', { ttlMs: HOUR_MS });
    const writes = Array.from({ length: 10_000 }, (_, at) => ({
      key: `k-${String(at % 9_999).padStart(5, '0')}`,
      value: at,
    }));
    await store.setAll(writes);
    const entries = await store.list('');
    expect(entries.map(({ value }) => value)).toEqual([
      9_999,
      ...Array.from({ length: 9_998 }, (_, at) => at + 1),
    ]);
    const versions = entries.map(({ version }) => version);
    expect(new Set(versions).size).toBe(9_999);
    expect(entries[0]?.version).toBe(Math.max(...versions));
    expect(entries.every(({ expiresAtMs }) => expiresAtMs === undefined)).toBe(true);
    expect((await store.set('next', 1)).version).toBeGreaterThan(Math.max(...versions));
    expect(Number(await tell(server.url, 'ZCARD', `{portcullis:state:${name}}:expiry`))).toBe(0);
    // A thousand by a command, not each by its own.
    await tell(server.url, 'CONFIG', 'RESETSTAT');
    await store.setAll(writes);
    const hset = /cmdstat_hset:calls=(\d+)/.exec(String(await tell(server.url, 'INFO', 'commandstats')));
    expect(hset?.[1]).toBe('10');
    await expect(store.setAll([...writes, { key: 'more', value: 1 }])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('at most 10000 entries in one write, got 10001') as unknown,
    });
    expect(await store.get('more')).toBeUndefined();
  });
});
