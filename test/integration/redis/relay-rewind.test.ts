import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { RedisEventBus } from '../../../src/adapters/redis/index.ts';
import { SystemClock } from '../../../src/core/clock.ts';
import type { JournalRelay } from '../../../src/desk/events/journal-relay.ts';
import {
  type EventHandler,
  ORDER_EVENTS,
  type SubscribeOptions,
  type Subscription,
} from '../../../src/events/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../../src/storage/index.ts';
import { RelayWorld } from '../../desk/support/relay-world.ts';
import { RedisServer, redisMissing } from '../../support/redis-server.ts';
import { BAR, QUICK, openBus } from './publisher-support.ts';

const soon = { timeout: 25_000, interval: 20 };
const clock = new SystemClock();

/** A journal that is told to a real server, and a group that reads it. */
class RelayedWorld extends RelayWorld {
  /** Every event of an order that was handled, as often as it was: the id of its order and what had happened to it. */
  readonly handled: string[] = [];
  relayed!: JournalRelay;
  orders = 0;
  #bus!: RedisEventBus;

  static async on(server: RedisServer): Promise<RelayedWorld> {
    const world = new RelayedWorld();
    await world.restart();
    world.#bus = await RedisEventBus.open({ ...QUICK, url: server.url, leaseMs: 500 }, { clock });
    const store = new MemoryStateStore({ clock });
    world.relayed = await world.relay(
      { backoffMs: 20, maxBackoffMs: 200 },
      { bus: world.#bus, clock, store },
    );
    return world;
  }

  /** Every event of the orders in the journal so far. */
  get journal(): readonly string[] {
    return Array.from({ length: this.orders }, (_, n) => [
      `order.submitted o${n}`,
      `order.executed o${n}`,
    ]).flat();
  }

  get firsts(): readonly string[] {
    return [...new Set(this.handled)];
  }

  async trade(orders: number): Promise<void> {
    for (let n = 0; n < orders; n += 1) {
      const id = `o${this.orders}`;
      await this.drive.submit(id, { side: this.orders % 2 === 0 ? 'buy' : 'sell' });
      await this.drive.fill(id, `x-${id}`, 10);
      this.orders += 1;
    }
  }

  async told(): Promise<void> {
    await vi.waitFor(() => {
      expect(this.relayed.status()).toMatchObject({ lag: 0, lost: 0 });
    }, soon);
  }

  async read(
    options: SubscribeOptions,
    before: (handled: number) => unknown = () => undefined,
  ): Promise<Subscription> {
    const handler: EventHandler = async ({ type, subject }) => {
      if (!type.startsWith('order.')) return;
      await before(this.handled.length);
      this.handled.push(`${type} ${subject ?? ''}`);
    };
    const group = this.#bus.subscribe('portfolio', ORDER_EVENTS, handler, options);
    await group.ready;
    return group;
  }

  async close(): Promise<void> {
    await this.relayed.stop(1_000);
    await this.#bus.close(1_000);
  }
}

describe.skipIf(redisMissing !== undefined)('a Redis that comes back empty, and the journal', () => {
  let server: RedisServer;
  let world: RelayedWorld | undefined;
  let closing: RedisEventBus | undefined;
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    await world?.close();
    world = undefined;
    await closing?.close(0);
    closing = undefined;
    await server[Symbol.asyncDispose]();
  });

  test('a group that had stopped reads all that it had not had, and nothing out of order', async () => {
    world = await RelayedWorld.on(server);
    const group = await world.read({ from: 'beginning' });
    await world.trade(20);
    await world.told();
    await vi.waitFor(() => {
      expect(world?.handled.length).toBe(40);
    }, soon);
    await group.stop();
    await world.trade(30);
    await world.told(); // and nobody has read it
    await server.restartEmpty();
    await world.trade(5);
    await world.read({ from: 'beginning' });
    await vi.waitFor(() => {
      expect(world?.firsts).toEqual(world?.journal);
    }, soon);
    expect(world.relayed.status()).toMatchObject({ lost: 0, rewinds: 1 });
  });

  test.each([['beginning'], ['new']] as const)(
    'a group from %s that is at work meanwhile, behind and in the middle of the orders, misses nothing',
    async (from) => {
      world = await RelayedWorld.on(server);
      // What is on its way to it when the server dies is in its memory: it is let go slowly.
      await world.read({ from, maxInFlight: 4 }, (handled) => (handled < 60 ? clock.sleep(5) : undefined));
      await world.trade(20);
      const trading = world.trade(60);
      await vi.waitFor(() => {
        expect(world?.handled.length).toBeGreaterThan(10);
      }, soon);
      await server.restartEmpty();
      await trading;
      await world.trade(5);
      await vi.waitFor(() => {
        expect(world?.firsts).toEqual(world?.journal);
      }, soon);
      expect(world.relayed.status()).toMatchObject({ lost: 0, rewinds: 1 });
    },
  );

  test('a restart with what it had is no other generation, an empty one is; an event for the former goes nowhere', async () => {
    const bus = await openBus({ url: server.url });
    closing = bus;
    const { generation } = bus.status();
    expect(generation).toMatch(/^[\w-]{16}$/);
    expect(await bus.publish(BAR, { n: 1 }, { generation })).toMatchObject({ outcome: 'published' });
    await server.stop();
    await server.start();
    expect(await bus.publish(BAR, { n: 2 }, { generation })).toMatchObject({ outcome: 'published' });
    expect(bus.status().generation).toBe(generation);
    await server.stop('SIGKILL');
    await vi.waitFor(() => {
      expect(bus.status().connected).toBe(false);
    }, soon);
    const waiting = bus.publish(BAR, { n: 3 }, { generation });
    const other = bus.publish(BAR, { n: 4 });
    const refused = expect(waiting).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    await server.restartEmpty();
    await refused;
    expect(await other).toMatchObject({ outcome: 'published' });
    expect(bus.status().generation).toMatch(/^[\w-]{16}$/);
    expect(bus.status().generation).not.toBe(generation);
    await expect(bus.publish(BAR, { n: 5 }, { generation })).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
  });

  test('an event for one generation does not wait on disk, what is spilled before it goes first', async () => {
    const bus = await openBus(
      { url: server.url, overflow: { policy: 'spill' } },
      { spill: new MemoryAppendLog() },
    );
    closing = bus;
    const { generation } = bus.status();
    await server.stop(); // with all that it has: killed it may lose its generation too
    await vi.waitFor(() => {
      expect(bus.status().connected).toBe(false);
    }, soon);
    const early = expect(bus.publish(BAR, { n: 2 }, { generation })).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
    expect(await bus.publish(BAR, { n: 1 })).toMatchObject({ outcome: 'spilled' });
    await early;
    await expect(bus.publish(BAR, { n: 2 }, { generation })).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
    });
    await server.start();
    await vi.waitFor(() => {
      expect(bus.status()).toMatchObject({ connected: true, waiting: 0 });
    }, soon);
    expect(await bus.publish(BAR, { n: 2 }, { generation })).toMatchObject({ outcome: 'published' });
    expect(bus.status().dropped).toBe(0);
  });
});
