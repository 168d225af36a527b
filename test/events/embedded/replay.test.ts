import { describe, expect, test, vi } from 'vitest';
import { deadLetter } from '../../../src/events/dead-letter.ts';
import { ENDED, HAPPENED, NOTED, gate, openBus, recorder, settle } from './support/bus-world.ts';

describe('EmbeddedEventBus: replay', () => {
  test('handles what was there when it began, once more', async () => {
    const { bus, happen } = await openBus();
    const live = recorder();
    bus.subscribe('g', [HAPPENED], live.handle);
    await happen(1);
    await happen(2);
    const { seen, handle } = recorder();
    const replay = bus.replay([HAPPENED], handle, { from: 'beginning' });
    await happen(3);
    expect(await replay.done).toEqual({ handled: 2, failed: 0, complete: true });
    await settle();
    expect([seen, live.seen]).toEqual([
      ['a1', 'a2'],
      ['a1', 'a2', 'a3'],
    ]);
    expect(await bus.groups()).toMatchObject([{ group: 'g' }]);
  });

  test('ends at once where there is nothing', async () => {
    const { bus, happen } = await openBus();
    await happen(1);
    const nothing = { handled: 0, failed: 0, complete: true };
    expect(await bus.replay([NOTED], vi.fn(), { from: 'beginning' }).done).toEqual(nothing);
    expect(await bus.replay([ENDED], vi.fn(), { from: 'beginning' }).done).toEqual(nothing);
  });

  test('begins at a time or behind a position', async () => {
    const { bus, clock, happen } = await openBus();
    await happen(1);
    clock.advance(5);
    await happen(2);
    await happen(3);
    const at = async (from: Parameters<typeof bus.replay>[2]['from']): Promise<string[]> => {
      const { seen, handle } = recorder();
      await bus.replay([HAPPENED, NOTED], handle, { from }).done;
      return seen;
    };
    expect(await at({ timeMs: clock.nowMs() })).toEqual(['a2', 'a3']);
    expect(await at({ timeMs: clock.nowMs() + 1 })).toEqual([]);
    expect(await at({ topic: 'thing', position: '2' })).toEqual(['a3']);
    expect(await at({ topic: 'note', position: '0' })).toEqual([]);
  });

  test('follows until it is stopped', async () => {
    const { bus, happen } = await openBus();
    await happen(1);
    const { seen, handle } = recorder();
    const replay = bus.replay([HAPPENED], handle, { from: 'beginning', follow: true });
    await settle();
    await happen(2);
    await settle();
    expect(seen).toEqual(['a1', 'a2']);
    await replay.stop();
    await happen(3);
    await settle();
    expect([seen, await replay.done]).toEqual([['a1', 'a2'], { handled: 2, failed: 0, complete: false }]);
  });

  test('counts what fails, and leaves no letter', async () => {
    const { bus, clock, happen } = await openBus();
    await happen(1);
    await happen(2);
    const fails = ({ data }: { data: { n: number } }): void => {
      if (data.n === 1) throw new Error('no');
    };
    const replay = bus.replay([HAPPENED], fails, { from: 'beginning', maxAttempts: 2 });
    for (let i = 0; i < 3; i += 1) {
      await settle();
      clock.advance(30_000);
    }
    expect(await replay.done).toEqual({ handled: 1, failed: 1, complete: true });
    expect(await bus.deadLetters.list()).toEqual([]);
  });

  test('holds what it still needs, while more is published than is kept', async () => {
    const { bus, happen } = await openBus({ keepEvents: 2 });
    await happen(1);
    await happen(2);
    const { running, handle, release } = gate();
    const replay = bus.replay([HAPPENED], handle, { from: 'beginning' });
    for (let n = 3; n <= 9; n += 1) await happen(n);
    await settle();
    release('a1');
    await settle();
    expect(running).toEqual(['a2']);
    release('a2');
    expect(await replay.done).toMatchObject({ handled: 2, complete: true });
  });

  test('does not give what a group was given once more', async () => {
    const { bus, happen } = await openBus();
    bus.subscribe('g', [HAPPENED], () => deadLetter('x'));
    await happen(1);
    await settle();
    await bus.deadLetters.requeue(['1']);
    const { seen, handle } = recorder();
    await bus.replay([HAPPENED], handle, { from: 'beginning' }).done;
    expect(seen).toEqual(['a1']);
  });

  test('goes with the bus', async () => {
    const { bus, happen } = await openBus();
    await happen(1);
    const { handle } = recorder();
    const replay = bus.replay([HAPPENED], handle, { from: 'beginning', follow: true });
    await settle();
    await bus.close();
    expect(await replay.done).toEqual({ handled: 1, failed: 0, complete: false });
  });

  test('is told where to begin', async () => {
    const { bus } = await openBus();
    for (const from of [undefined, { topic: 'note', position: '1' }, { topic: 'thing', position: 'x' }]) {
      expect(() => bus.replay([HAPPENED], vi.fn(), { from } as never)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
      );
    }
  });
});

describe('EmbeddedEventBus: retention', () => {
  test('keeps so many events of a topic', async () => {
    const { bus, happen } = await openBus({ keepEvents: 2 });
    for (let n = 1; n <= 5; n += 1) await happen(n);
    const { seen, handle } = recorder();
    await bus.replay([HAPPENED], handle, { from: 'beginning' }).done;
    expect(seen).toEqual(['a4', 'a5']);
  });

  test('keeps none older than so long, to the millisecond', async () => {
    const { bus, clock, happen } = await openBus({ keepMs: 1000 });
    await happen(1);
    clock.advance(1);
    await happen(2);
    clock.advance(1000);
    const { seen, handle } = recorder();
    await bus.replay([HAPPENED], handle, { from: 'beginning' }).done;
    expect(seen).toEqual(['a2']);
  });

  test('keeps what a group has not read, whatever the limits', async () => {
    const { bus, clock, happen } = await openBus({ keepEvents: 1, keepMs: 1 });
    const { seen, handle } = recorder();
    await bus.subscribe('g', [HAPPENED], handle).stop();
    for (let n = 1; n <= 3; n += 1) await happen(n);
    clock.advance(10_000);
    bus.subscribe('g', [HAPPENED], handle);
    await settle();
    expect(seen).toEqual(['a1', 'a2', 'a3']);
  });
});
