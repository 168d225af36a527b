import { createClient } from '@redis/client';
import type { CreateRedisClient, RedisEventBus } from '../../../src/adapters/redis/index.ts';
import type { SubscribeOptions } from '../../../src/events/index.ts';
import { BAR } from './publisher-support.ts';

/** What a group has been given, in the order in which it handled it. */
export async function collect(bus: RedisEventBus, options: SubscribeOptions = {}): Promise<number[]> {
  const seen: number[] = [];
  const { ready } = bus.subscribe(
    'reader',
    [BAR],
    ({ data }) => {
      seen.push(data.n);
    },
    { from: 'beginning', ...options },
  );
  await ready;
  return seen;
}

/** Each number where it came first: what is left when repetitions are taken out. */
export const firsts = (numbers: readonly number[]): number[] => [...new Set(numbers)];

/**
 * A client of whichever of the servers says that it is the master: what asking Sentinel comes to. Rejects while none does.
 */
export const masterOf =
  (ports: readonly number[]): CreateRedisClient =>
  async (settings) => {
    for (const port of ports) {
      const at = { ...settings, socket: { ...settings.socket, host: '127.0.0.1', port } };
      if (await isMaster(port)) return createClient(at as never);
    }
    throw new Error('no server says that it is the master');
  };

async function isMaster(port: number): Promise<boolean> {
  const client = createClient({
    RESP: 2,
    socket: { host: '127.0.0.1', port, reconnectStrategy: false, connectTimeout: 500 },
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const [role] = (await client.sendCommand(['ROLE'])) as unknown as readonly [string];
    return role === 'master';
  } catch {
    return false;
  } finally {
    client.destroy();
  }
}
