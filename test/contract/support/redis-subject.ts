import { createClient } from '@redis/client';
import type { RedisEventBusOptions } from '../../../src/adapters/redis/redis-bus-options.ts';
import { RedisEventBus } from '../../../src/adapters/redis/redis-event-bus.ts';
import { SystemClock } from '../../../src/core/clock.ts';
import type { EventBus, OverflowPolicy } from '../../../src/events/index.ts';
import { MemoryAppendLog } from '../../../src/storage/index.ts';
import { type EventBusUnderTest, contractCatalogue } from '../../../src/testing/index.ts';
import { SeverableProxy } from '../../support/severable-proxy.ts';

const clock = new SystemClock();
let opened = 0;

/** A process that the server can be cut off from: its bus, and its way to the server. */
interface Process {
  readonly bus: EventBus;
  readonly proxy: SeverableProxy;
}

export interface RedisSubjectDeps {
  readonly options?: Omit<RedisEventBusOptions, 'url' | 'prefix'>;
  /** What becomes of a bus before it is used. */
  readonly wrap?: (bus: EventBus) => EventBus;
  /** Called after a death with the keys of this case. */
  readonly onCrash?: (prefix: string) => Promise<void>;
}

/** How long a dead member keeps its partitions, and a living one on a busy machine. */
const LEASE_MS = 1_500;

const overflowOf = (policy: OverflowPolicy, room: number): RedisEventBusOptions['overflow'] =>
  policy === 'block' ? { policy, maxWaiting: room, blockTimeoutMs: 20_000 } : { policy, maxWaiting: room };

/** On the server at a port, under keys of its own. */
export async function redisSubject(port: number, deps: RedisSubjectDeps = {}): Promise<EventBusUnderTest> {
  const prefix = `case-${process.pid}-${(opened += 1)}`;
  const processes: Process[] = [];
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', () => undefined);
  await client.connect();
  const open = async (options: Omit<RedisEventBusOptions, 'url'> = {}): Promise<Process> => {
    const proxy = await SeverableProxy.open(port);
    const more = options.overflow?.policy === 'spill' ? { spill: new MemoryAppendLog() } : {};
    const bus = await RedisEventBus.open(
      {
        ...{ url: `redis://127.0.0.1:${proxy.port}`, prefix, source: '/contract' },
        ...{ leaseMs: LEASE_MS, commandTimeoutMs: 2_000, maxBackoffMs: 50 },
        ...{ ...deps.options, ...options },
      },
      { clock, catalogue: contractCatalogue, ...more },
    );
    const opened = { bus: deps.wrap?.(bus) ?? bus, proxy };
    processes.push(opened);
    return opened;
  };
  const outageOf = (all: () => readonly Process[]) => ({
    outage: async () => all().forEach(({ proxy }) => proxy.cut()),
    recover: async () => all().forEach(({ proxy }) => proxy.mend()),
  });
  let first = await open();
  const dead = new Set<Process>();
  return {
    bus: first.bus,
    patienceMs: 30_000,
    connect: async () => (await open()).bus,
    async reopen() {
      await first.bus.close();
      first = await open();
      return first.bus;
    },
    async crash() {
      dead.add(first);
      first.proxy.cut();
      void first.bus.close(0); // cut off, it can tell nobody; it only ends its attempts to connect
      await deps.onCrash?.(prefix);
      first = await open();
      return first.bus;
    },
    ...outageOf(() => processes.filter((each) => !dead.has(each))),
    policies: ['block', 'drop-oldest', 'drop-newest', 'spill'],
    async openFull(policy, room) {
      const full = await open({ prefix: `${prefix}-full`, overflow: overflowOf(policy, room) });
      return { bus: full.bus, ...outageOf(() => [full]) };
    },
    async readRaw(topic) {
      const entries = await client.xRange(`${prefix}:{${topic}.0}:events`, '-', '+');
      return (entries ?? []).map(({ message }) => String(message['e']));
    },
    async writeRaw(topic, text) {
      await client.xAdd(`${prefix}:{${topic}.0}:events`, '*', { e: text });
      return first.bus;
    },
    async dispose() {
      await Promise.all(
        processes.map(async (each) => {
          await each.bus.close(dead.has(each) ? 0 : 500);
          await each.proxy[Symbol.asyncDispose]();
        }),
      );
      client.destroy();
    },
  };
}
