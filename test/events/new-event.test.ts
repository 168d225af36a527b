import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { orderingKey } from '../../src/events/bus-event.ts';
import { EventCatalogue } from '../../src/events/event-catalogue.ts';
import { eventType } from '../../src/events/event-type.ts';
import { NewEvents } from '../../src/events/new-event.ts';
import { correlation } from '../../src/telemetry/correlation.ts';

const NOTED = eventType({
  type: 'note.written',
  schema: z.strictObject({ about: z.string(), by: z.string() }),
  subject: ({ about }) => about,
  key: ({ by }) => by,
});
const COUNTED = eventType({ type: 'note.counted', schema: z.object({ n: z.string().transform(Number) }) });

const catalogue = new EventCatalogue([NOTED, COUNTED]);
const newEvents = (nowMs = Date.UTC(2026, 0, 2)): NewEvents =>
  new NewEvents({ catalogue, clock: { nowMs: () => nowMs }, source: '/test', idPrefix: 'p' });
const data = { about: 'A', by: 'b' };

describe('NewEvents', () => {
  test('makes an event of what the type and the bus say', () => {
    expect(newEvents().make(NOTED, data)).toEqual({
      ...{ specversion: '1.0', id: 'p-1', source: '/test', type: 'note.written', dataversion: 1 },
      ...{ time: '2026-01-02T00:00:00.000Z', subject: 'A', partitionkey: 'b', data },
    });
  });

  test('takes what the caller says before that', () => {
    const options = { id: 'x', source: '/me', atMs: 0, subject: 'S', key: 'S', correlationId: 'c' };
    expect(newEvents().make(NOTED, data, options)).toMatchObject({
      ...{ id: 'x', source: '/me', time: '1970-01-01T00:00:00.000Z', subject: 'S', correlationid: 'c' },
      partitionkey: undefined,
    });
  });

  test('carries the id that the code runs under', () => {
    const event = correlation.run('job-1', () => newEvents().make(NOTED, data));
    expect(event.correlationid).toBe('job-1');
  });

  test('leaves out a subject and a key that are empty', () => {
    const event = newEvents().make(NOTED, { about: '', by: '' });
    expect([event.subject, event.partitionkey, orderingKey(event)]).toEqual([undefined, undefined, '']);
  });

  test.each([
    [{ atMs: -62_167_219_200_000 }, '0000-01-01T00:00:00.000Z'],
    [{ atMs: 253_402_300_799_999 }, '9999-12-31T23:59:59.999Z'],
  ])('writes the time of %j, and what it makes is read again', (options, time) => {
    const event = newEvents().make(NOTED, data, options);
    expect(event.time).toBe(time);
    expect(catalogue.read(JSON.stringify(event))).toMatchObject({ kind: 'event', event: { time, data } });
  });

  test.each([{ atMs: -62_167_219_200_001 }, { atMs: 253_402_300_800_000 }, { id: 'a b' }, { subject: '' }])(
    'refuses %j',
    (options) => {
      expect(() => newEvents().make(NOTED, data, options)).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID' }) as Error,
      );
    },
  );

  test('refuses a schema that does not take what it gives', () => {
    expect(() => newEvents().make(COUNTED, { n: '1' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
  });
});

describe('orderingKey', () => {
  const event = newEvents().make(NOTED, data);

  test('is the partition key, else the subject, else one for all', () => {
    expect(orderingKey(event)).toBe('b');
    expect(orderingKey({ ...event, partitionkey: undefined })).toBe('A');
    expect(orderingKey({ ...event, partitionkey: undefined, subject: undefined })).toBe('');
  });
});
