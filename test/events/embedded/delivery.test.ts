import { describe, expect, test, vi } from 'vitest';
import { SystemClock } from '../../../src/core/clock.ts';
import { correlation } from '../../../src/telemetry/correlation.ts';
import { CATALOGUE, ENDED, HAPPENED, NOTED, gate, openBus, recorder, settle } from './support/bus-world.ts';

describe('EmbeddedEventBus: delivery', () => {
  test('hands on what is published after the group is there, in order', async () => {
    const { bus, happen } = await openBus();
    await happen(1);
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    await happen(2);
    await happen(3);
    await settle();
    expect(seen).toEqual(['a2', 'a3']);
  });

  test('says where the event stands, and hands it on outside of the call', async () => {
    const { bus } = await openBus();
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    const first = bus.publish(HAPPENED, { thing: 'a', n: 1 });
    expect(seen).toEqual([]);
    const id = expect.stringMatching(/^[0-9a-f]{24}-1$/) as string;
    expect(await first).toEqual({ outcome: 'published', id, position: '1' });
    expect(await bus.publish(HAPPENED, { thing: 'a', n: 1 })).toMatchObject({ position: '2' });
    expect(await bus.publish(NOTED, { text: 'x' })).toMatchObject({ position: '1' });
  });

  test('gives a handler the event and how it came', async () => {
    const { bus, happen } = await openBus();
    const handle = vi.fn();
    bus.subscribe('g', [HAPPENED], handle);
    await happen(1);
    await settle();
    const [event, context] = handle.mock.calls[0] as [object, object];
    expect(event).toEqual({
      specversion: '1.0',
      id: expect.any(String) as string,
      source: '/events',
      type: 'thing.happened',
      dataversion: 1,
      time: '2026-01-02T00:00:00.000Z',
      subject: 'a',
      data: { thing: 'a', n: 1 },
    });
    expect(context).toMatchObject({ group: 'g', topic: 'thing', position: '1', attempt: 1 });
  });

  test('gives a group only the types it names, and the others count as handled', async () => {
    const { bus, happen } = await openBus();
    const { seen, handle } = recorder();
    bus.subscribe('g', [ENDED], handle);
    await happen(1);
    await bus.publish(ENDED, { thing: 'b' });
    await happen(2);
    await settle();
    expect(seen).toEqual(['b']);
    expect(await bus.groups()).toEqual([
      { group: 'g', topic: 'thing', lag: 0, pending: 0, deadLetters: 0, members: 1 },
    ]);
  });

  test('gives every group everything', async () => {
    const { bus, happen } = await openBus();
    const [one, other] = [recorder(), recorder()];
    bus.subscribe('one', '*', one.handle);
    bus.subscribe('other', [HAPPENED], other.handle);
    await happen(1);
    await settle();
    expect([one.seen, other.seen]).toEqual([['a1'], ['a1']]);
  });

  test('shares the work of a group among its members, a key with one of them', async () => {
    const { bus, happen } = await openBus();
    const members = [recorder(), recorder(), recorder()];
    for (const { handle } of members) bus.subscribe('g', [HAPPENED], handle);
    for (let n = 0; n < 60; n += 1) await happen(n, `k${n % 12}-`);
    await settle();
    const seen = members.map((member) => member.seen);
    expect(seen.flat()).toHaveLength(60);
    for (const own of seen) expect(own.length).toBeGreaterThan(0);
    for (let key = 0; key < 12; key += 1) {
      const holders = seen
        .map((own) => own.filter((name) => name.startsWith(`k${key}-`)))
        .filter(({ length }) => length);
      expect(holders).toEqual([[0, 12, 24, 36, 48].map((n) => `k${key}-${n + key}`)]);
    }
  });

  test('keeps the order of a key when a member joins', async () => {
    const { bus, happen } = await openBus();
    const first = gate();
    const later = gate();
    bus.subscribe('g', [HAPPENED], first.handle);
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(keys.map((key) => happen(1, key)));
    await settle();
    bus.subscribe('g', [HAPPENED], later.handle, { concurrency: 10 });
    await Promise.all(keys.map((key) => happen(2, key)));
    await settle();
    // All of the first ones are with the first member, so the second ones are as well.
    expect([first.running, later.running]).toEqual([['a1'], []]);
    for (const key of keys) {
      first.release(`${key}1`);
      await settle();
    }
    expect(later.running).toEqual([]);
    await Promise.all(keys.map((key) => happen(3, `z${key}`)));
    await settle();
    expect(later.running).not.toEqual([]);
  });

  test('gives back what a member has not handled when it stops, before what is newer', async () => {
    const { bus, happen } = await openBus();
    const leaving = gate();
    const staying = recorder();
    const member = bus.subscribe('g', [HAPPENED], leaving.handle);
    await Promise.all([1, 2, 3].map((n) => happen(n)));
    await settle();
    const stopped = member.stop();
    bus.subscribe('g', [HAPPENED], staying.handle);
    await happen(4);
    await happen(1, 'b');
    await settle();
    // Key a waits for the handler that runs; key b does not.
    expect(staying.seen).toEqual(['b1']);
    leaving.release('a1');
    await stopped;
    await settle();
    expect(staying.seen).toEqual(['b1', 'a2', 'a3', 'a4']);
  });

  test('keeps what comes while a group has no members', async () => {
    const { bus, happen } = await openBus();
    const { seen, handle } = recorder();
    await bus.subscribe('g', [HAPPENED], handle).stop();
    await happen(1);
    expect(await bus.groups()).toMatchObject([{ lag: 1, pending: 0, members: 0 }]);
    bus.subscribe('g', [HAPPENED], handle);
    await settle();
    expect(seen).toEqual(['a1']);
  });

  test('refuses members of one group with other types', async () => {
    const { bus } = await openBus();
    bus.subscribe('g', [HAPPENED], vi.fn());
    bus.subscribe('g', [HAPPENED], vi.fn());
    for (const types of ['*', [ENDED], [HAPPENED, ENDED]] as const) {
      expect(() => bus.subscribe('g', types, vi.fn())).toThrow(/types that its other members have/);
    }
  });

  test('begins where it is told', async () => {
    const { bus, clock, happen } = await openBus();
    await happen(1);
    clock.advance(1000);
    const timeMs = clock.nowMs();
    await happen(2);
    await happen(3);
    const cases = {
      beginning: { from: 'beginning' },
      time: { from: { timeMs } },
      later: { from: { timeMs: timeMs + 1 } },
      position: { from: { topic: 'thing', position: '2' } },
      new: {},
    } as const;
    const seen: Record<string, string[]> = {};
    for (const [group, options] of Object.entries(cases)) {
      const one = recorder();
      seen[group] = one.seen;
      bus.subscribe(group, [HAPPENED], one.handle, options);
    }
    await settle();
    expect(seen).toEqual({
      beginning: ['a1', 'a2', 'a3'],
      time: ['a2', 'a3'],
      later: [],
      position: ['a3'],
      new: [],
    });
  });

  test('takes an event as it was in the call', async () => {
    const { bus } = await openBus();
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    const data = { thing: 'a', n: 1 };
    const published = bus.publish(HAPPENED, data);
    data.n = 2;
    await published;
    await settle();
    expect(seen).toEqual(['a1']);
  });

  test('runs handlers outside of the context of the publisher', async () => {
    const { bus } = await openBus();
    const ids: unknown[] = [];
    bus.subscribe('g', [HAPPENED, NOTED], () => ids.push(correlation.id()));
    const published = correlation.run('one', () => [
      bus.publish(HAPPENED, { thing: 'a', n: 1 }),
      bus.publish(NOTED, { text: 'x' }, { correlationId: 'two' }),
    ]);
    void bus.publish(HAPPENED, { thing: 'a', n: 2 });
    await Promise.all(published);
    await settle();
    expect(ids.sort()).toEqual(['one', 'two', undefined]);
  });

  test('lets timers live while events flow', async () => {
    const clock = new SystemClock();
    const { bus } = await openBus({}, { clock, catalogue: CATALOGUE });
    let handled = 0;
    let turns = 0;
    let isRunning = true;
    bus.subscribe('g', [HAPPENED], () => (handled += 1));
    const turning = (async () => {
      while (isRunning) {
        await clock.turn();
        turns += 1;
      }
    })();
    for (let n = 0; n < 10_000; n += 1) await bus.publish(HAPPENED, { thing: 'a', n });
    isRunning = false;
    await turning;
    await settle();
    expect(handled).toBe(10_000);
    expect(turns).toBeGreaterThan(10);
  }, 60_000);

  test('takes many events in one go, in order', async () => {
    const { bus } = await openBus({ overflow: { maxUnhandled: 1000 } });
    let next = 0;
    bus.subscribe('g', [HAPPENED], ({ data }) => {
      if (data.n === next) next += 1;
    });
    await Promise.all(Array.from({ length: 20_000 }, (_, n) => bus.publish(HAPPENED, { thing: 'a', n })));
    await vi.waitFor(() => {
      expect(next).toBe(20_000);
    });
  }, 60_000);
});
