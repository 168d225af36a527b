import { describe, expect, test, vi } from 'vitest';
import { type PartitionLease, PartitionLeases } from '../../../src/adapters/redis/partition-leases.ts';
import { redisKeys } from '../../../src/adapters/redis/redis-keys.ts';
import type { RedisLink } from '../../../src/adapters/redis/redis-link.ts';
import { nextTurn } from '../../../src/core/clock.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import { silentLogger } from '../../../src/telemetry/index.ts';

/** A server that knows one member and gives it every lease, until it is away. */
function world(leaseMs = 1000) {
  const clock = new ManualClock();
  const server = { isAway: false, isLost: false };
  const command = vi.fn((args: readonly string[]): Promise<unknown> => {
    if (server.isAway) return Promise.reject(new Error('away'));
    const [name, , keyCount] = args;
    if (name !== 'EVALSHA') return Promise.resolve(1);
    if (keyCount === '2') return Promise.resolve([1, 'me 1']);
    if (args[3]?.includes(':members:') === true) return Promise.resolve([0, ['me t 1000']]);
    return Promise.resolve(server.isLost ? 'LOST' : 'OK');
  });
  const link = {
    isConnected: true,
    command,
    onChange: vi.fn(),
    start: vi.fn(),
    close: vi.fn(),
  } as unknown as RedisLink;
  const taken: PartitionLease[] = [];
  const lost: PartitionLease[] = [];
  const leases = new PartitionLeases(
    { group: 'g', memberId: 'me', topics: ['t'], partitions: 1, leaseMs },
    {
      ...{ link, clock, keys: redisKeys('p'), logger: silentLogger },
      listener: {
        mayTake: () => true,
        onTaken: (lease) => taken.push(lease),
        onLost: (lease) => lost.push(lease),
        drain: () => Promise.resolve(),
      },
    },
  );
  return { clock, server, command, leases, taken, lost };
}

async function pass(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await nextTurn(); // what was sent has been answered
}

describe('PartitionLeases', () => {
  test('a lease is valid up to leaseMs after it was asked for, and not at it', async () => {
    const { clock, server, leases, taken } = world();
    leases.start();
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    const [lease] = taken as [PartitionLease];
    server.isAway = true;
    const leftMs = lease.validUntilMs - clock.monotonicMs();
    expect(leftMs).toBe(1000);
    lease.validUntilMs = clock.monotonicMs() + 1;
    expect(leases.isValid(lease)).toBe(true);
    lease.validUntilMs = clock.monotonicMs();
    expect(leases.isValid(lease)).toBe(false);
    leases.close();
  });

  test('what is not renewed in time is given up, without a word from the server', async () => {
    const { clock, server, leases, taken, lost } = world();
    leases.start();
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    server.isAway = true;
    await pass(clock, 900);
    expect(lost).toEqual([]);
    await pass(clock, 200);
    expect(lost).toEqual(taken);
    leases.close();
  });

  test('renews each lease three times while it lasts, however often it says that the member lives', async () => {
    const { clock, command, leases, taken } = world();
    leases.start();
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    command.mockClear();
    for (let n = 0; n < 120; n++) await pass(clock, 100);
    const sent = (part: string): number =>
      command.mock.calls.filter(([args]) => args[2] === '1' && args[3]?.includes(part)).length;
    expect([sent(':members:'), sent(':owner:')]).toEqual([120, 30]);
    leases.close();
  });

  test('what is renewed stays, and what the server gives to another is lost', async () => {
    const { clock, server, leases, taken, lost } = world();
    leases.start();
    await vi.waitFor(() => {
      expect(taken).toHaveLength(1);
    });
    for (let n = 0; n < 50; n++) await pass(clock, 100);
    expect(lost).toEqual([]);
    server.isLost = true;
    for (let n = 0; n < 4; n++) await pass(clock, 100);
    await vi.waitFor(() => {
      expect(lost.length).toBeGreaterThan(0);
    });
    leases.close();
  });
});
