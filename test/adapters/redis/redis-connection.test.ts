import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { RedisClientSettings } from '../../../src/adapters/redis/redis-client.ts';
import { RedisConnection } from '../../../src/adapters/redis/redis-connection.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { PortcullisError } from '../../../src/core/errors.ts';
import { ScriptedClient } from './scripted-client.ts';

function world(settings: RedisClientSettings = {}) {
  const clock = new ManualClock();
  const clients: ScriptedClient[] = [];
  const made: RedisClientSettings[] = [];
  const wrong: string[] = [];
  const connection = new RedisConnection(
    { settings, name: 'bus:publish', commandTimeoutMs: 2_000, connectTimeoutMs: 5_000, maxBackoffMs: 400 },
    {
      clock,
      random: () => 1,
      onWrongServer: (because) => wrong.push(because),
      createClient: (given) => {
        const client = new ScriptedClient();
        clients.push(client);
        made.push(given);
        return client;
      },
    },
  );
  const last = (): ScriptedClient => clients.at(-1) as ScriptedClient;
  const accept = async (): Promise<void> => {
    await clock.turn();
    last().accept();
    await clock.turn();
  };
  const connect = async (): Promise<void> => {
    connection.start();
    await accept();
  };
  return { clock, clients, made, connection, last, accept, connect, wrong };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('RedisConnection', () => {
  test('makes its client so that it keeps nothing and does not come back by itself', async () => {
    const { made, connect } = world({ url: 'redis://host', socket: { keepAlive: true } });
    await connect();
    expect(made).toEqual([
      {
        url: 'redis://host',
        name: 'bus:publish',
        RESP: 2,
        socket: { keepAlive: true, reconnectStrategy: false, connectTimeout: 5_000 },
        disableOfflineQueue: true,
        disableClientInfo: true,
        maintNotifications: 'disabled',
        commandOptions: { timeout: undefined },
      },
    ]);
  });

  test('sends commands once connected, and gives their replies', async () => {
    const { connection, last, connect } = world();
    await connect();
    const reply = connection.command(['GET', 'a']);
    expect(last().sent[0]?.args).toEqual(['GET', 'a']);
    last().sent[0]?.reply('1');
    expect(await reply).toBe('1');
    expect([connection.isConnected, connection.error]).toEqual([true, undefined]);
  });

  test('refuses commands at once while it is not connected', async () => {
    const { connection } = world();
    await expect(connection.command(['PING'])).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
      message: 'not connected yet',
    });
  });

  test('passes an error reply on as it is', async () => {
    const { connection, last, connect } = world();
    await connect();
    const failure = failureOf(connection.command(['XACK']));
    last().sent[0]?.fail('NOGROUP No such key');
    expect(await failure).toMatchObject({ message: 'NOGROUP No such key' });
    expect(connection.isConnected).toBe(true);
  });

  test('a command without an answer at its time means a new connection, and fails all that was under way', async () => {
    const { clock, clients, connection, accept, connect } = world();
    await connect();
    const failures = [
      failureOf(connection.command(['GET', 'a'])),
      failureOf(connection.command(['GET', 'b'], 9_000)),
    ];
    clock.advance(1_999);
    expect(connection.isConnected).toBe(true);
    clock.advance(1);
    const expected = { code: 'BUS_UNAVAILABLE', message: 'no answer to GET within 2000 ms' };
    expect(await Promise.all(failures)).toMatchObject([expected, expected]);
    expect([connection.isConnected, connection.error, clients[0]?.isDestroyed]).toEqual([
      false,
      expected.message,
      true,
    ]);
    clock.advance(100);
    await accept();
    expect([connection.isConnected, clients.length]).toEqual([true, 2]);
  });

  test('a process that stood still does not blame the server: the answer gets its time once more', async () => {
    const { clock, connection, last, connect } = world();
    await connect();
    const reply = connection.command(['GET', 'a']);
    let now = 0;
    const monotonicMs = clock.monotonicMs.bind(clock);
    clock.monotonicMs = () => monotonicMs() + now;
    now = 5_000; // the timer fires late
    clock.advance(2_000);
    expect(connection.isConnected).toBe(true);
    last().sent[0]?.reply('late');
    expect(await reply).toBe('late');
  });

  test('waits longer after each failure, up to its bound, and shortly again once a command was answered', async () => {
    const { clock, clients, connection, last, connect } = world();
    connection.start();
    const waits: number[] = [];
    const waitForNext = async (): Promise<void> => {
      const before = clients.length;
      let waited = 0;
      while (clients.length === before && waited < 1_000) {
        clock.advance(10);
        waited += 10;
        await Promise.resolve();
      }
      waits.push(waited);
    };
    for (let attempt = 0; attempt < 4; attempt++) {
      last().refuse('connect ECONNREFUSED');
      await clock.turn();
      await waitForNext();
    }
    await connect();
    const answered = connection.command(['PING']);
    last().sent[0]?.reply('PONG');
    await answered;
    connection.drop('a test');
    await waitForNext();
    expect(waits).toEqual([100, 200, 400, 400, 50]);
  });

  test('a connection that is made and then only refuses does not count as healthy', async () => {
    const { clock, connection, last, connect, accept } = world();
    await connect();
    const dues: number[] = [];
    for (let round = 0; round < 3; round++) {
      const failure = failureOf(connection.command(['SET', 'a', '1']));
      last().sent[0]?.fail('OOM command not allowed');
      await failure;
      connection.drop('OOM');
      dues.push(clock.nextDueMs - clock.nowMs());
      clock.advance(400);
      await accept();
    }
    expect(dues).toEqual([100, 200, 400]);
  });

  test('connects only when its hooks are through, and again after one has failed', async () => {
    const { clock, connection, last, connect, accept } = world();
    connection.onConnect(async (command) => {
      await command(['SCRIPT', 'LOAD']);
    });
    await connect();
    expect([connection.isConnected, last().sent[0]?.args]).toEqual([false, ['SCRIPT', 'LOAD']]);
    last().sent[0]?.fail('LOADING Redis is loading the dataset in memory');
    await clock.turn();
    expect(connection.error).toBe('LOADING: the server is still loading its data');
    clock.advance(400);
    await accept();
    last().sent[0]?.reply('sha');
    await clock.turn();
    expect(connection.isConnected).toBe(true);
  });

  test('connected() rejects in time, and at once for what waiting does not mend', async () => {
    const { clock, connection, last } = world();
    const late = failureOf(connection.connected(1_000));
    clock.advance(1_000);
    expect(await late).toMatchObject({ code: 'BUS_UNAVAILABLE', retryable: true });
    connection.onConnect(() => Promise.reject(new PortcullisError('OPTION_INVALID', 'too old')));
    const broken = failureOf(connection.connected(1_000));
    last().accept();
    expect(await broken).toMatchObject({ code: 'OPTION_INVALID', message: 'too old' });
  });

  test('gives up a connection that is not made in time, and ends it should it come to be', async () => {
    const { clock, clients, connection } = world();
    connection.start();
    await clock.turn();
    clock.advance(5_000);
    expect(connection.error).toBe('no connection within 5000 ms');
    clients[0]?.accept();
    await clock.turn();
    expect([connection.isConnected, clients[0]?.isDestroyed]).toEqual([false, true]);
  });

  test.each(['error', 'end'] as const)('a client that says %s is left', async (event) => {
    const { connection, last, connect } = world();
    await connect();
    const changes: boolean[] = [];
    connection.onChange(() => changes.push(connection.isConnected));
    last().emit(event, event === 'error' ? new Error('read ECONNRESET') : undefined);
    expect(changes).toEqual([false]);
    expect(connection.error).toBe(event === 'error' ? 'read ECONNRESET' : 'the connection was ended');
  });

  test('a client that rejects without a reply is left as well', async () => {
    const { connection, last, connect } = world();
    await connect();
    const failure = failureOf(connection.command(['GET', 'a']));
    last().sent[0]?.fail('The client is offline');
    expect(await failure).toMatchObject({ code: 'BUS_UNAVAILABLE' });
    expect(connection.isConnected).toBe(false);
  });

  test.each(['READONLY', 'MASTERDOWN', 'LOADING', 'MOVED', 'UNBLOCKED'])(
    'a reply that it is the wrong server, %s: the connection is left, and others are told',
    async (code) => {
      const { connection, last, connect, wrong } = world();
      await connect();
      const failure = failureOf(connection.command(['SET', 'a', '1']));
      last().sent[0]?.fail(`${code} said the server`);
      expect(await failure).toMatchObject({ message: `${code} said the server` });
      expect([connection.isConnected, wrong]).toEqual([false, [connection.error]]);
      expect(connection.error).toContain(code);
    },
  );

  test('another reply that says no leaves it as it is', async () => {
    const { connection, last, connect, wrong } = world();
    await connect();
    const failure = failureOf(connection.command(['SET', 'a', '1']));
    last().sent[0]?.fail('OOM command not allowed');
    await failure;
    expect([connection.isConnected, wrong]).toEqual([true, []]);
  });

  test('once closed nothing is made any more, and what waits is told', async () => {
    const { clock, clients, connection, last, connect } = world();
    await connect();
    const failure = failureOf(connection.command(['GET', 'a']));
    connection.close();
    expect(await failure).toMatchObject({ message: 'the connection was closed' });
    expect(await failureOf(connection.connected(100))).toMatchObject({
      message: 'the connection was closed',
    });
    last().emit('error', new Error('late'));
    clock.advance(60_000);
    expect([clients.length, connection.isConnected]).toEqual([1, false]);
  });

  test('shows no password of settings beneath, and a short one does not blank the text', async () => {
    const settings = { password: 'a', sentinel: { password: 'of sentinel' } } as RedisClientSettings;
    const { clock, connection, last } = world(settings);
    connection.start();
    last().refuse('a bad day with of sentinel');
    await clock.turn();
    expect(connection.error).toBe('a bad day with [redacted]');
  });

  test('shows no password, wherever it turns up', async () => {
    const { clock, connection, last } = world({ url: 'redis://user:p%40ss@host', password: 'other' });
    connection.start();
    last().refuse('bad p@ss and p%40ss and other in redis://user:p%40ss@host');
    await clock.turn();
    expect(connection.error).toBe('bad [redacted] and [redacted] and [redacted] in redis://[redacted]@host');
    expect(inspect(connection, { depth: 10, showHidden: true })).not.toMatch(/p@ss|p%40ss|other/);
  });
});
