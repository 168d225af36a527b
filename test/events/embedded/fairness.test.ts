import { describe, expect, test } from 'vitest';
import { SystemClock } from '../../../src/core/clock.ts';
import { MetricsRegistry } from '../../../src/telemetry/index.ts';
import { ENDED, HAPPENED, NOTED, gate, openBus, settle } from './support/bus-world.ts';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('EmbeddedEventBus: who waits for whom', () => {
  test('lets the topics of a group take turns', async () => {
    const { bus, happen } = await openBus();
    const order: string[] = [];
    const sub = bus.subscribe(
      'g',
      [HAPPENED, NOTED],
      async ({ type }) => {
        await Promise.resolve();
        order.push(type);
      },
      { maxInFlight: 20 },
    );
    await sub.ready;
    for (const n of upTo(500)) void happen(n);
    void bus.publish(NOTED, { text: 'late' });
    await settle();
    expect(order).toHaveLength(501);
    expect(order.indexOf('note.written')).toBeLessThan(50);
  });

  test('does not let a publisher that awaits some of its receipts outrun the handlers', async () => {
    const { bus, happen } = await openBus({}, { clock: new SystemClock() });
    let handled = 0;
    bus.subscribe('g', '*', () => {
      handled += 1;
    });
    let most = 0;
    for (const n of upTo(5000)) {
      const receipt = happen(n);
      if (n % 256 === 7) await receipt;
      most = Math.max(most, n - handled);
    }
    expect(most).toBeLessThanOrEqual(1536);
  });

  test('ends a replay that follows and does not keep up with what memory holds, and nobody waits for it', async () => {
    const { bus, happen } = await openBus({ keepEvents: 2, overflow: { maxUnhandled: 3 } });
    const { running, handle, release } = gate();
    const replay = bus.replay([HAPPENED], handle, { from: 'beginning', follow: true, maxInFlight: 1 });
    for (const n of upTo(10)) expect(await happen(n)).toMatchObject({ outcome: 'published' });
    await settle();
    expect(running).toEqual(['a1']);
    release('a1');
    await settle();
    expect(await replay.done).toEqual({ handled: 1, failed: 0, complete: false });
  });

  test('drops what a group does not want before what it wants', async () => {
    const { bus, happen } = await openBus({ overflow: { policy: 'drop-oldest', maxUnhandled: 4 } });
    const { running, handle, release } = gate();
    bus.subscribe('g', [HAPPENED], handle, { maxInFlight: 1 });
    for (const n of upTo(4)) await happen(n);
    await settle();
    for (let n = 0; n < 50; n += 1) await bus.publish(ENDED, { thing: 'a' });
    await happen(5);
    expect(bus.status().dropped).toBe(0);
    await happen(6);
    expect(bus.status().dropped).toBe(1);
    for (const next of ['a1', 'a3', 'a4', 'a5']) {
      expect(running).toEqual([next]);
      release(next);
      await settle();
    }
    expect(running).toEqual(['a6']);
  });

  test('gives up a publication that has waited for so long, and says for whom', async () => {
    const { bus, clock, happen } = await openBus({ overflow: { maxUnhandled: 1, blockTimeoutMs: 200 } });
    const { handle, release } = gate();
    bus.subscribe('slow', [HAPPENED], handle);
    await happen(1);
    const [second, third] = [happen(2), happen(3)];
    second.catch(() => undefined);
    clock.advance(199);
    await settle();
    expect(bus.status().waiting).toBe(2);
    clock.advance(1);
    await expect(second).rejects.toMatchObject({
      code: 'BUS_UNAVAILABLE',
      message: 'publish: no room within 200 ms: group slow has 1 unhandled events of thing',
    });
    await expect(third).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
    const fourth = happen(4);
    release('a1');
    expect(await fourth).toMatchObject({ outcome: 'published' });
  });

  test('ends a publication that a handler waits for while its own group fills the topic', async () => {
    const { bus, clock, happen } = await openBus({ overflow: { maxUnhandled: 1, blockTimeoutMs: 200 } });
    const failures: unknown[] = [];
    bus.subscribe('g', [HAPPENED], async ({ data }) => {
      if (data.n === 1) await happen(2).catch((error: unknown) => failures.push(error));
    });
    await happen(1);
    await settle();
    clock.advance(200);
    await settle();
    expect(failures).toMatchObject([{ code: 'BUS_UNAVAILABLE' }]);
    expect(await bus.groups()).toMatchObject([{ lag: 0, pending: 0 }]);
  });

  test('refuses a position that the topic has not reached', async () => {
    const { bus, happen } = await openBus();
    await happen(1);
    const from = (position: string) => ({ from: { topic: 'thing', position } });
    expect(() => bus.subscribe('g', '*', () => undefined, from('2'))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    expect(() => bus.replay('*', () => undefined, from('2'))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    await bus.subscribe('g', '*', () => undefined, from('1')).ready;
  });
});

describe('EmbeddedEventBus: stopping and counting', () => {
  test('a later call shortens the time that an earlier one has given', async () => {
    const { bus, clock, happen } = await openBus();
    const subscription = bus.subscribe('g', '*', gate().handle);
    await happen(1);
    await settle();
    let stopped = 0;
    void subscription.stop(10_000).then(() => (stopped += 1));
    void bus.close(5_000).then(() => (stopped += 1));
    void bus.close(100).then(() => (stopped += 1));
    clock.advance(99);
    await settle();
    expect(stopped).toBe(0);
    clock.advance(1);
    await settle();
    expect(stopped).toBe(3);
  });

  test('counts a letter once, and none for a replay', async () => {
    const metrics = new MetricsRegistry();
    const { bus, happen } = await openBus({}, { metrics });
    const fail = (): never => {
      throw new Error('no');
    };
    bus.subscribe('g', [HAPPENED], fail, { maxAttempts: 1 });
    await happen(1);
    await settle();
    await bus.replay([HAPPENED], fail, { from: 'beginning', maxAttempts: 1 }).done;
    const lines = (await metrics.exposition()).split('\n').filter((line) => !/^#| 0$/.test(line));
    expect(lines.filter((line) => line.startsWith('trading_bus_dead_letters_total'))).toEqual([
      'trading_bus_dead_letters_total{bus="events",group="g",reason="ATTEMPTS_EXHAUSTED"} 1',
    ]);
    expect(lines.filter((line) => /replay-/.test(line))).toEqual([]);
  });

  test('says of failed attempts that they have failed, where another member takes fewer', async () => {
    const { bus, happen } = await openBus();
    const fail = (): never => {
      throw new Error('no');
    };
    const first = bus.subscribe('g', [HAPPENED], fail, { backoffMs: 60_000 });
    await happen(1);
    await settle();
    await first.stop();
    bus.subscribe('g', [HAPPENED], fail, { maxAttempts: 1 });
    await settle();
    expect(await bus.deadLetters.list()).toMatchObject([
      { reason: 'ATTEMPTS_EXHAUSTED', attempts: 1, detail: '1 attempts have failed before' },
    ]);
  });

  test('what only looks like a dead letter is a result like any other', async () => {
    const { bus, happen } = await openBus();
    bus.subscribe('g', [HAPPENED], () => ({ outcome: 'dead', reason: 'a report of its own' }));
    await happen(1);
    await settle();
    expect(await bus.deadLetters.list()).toEqual([]);
  });
});
