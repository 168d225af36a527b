import { describe, expect, test, vi } from 'vitest';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { HAPPENED, NOTED, gate, openBus, recorder, settle } from './support/bus-world.ts';

describe('EmbeddedEventBus: a group that does not keep up', () => {
  test('block: publish resolves when there is room, in order', async () => {
    const { bus, happen } = await openBus({ overflow: { maxUnhandled: 2 } });
    const { running, handle, release } = gate();
    bus.subscribe('g', [HAPPENED], handle);
    const resolved: number[] = [];
    for (let n = 1; n <= 4; n += 1) void happen(n).then(() => resolved.push(n));
    await settle();
    expect([resolved, bus.status().waiting]).toEqual([[1, 2], 2]);
    release('a1');
    await settle();
    expect([resolved, running]).toEqual([[1, 2, 3], ['a2']]);
    for (const name of ['a2', 'a3', 'a4']) {
      release(name);
      await settle();
    }
    expect([resolved, bus.status().waiting]).toEqual([[1, 2, 3, 4], 0]);
  });

  test('block: another topic has room of its own', async () => {
    const { bus, happen } = await openBus({ overflow: { maxUnhandled: 1 } });
    bus.subscribe('g', '*', gate().handle, { concurrency: 2 });
    await happen(1);
    const waits = vi.fn();
    void happen(2).then(waits);
    expect(await bus.publish(NOTED, { text: 'x' })).toMatchObject({ outcome: 'published' });
    expect(waits).not.toHaveBeenCalled();
  });

  test('block: a group that is dropped makes room', async () => {
    const { bus, happen } = await openBus({ overflow: { maxUnhandled: 1 } });
    await bus.subscribe('g', [HAPPENED], vi.fn()).stop();
    await happen(1);
    const published = happen(2);
    expect(await bus.dropGroup('g')).toBe(true);
    expect(await published).toMatchObject({ outcome: 'published', position: '2' });
  });

  test('block: closing refuses those that wait, and counts them', async () => {
    const { bus, happen } = await openBus({ overflow: { maxUnhandled: 1 } });
    await bus.subscribe('g', [HAPPENED], vi.fn()).stop();
    await happen(1);
    const refused = expect(happen(2)).rejects.toMatchObject({ code: 'BUS_CLOSED' });
    expect(await bus.close()).toEqual({ unsent: 1, spilled: 0 });
    await refused;
    expect(bus.status().dropped).toBe(1);
  });

  test('drop-newest: says so, and the groups never see it', async () => {
    const metrics = new MetricsRegistry();
    const { bus, happen } = await openBus(
      { overflow: { policy: 'drop-newest', maxUnhandled: 2 } },
      { metrics },
    );
    const { running, handle, release } = gate();
    bus.subscribe('g', [HAPPENED], handle);
    await happen(1);
    await happen(2);
    const id = expect.any(String) as string;
    expect(await happen(3)).toEqual({ outcome: 'dropped', id });
    await settle();
    release('a1');
    await settle();
    expect(await happen(4)).toMatchObject({ outcome: 'published', position: '3' });
    release('a2');
    await settle();
    expect([running, bus.status().dropped]).toEqual([['a4'], 1]);
    expect(await metrics.exposition()).toContain(
      'trading_bus_published_total{bus="events",topic="thing",outcome="dropped"} 1\n',
    );
  });

  test('drop-oldest: the slow group loses its oldest, a fast one nothing', async () => {
    const metrics = new MetricsRegistry();
    const { bus, happen } = await openBus(
      { overflow: { policy: 'drop-oldest', maxUnhandled: 3 } },
      { metrics },
    );
    const slow = gate();
    const fast = recorder();
    bus.subscribe('slow', [HAPPENED], slow.handle);
    bus.subscribe('fast', [HAPPENED], fast.handle);
    for (let n = 1; n <= 6; n += 1) {
      expect(await happen(n)).toMatchObject({ outcome: 'published' });
      await settle();
    }
    const handled: string[] = [];
    while (slow.running[0] !== undefined) {
      handled.push(slow.running[0]);
      slow.release(slow.running[0]);
      await settle();
    }
    expect(handled).toEqual(['a1', 'a4', 'a5', 'a6']);
    expect(fast.seen).toEqual(['a1', 'a2', 'a3', 'a4', 'a5', 'a6']);
    expect(bus.status().dropped).toBe(2);
    expect(await metrics.exposition()).toContain(
      'trading_bus_lost_total{bus="events",topic="thing",group="slow",because="dropped"} 2\n',
    );
  });

  test('spill needs a disk', async () => {
    await expect(openBus({ overflow: { policy: 'spill' } })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: 'EmbeddedEventBus: overflow.policy: spill keeps events on disk: expected storage with it',
    });
  });

  test('without groups nothing is full', async () => {
    const { happen } = await openBus({ overflow: { maxUnhandled: 1 }, keepEvents: 2 });
    for (let n = 1; n <= 5; n += 1) expect(await happen(n)).toMatchObject({ position: `${n}` });
  });
});
