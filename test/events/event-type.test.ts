import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EventCatalogue } from '../../src/events/event-catalogue.ts';
import { type EventTypeDefinition, eventType } from '../../src/events/event-type.ts';

const schema = z.strictObject({ c: z.int() });
const define = (overrides: Partial<EventTypeDefinition<typeof schema>> = {}) =>
  eventType({ type: 'thing.done', schema, ...overrides });
const step = (version: number, from: string, to: string) => ({
  version,
  schema: z.strictObject({ [from]: z.int() }),
  upgrade: (data: Record<string, number>) => ({ [to]: data[from] }),
});
const chain = define({ version: 3, previous: [step(2, 'b', 'c'), step(1, 'a', 'b')] });
const catalogue = new EventCatalogue([chain]);
const read = (overrides: object) =>
  catalogue.read(
    JSON.stringify({
      ...{ specversion: '1.0', id: '1', source: '/s', type: 'thing.done', dataversion: 3 },
      ...{ time: '2026-01-02T00:00:00.000Z', data: { c: 1 }, ...overrides },
    }),
  );

describe('eventType', () => {
  test('begins with version 1, in the topic of its first word, about nothing', () => {
    const type = define();
    expect(type).toMatchObject({ type: 'thing.done', version: 1, topic: 'thing', previous: [] });
    expect([type.subject({ c: 1 }), type.key({ c: 1 })]).toEqual([undefined, undefined]);
    expect(define({ subject: () => 'A' }).key({ c: 1 })).toBe('A');
  });

  test.each([
    { type: 'a'.repeat(128), topic: 't' },
    { topic: 'a'.repeat(64) },
    { version: 2, previous: [step(1, 'a', 'c')] },
  ])('takes %o', (overrides) => {
    expect(define(overrides)).toMatchObject({ version: overrides.version ?? 1 });
  });

  test.each([
    ...[{ type: 'a'.repeat(129), topic: 't' }, { type: 'Thing' }, { type: 'a..b' }, { type: '' }],
    ...[{ topic: 'a'.repeat(65) }, { version: 0 }, { version: 1.5 }],
    { version: 3, previous: [step(1, 'a', 'b')] },
    { version: 2, previous: [step(1, 'a', 'c'), step(1, 'a', 'c')] },
    { version: 1, previous: [step(1, 'a', 'c')] },
  ])('refuses %o', (overrides) => {
    expect(() => define(overrides)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }) as Error);
  });
});

describe('EventCatalogue', () => {
  test.each([
    [3, { c: 7 }],
    [2, { b: 7 }],
    [1, { a: 7 }],
  ])('brings version %d up to the present one', (dataversion, data) => {
    expect(read({ dataversion, data })).toMatchObject({ event: { dataversion: 3, data: { c: 7 } } });
  });

  test('leaves out attributes of others', () => {
    const { kind, event } = read({ sequence: '1' }) as { kind: string; event: object };
    expect([kind, 'sequence' in event]).toEqual(['event', false]);
  });

  test.each([
    [{ dataversion: 4 }, 'UNKNOWN_VERSION', 'thing.done version 4'],
    [{ type: 'thing.gone' }, 'UNKNOWN_TYPE', 'thing.gone'],
    [{ data: { c: 'x' } }, 'INVALID', expect.stringMatching(/^c: /)],
    [{ dataversion: 1, data: { b: 1 } }, 'INVALID', expect.any(String)],
    [{ time: 'today' }, 'INVALID', expect.stringMatching(/^time: /)],
  ])('says what is wrong with %o', (overrides, reason, detail: unknown) => {
    expect(read(overrides)).toEqual({ kind: 'flaw', reason, detail });
  });

  test.each(['', '{', 'null', '[]', '1', '{"__proto__":{}}', '['.repeat(100_000)])(
    'never throws: %#',
    (text) => {
      expect(catalogue.read(text)).toMatchObject({ kind: 'flaw', reason: 'INVALID' });
    },
  );

  test('an upgrade that throws makes an event invalid', () => {
    const failing = define({
      version: 2,
      previous: [
        {
          ...step(1, 'a', 'c'),
          upgrade: () => {
            throw new Error('no way');
          },
        },
      ],
    });
    const text = JSON.stringify({
      ...{ specversion: '1.0', id: '1', source: '/s', type: 'thing.done', dataversion: 1 },
      ...{ time: '2026-01-02T00:00:00.000Z', data: { a: 1 } },
    });
    expect(new EventCatalogue([failing]).read(text)).toEqual({
      kind: 'flaw',
      reason: 'INVALID',
      detail: 'no way',
    });
  });

  test('has a definition, not a name', () => {
    expect([catalogue.has(chain), catalogue.has(define())]).toEqual([true, false]);
    expect(() => catalogue.with(define())).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    expect(catalogue.with(define({ type: 'other.done' })).topics).toEqual(['thing', 'other']);
  });
});
