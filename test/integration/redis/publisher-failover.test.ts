import { createClient } from '@redis/client';
import { expect, test, vi } from 'vitest';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { collect } from './outages-support.ts';
import { BAR, openBus, plainClient, upTo } from './publisher-support.ts';

const soon = { timeout: 60_000, interval: 20 };

test.skipIf(redisMissing !== undefined)(
  'an old master that stays up as a replica is left by all connections, those that only wait among them',
  { timeout: 120_000 },
  async () => {
    await using old = await RedisServer.start();
    await using next = await RedisServer.start(['--replicaof', `127.0.0.1 ${old.port}`]);
    await using plainOld = await plainClient(old.url);
    await using plainNext = await plainClient(next.url);
    await vi.waitFor(async () => {
      expect(String(await plainNext.call('INFO', 'replication'))).toContain('master_link_status:up');
    }, soon);
    let master = old.url;
    const bus = await openBus(
      { leaseMs: 1_000 },
      { createClient: (settings) => createClient({ ...settings, url: master }) },
    );
    const seen = await collect(bus);
    await bus.publish(BAR, { n: 0 });
    await vi.waitFor(() => {
      expect(seen).toEqual([0]);
    }, soon);
    await plainOld.call('REPLICAOF', '127.0.0.1', '1');
    await vi.waitFor(() => {
      expect(bus.status().error).toMatch(/(publish|work|wait-reader): READONLY: the server is a replica/);
    }, soon);
    await plainNext.call('REPLICAOF', 'NO', 'ONE');
    master = next.url;
    for (const n of upTo(5)) await bus.publish(BAR, { n: n + 1 });
    await vi.waitFor(() => {
      expect([...new Set(seen)]).toEqual(upTo(6));
    }, soon);
    await vi.waitFor(async () => {
      expect(String(await plainOld.call('CLIENT', 'LIST'))).not.toContain('name=portcullis');
      expect(String(await plainNext.call('CLIENT', 'LIST')).match(/name=portcullis\S+/g)).toHaveLength(3);
    }, soon);
    expect(bus.status()).toMatchObject({ connected: true, error: undefined });
    await bus.close();
  },
);
