import { z } from 'zod';
import { describe, expect, test, vi } from 'vitest';
import { eventType } from '../../../src/events/event-type.ts';
import { HAPPENED, openBus, recorder, settle } from './support/bus-world.ts';

describe('EmbeddedEventBus: publish', () => {
  test('takes an id of one source once', async () => {
    const { bus } = await openBus();
    const { seen, handle } = recorder();
    bus.subscribe('g', [HAPPENED], handle);
    const publish = (id: string, source?: string): ReturnType<typeof bus.publish> =>
      bus.publish(HAPPENED, { thing: id, n: 1 }, { id, source });
    expect(await publish('x')).toEqual({ outcome: 'published', id: 'x', position: '1' });
    expect(await publish('x')).toEqual({ outcome: 'duplicate', id: 'x' });
    expect(await publish('x', '/other')).toEqual({ outcome: 'published', id: 'x', position: '2' });
    await settle();
    expect(seen).toEqual(['x1', 'x1']);
  });

  test('looks back so many events', async () => {
    const { bus } = await openBus({ dedupeEvents: 2 });
    const publish = (id?: string): ReturnType<typeof bus.publish> =>
      bus.publish(HAPPENED, { thing: 'a', n: 1 }, { id });
    await publish('x');
    await publish();
    expect(await publish('x')).toMatchObject({ outcome: 'duplicate' });
    await publish();
    expect(await publish('x')).toMatchObject({ outcome: 'published' });
  });

  test('rejects data off its schema, types of others, and bad options', async () => {
    const { bus } = await openBus();
    const strange = eventType({ type: 'thing.happened', schema: z.strictObject({}) });
    await expect(bus.publish(HAPPENED, { thing: 'a' } as never)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await expect(bus.publish(strange, {})).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    const data = { thing: 'a', n: 1 };
    await expect(bus.publish(HAPPENED, data, { id: 'a b' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('refuses all after closing', async () => {
    const { bus, happen } = await openBus();
    const closed = bus.close();
    const code = 'BUS_CLOSED';
    await expect(happen(1)).rejects.toMatchObject({ code });
    expect(() => bus.subscribe('g', '*', vi.fn())).toThrow(expect.objectContaining({ code }) as Error);
    expect(() => bus.replay('*', vi.fn(), { from: 'beginning' })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
    expect(await bus.close()).toEqual(await closed);
  });

  test('refuses bad groups and types', async () => {
    const { bus } = await openBus();
    const strange = eventType({ type: 'other.happened', schema: z.strictObject({}) });
    for (const [group, types] of [
      ['', '*'],
      ['A', '*'],
      ['a'.repeat(65), '*'],
      ['g', []],
      ['g', [strange]],
    ] as const) {
      expect(() => bus.subscribe(group, types, vi.fn())).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
      );
    }
    expect(await bus.groups()).toEqual([]);
  });

  test('refuses misspelt options by name', async () => {
    await expect(openBus({ keepEvent: 1 } as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});
