import { describe, expect, test } from 'vitest';
import { RedisConnections } from '../../../src/adapters/redis/redis-connections.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { ScriptedClient } from './scripted-client.ts';

function world() {
  const clock = new ManualClock();
  const clients: ScriptedClient[] = [];
  const state: { role: unknown } = { role: ['master', 0, []] };
  const connections = new RedisConnections(
    { name: 'events', commandTimeoutMs: 1_000, connectTimeoutMs: 1_000, maxBackoffMs: 100 },
    {
      clock,
      random: () => 1,
      createClient: () => {
        const client = new ScriptedClient();
        client.answer = ([word]) => (word === 'ROLE' ? state.role : undefined);
        clients.push(client);
        client.accept();
        return client;
      },
    },
  );
  const open = async (of: string) => {
    const connection = connections.open(of);
    connection.start();
    await clock.turn();
    await clock.turn();
    return connection;
  };
  return { clock, clients, connections, open, state };
}

describe('RedisConnections', () => {
  test('what one hears of a wrong server, all leave it for', async () => {
    const { clients, connections, open } = world();
    const [publish, work, wait] = [await open('publish'), await open('work'), await open('wait-g')];
    const failure = work.command(['SET', 'a', '1']).catch(String);
    clients[1]?.sent[0]?.fail('READONLY you are at a replica');
    await failure;
    expect([publish, work, wait].map(({ isConnected }) => isConnected)).toEqual([false, false, false]);
    expect(connections.failureBeside(publish)).toMatch(/^work: READONLY/);
  });

  test('a replica is not connected to', async () => {
    const { open, state } = world();
    state.role = ['slave', '127.0.0.1', 1, 'connected', 0];
    expect((await open('wait-g')).error).toMatch(/^READONLY/);
  });

  test('a server that may not be asked for its role is taken as it is', async () => {
    const { open, state } = world();
    state.role = new Error('NOPERM this user may not');
    expect((await open('work')).isConnected).toBe(true);
  });

  test('one that was closed is no longer looked at', async () => {
    const { connections, open, state } = world();
    const publish = await open('publish');
    state.role = ['slave'];
    const wait = await open('wait-g');
    expect(connections.failureBeside(publish)).toMatch(/^wait-g: READONLY/);
    wait.close();
    expect(connections.failureBeside(publish)).toBeUndefined();
  });
});
