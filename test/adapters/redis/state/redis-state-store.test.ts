import { beforeEach, describe, expect, test } from 'vitest';
import { RedisStateStore } from '../../../../src/adapters/redis/index.ts';
import { SERVER_MS, StateWorld } from './state-world.ts';

let world: StateWorld;

beforeEach(() => {
  world = new StateWorld();
});

const KEYS = ['values', 'index', 'expiry', 'version'].map((kind) => `{portcullis:state:state}:${kind}`);

/** What a script was given, without its digest. */
const givenTo = (args: readonly string[] | undefined) => args?.slice(2);

describe('RedisStateStore', () => {
  test('keeps the keys of a store together, by prefix and name', async () => {
    const store = await world.store({ prefix: 'desk', name: 'limits' });
    void store.get('a').catch(() => undefined);
    expect(givenTo(world.client('state').sent[0]?.args)).toEqual([
      ...['4', '{desk:state:limits}:values', '{desk:state:limits}:index'],
      ...['{desk:state:limits}:expiry', '{desk:state:limits}:version', 'a'],
    ]);
    expect(world.names).toEqual(['portcullis:limits:state']);
  });

  test('reads an entry, with blanks in its value and its expiry', async () => {
    world.answer = () => '1795000000123456 1795000009999.5 {"a b":"c  d"}';
    const store = await world.store();
    expect(await store.get('k')).toEqual({
      key: 'k',
      value: { 'a b': 'c  d' },
      version: 1_795_000_000_123_456,
      expiresAtMs: 1_795_000_009_999.5,
    });
  });

  test('sends a write with the latest time at which it may be done, by the clock of the server', async () => {
    world.answer = () => ['written', '7'];
    const store = await world.store({ commandTimeoutMs: 500 });
    const sent: unknown[] = [];
    world.answer = (args) => {
      sent.push(givenTo(args));
      return ['written', '7'];
    };
    world.clock.advance(1_000);
    expect(await store.set('k', { a: 1 }, { ttlMs: 2.5, ifVersion: 6 })).toEqual({
      outcome: 'written',
      version: 7,
    });
    await store.set('k', 1);
    await store.delete('k', { ifVersion: 7 });
    await store.setAll([
      { key: 'x', value: 1 },
      { key: 'y', value: 'z' },
    ]);
    const latest = String(SERVER_MS + 1_500);
    expect(sent).toEqual([
      ['4', ...KEYS, latest, 'k', '{"a":1}', '2.5', '6'],
      ['4', ...KEYS, latest, 'k', '1', '', ''],
      ['4', ...KEYS, latest, 'k', '7'],
      ['4', ...KEYS, latest, 'x', '1', 'y', '"z"'],
    ]);
  });

  test('what the server was too late for is sent once more by its new time, then refused', async () => {
    const store = await world.store({ commandTimeoutMs: 500 });
    world.movedMs = 3_600_000;
    const latest: number[] = [];
    let replies = [['late'], ['written', '9']];
    world.answer = (args) => {
      latest.push(Number(args[7]));
      return replies.shift();
    };
    expect(await store.set('k', 1)).toEqual({ outcome: 'written', version: 9 });
    expect(latest).toEqual([SERVER_MS + 500, SERVER_MS + 3_600_500]);
    replies = [['late'], ['late']];
    await expect(store.delete('k')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'state store state on Redis: delete: the server came to it too late, and has not done it',
    });
  });

  test('asks the server for its time anew once a minute, beside its writes', async () => {
    world.answer = () => ['written', '1'];
    const store = await world.store({ commandTimeoutMs: 500 });
    world.movedMs = 700;
    const latest: number[] = [];
    world.answer = (args) => {
      latest.push(Number(args[7]) - SERVER_MS - world.clock.monotonicMs());
      return ['written', '1'];
    };
    world.clock.advance(60_000);
    await store.set('k', 1);
    world.clock.advance(1);
    await store.set('k', 1);
    await world.turns();
    await store.set('k', 1);
    expect(latest).toEqual([500, 500, 1_200]);
  });

  test.each([
    ['READONLY You can not', /READONLY: the server is a replica/],
    ['LOADING Redis is loading', /LOADING: the server is still loading/],
    ["OOM command not allowed when used memory > 'maxmemory'", /OOM: the server is out of memory/],
    ['NOPERM this user has no permissions', /NOPERM/],
    ['WRONGTYPE Operation against a key', /WRONGTYPE/],
  ])('%s is a store that cannot be used', async (reply, message) => {
    const store = await world.store();
    world.answer = () => new Error(reply);
    await expect(store.set('k', 1)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(message) as string,
    });
  });

  test('no error shows a password', async () => {
    const store = await world.store({ url: 'redis://user:hunter22@host:6379' });
    world.answer = () => new Error('ERR something about hunter22 and redis://user:hunter22@host');
    const error = await store.get('k').then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toContain('ERR something about [redacted]');
    expect(`${String(error?.stack)} ${String(error?.cause)}`).not.toContain('hunter22');
  });

  test('no answer in time is refused, and the connection is made anew', async () => {
    const store = await world.store({ commandTimeoutMs: 500 });
    const asked = store.get('k');
    const outcome = expect(asked).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'state store state on Redis: get: no answer to EVALSHA within 500 ms',
    });
    world.clock.advance(500);
    await outcome;
    expect(store.error).toMatch(/no answer/);
    world.clock.advance(1_000);
    await world.turns();
    expect(store.error).toBeUndefined();
    expect(world.clients).toHaveLength(2);
  });

  test('a bad key or value never reaches the server', async () => {
    const store = await world.store();
    for (const asked of [store.get('a b'), store.set('k', { n: 1n }), store.setAll([{ key: '', value: 1 }])])
      await expect(asked).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await store.setAll([]);
    expect(world.client('state').sent).toHaveLength(0);
  });

  test('close waits for what is under way; then everything is refused', async () => {
    const store = await world.store();
    const asked = store.set('k', 1);
    let isClosed = false;
    const closing = store.close().then(() => (isClosed = true));
    await world.turns();
    expect([isClosed, store.error]).toEqual([false, 'closed']);
    world.client('state').sent[0]?.reply(['written', '5']);
    expect(await asked).toEqual({ outcome: 'written', version: 5 });
    await closing;
    await store.close();
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'state store state on Redis: get: it is closed',
    });
  });

  test('open is refused when the server is not there in time, and leaves nothing open', async () => {
    world.prepare = (client) => client.refuse('connect ECONNREFUSED');
    const outcome = expect(
      RedisStateStore.open(
        { connectTimeoutMs: 100 },
        { clock: world.clock, createClient: world.createClient, random: () => 1 },
      ),
    ).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/open: .*ECONNREFUSED/) as string,
    });
    await world.turns();
    world.clock.advance(100);
    await outcome;
    const made = world.clients.length;
    world.clock.advance(60_000);
    expect(world.clients).toHaveLength(made);
  });

  test.each([
    [{}, /expected url, client/],
    [{ url: 'http://user:secret@host' }, /url: expected redis/],
    [{ url: 'secret' }, /url: expected redis/],
    [{ url: 'redis://h', prefix: 'a{b}' }, /prefix/],
    [{ url: 'redis://h', name: 'State' }, /name/],
    [{ url: 'redis://h', commandTimeoutMs: 9 }, /commandTimeoutMs/],
    [{ url: 'redis://h', commandTimeout: 9 }, /commandTimeout/],
  ])('refuses the options %j, and shows no secret', async (options, message) => {
    const error = await RedisStateStore.open(options as never, { clock: world.clock }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(message) as string,
    });
    expect(error?.message).not.toContain('secret');
  });
});
