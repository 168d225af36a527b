import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisStateSignals, RedisStateStore } from '../../../src/adapters/redis/index.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { SeverableProxy } from '../../support/severable-proxy.ts';
import { Opened, SOON, clock, newName, tell } from './state-support.ts';

const unavailable = (why: RegExp): unknown =>
  expect.objectContaining({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(why) as string });

describe.skipIf(redisMissing !== undefined)('shared state on a server that fails', () => {
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

  const open = (options = {}) => opened.store({ url: server.url, name, ...options });

  test('killed and restarted: refused at once meanwhile, back by itself, with what was there', async () => {
    const store = await open();
    const kept = await store.set('kept', 'value');
    await server.stop('SIGKILL');
    await vi.waitFor(() => expect(store.error).toBeDefined(), SOON);
    await expect(store.get('kept')).rejects.toEqual(unavailable(/get: /));
    await expect(store.set('kept', 'other')).rejects.toEqual(unavailable(/set: /));
    await expect(store.setAll([{ key: 'kept', value: 1 }])).rejects.toEqual(unavailable(/setAll: /));
    await expect(store.delete('kept')).rejects.toEqual(unavailable(/delete: /));
    await expect(store.list('')).rejects.toEqual(unavailable(/list: /));
    await server.start();
    await vi.waitFor(() => expect(store.error).toBeUndefined(), SOON);
    expect(await store.get('kept')).toEqual({
      key: 'kept',
      value: 'value',
      version: kept.version,
      expiresAtMs: undefined,
    });
    const second = await store.set('kept', 'other', { ifVersion: kept.version });
    expect(second.outcome).toBe('written');
    expect(second.version).toBeGreaterThan(kept.version);
  });

  test('restarted empty: nothing is there, and no version is given twice', async () => {
    const store = await open();
    for (let count = 0; count < 500; count++) void store.set('fast', count);
    const before = await store.set('held', 'by one');
    await server.restartEmpty();
    await vi.waitFor(async () => expect(await store.get('held')).toBeUndefined(), SOON);
    expect(await store.list('')).toEqual([]);
    expect(await store.set('held', 'by one again', { ifVersion: before.version })).toEqual({
      outcome: 'conflict',
      version: 0,
    });
    const after = await store.set('held', 'by another', { ifVersion: 0 });
    expect(after.outcome).toBe('written');
    expect(after.version).toBeGreaterThan(before.version);
  });

  test('hung: refused when no answer came in time; what was refused is not done later', async () => {
    const store = await open({ commandTimeoutMs: 1_000 });
    const first = await store.set('switch', 'tripped');
    server.hang();
    try {
      await expect(
        Promise.all([
          store.set('switch', 'released'),
          store.set('switch', 'x', { ifVersion: first.version }),
        ]),
      ).rejects.toEqual(unavailable(/no answer to EVALSHA within 1000 ms/));
      await sleep(1_500);
    } finally {
      server.resume();
    }
    await vi.waitFor(async () => expect((await store.get('switch'))?.value).toBe('tripped'), SOON);
    await sleep(200);
    expect((await store.get('switch'))?.version).toBe(first.version);
  });

  test('cut off: what is under way is refused, and it comes back', async () => {
    await using proxy = await SeverableProxy.open(server.port);
    const store = await open({ url: `redis://127.0.0.1:${proxy.port}` });
    const asked = Promise.allSettled(Array.from({ length: 50 }, (_, at) => store.set(`key-${at}`, at)));
    proxy.cut();
    for (const answer of await asked)
      if (answer.status === 'rejected') expect(answer.reason).toEqual(unavailable(/set: /));
    await expect(store.get('key-1')).rejects.toEqual(unavailable(/get: /));
    proxy.mend();
    await vi.waitFor(() => expect(store.error).toBeUndefined(), SOON);
    expect(await store.set('after', 1)).toMatchObject({ outcome: 'written' });
    await store.close();
  });

  test('become a replica: neither written nor read there, and back when it is the master again', async () => {
    const store = await open();
    await store.set('a', 1);
    await tell(server.url, 'REPLICAOF', '127.0.0.1', '1');
    try {
      await expect(store.get('a')).rejects.toEqual(unavailable(/READONLY/));
      await vi.waitFor(() => expect(store.error).toMatch(/READONLY/), SOON);
      await expect(store.set('a', 2)).rejects.toEqual(unavailable(/READONLY/));
    } finally {
      await tell(server.url, 'REPLICAOF', 'NO', 'ONE');
    }
    await vi.waitFor(async () => expect((await store.get('a'))?.value).toBe(1), SOON);
  });

  test('out of memory: nothing is written, reading and deleting go on, and it recovers', async () => {
    const store = await open();
    await store.set('a', 1);
    await tell(server.url, 'CONFIG', 'SET', 'maxmemory', '1');
    try {
      await expect(store.set('b', 2)).rejects.toEqual(unavailable(/OOM/));
      await expect(store.setAll([{ key: 'b', value: 2 }])).rejects.toEqual(unavailable(/OOM/));
      expect((await store.list('')).map(({ key }) => key)).toEqual(['a']);
      expect(await store.delete('a')).toEqual({ outcome: 'deleted' });
    } finally {
      await tell(server.url, 'CONFIG', 'SET', 'maxmemory', '0');
    }
    expect((await store.set('b', 2)).outcome).toBe('written');
    expect((await store.list('')).map(({ key }) => key)).toEqual(['b']);
  });

  test('not there, or not letting us in: says why, without the password', async () => {
    const nobody = RedisStateStore.open({ url: 'redis://127.0.0.1:1', connectTimeoutMs: 300 }, { clock });
    await expect(nobody).rejects.toEqual(unavailable(/open: /));
    await tell(server.url, 'CONFIG', 'SET', 'requirepass', 'right-password');
    try {
      const url = server.url.replace('//', '//:wrong-password@');
      for (const opening of [
        () => RedisStateStore.open({ url, connectTimeoutMs: 500 }, { clock }),
        () => RedisStateSignals.open({ url, connectTimeoutMs: 500 }, { clock }),
      ]) {
        const error = await opening().then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
        expect(error).toEqual(unavailable(/open: /)); // on a slow machine it is the time that has run out
        expect(JSON.stringify([error, error?.message, error?.stack, error?.cause])).not.toContain(
          'wrong-password',
        );
      }
    } finally {
      const url = server.url.replace('//', '//:right-password@');
      await tell(url, 'CONFIG', 'SET', 'requirepass', '');
    }
  });

  test('entries that have expired go from the server with later writes', async () => {
    const store = await open();
    for (let count = 0; count < 150; count++) await store.set(`short-${count}`, count, { ttlMs: 1 });
    await sleep(20);
    expect(await store.list('')).toEqual([]);
    await store.set('a', 1);
    await store.set('b', 1);
    const keys = `{portcullis:state:${name}}`;
    expect(await tell(server.url, 'HLEN', `${keys}:values`)).toBe(2);
    expect(await tell(server.url, 'ZCARD', `${keys}:index`)).toBe(2);
    expect(await tell(server.url, 'ZCARD', `${keys}:expiry`)).toBe(0);
  });

  test('two stores of one name have the same entries, of another name others', async () => {
    const [one, same, other] = [await open(), await open(), await open({ name: newName() })];
    const { version } = await one.set('a', 1);
    expect((await same.get('a'))?.version).toBe(version);
    expect(await other.get('a')).toBeUndefined();
    const racers = await Promise.all(
      [one, same].map((store, at) => store.set('a', at, { ifVersion: version })),
    );
    expect(racers.map(({ outcome }) => outcome).sort()).toEqual(['conflict', 'written']);
  });

  test('a thousand entries and more are listed in order', async () => {
    const store = await open();
    const keys = Array.from({ length: 2_500 }, (_, at) => `k/${String(at).padStart(5, '0')}`);
    await store.setAll(keys.map((key) => ({ key, value: key })));
    const listed = await store.list('k/');
    expect(listed.map(({ key }) => key)).toEqual(keys);
    expect(listed.every(({ key, value }) => key === value)).toBe(true);
  });

  describe('announcements', () => {
    test('every listener is called after a restart, and hears again, also after a hang', async () => {
      const here = await opened.signals({ url: server.url, name, commandTimeoutMs: 200 });
      const there = await opened.signals({ url: server.url, name });
      let calls = 0;
      here.onAnnounced('a', () => calls++);
      const hears = async (): Promise<void> => {
        const before = calls;
        await vi.waitFor(async () => {
          await there.announce('a');
          expect(calls).toBeGreaterThan(before);
        }, SOON);
      };
      await hears();
      const before = calls;
      await server.stop();
      await vi.waitFor(() => expect(here.error).toBeDefined(), SOON);
      await there.announce('a');
      await server.start();
      await vi.waitFor(() => expect(calls).toBeGreaterThan(before), SOON);
      await hears();
      server.hang();
      try {
        await vi.waitFor(() => expect(here.error).toBeDefined(), SOON);
      } finally {
        server.resume();
      }
      // Called of itself only where the connection that listens has given up as well; the other one may have been first.
      await hears();
    });

    test('on a server that has become a replica nothing is heard, and it is said so', async () => {
      const signals = await opened.signals({ url: server.url, name });
      await tell(server.url, 'REPLICAOF', '127.0.0.1', '1');
      try {
        await vi.waitFor(() => expect(signals.error).toMatch(/replica/), SOON);
      } finally {
        await tell(server.url, 'REPLICAOF', 'NO', 'ONE');
      }
      await vi.waitFor(() => expect(signals.error).toBeUndefined(), SOON);
    });

    test('nobody is called after close, and announcing does no harm', async () => {
      const signals = await opened.signals({ url: server.url, name });
      let calls = 0;
      signals.onAnnounced('a', () => calls++);
      await signals.close();
      await signals.close();
      await signals.announce('a');
      expect([calls, signals.error]).toEqual([0, 'closed']);
    });
  });
});
