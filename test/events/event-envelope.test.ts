import { fc } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { readEnvelope } from '../../src/events/event-envelope.ts';

const whole = (overrides: object = {}): object => ({
  specversion: '1.0',
  id: 'a-1',
  source: '/desk',
  type: 'order.executed',
  dataversion: 1,
  time: '2026-03-31T23:59:59.999Z',
  data: { quantity: 1 },
  ...overrides,
});

/** Not as a bus writes it, and the same moment: for the schema. */
const asOthersWrite = { time: '2026-03-31T23:59:59.999000Z' };

const two = (value: number): string => String(value).padStart(2, '0');

describe('readEnvelope', () => {
  test('gives the attributes of an event and its data, and leaves out those of others', () => {
    const event = whole({
      ...{ subject: 'BTC-USD', partitionkey: 'a', traceparent: 'b', tracestate: 'c', correlationid: 'd' },
    });

    expect(readEnvelope({ ...event, sequence: '12' }).data).toStrictEqual(event);
    expect(readEnvelope({ ...event, sequence: '12', ...asOthersWrite }).data).toStrictEqual({
      ...event,
      ...asOthersWrite,
    });
  });

  test('takes the first version where none is said', () => {
    expect(readEnvelope(whole({ dataversion: undefined })).data?.dataversion).toBe(1);
  });

  test.each([undefined, null, 1, 'text', [], {}])('refuses %j', (value) => {
    expect(readEnvelope(value).success).toBe(false);
  });

  test.each([
    ['specversion', '0.3'],
    ['id', ''],
    ['source', ''],
    ['type', 1],
    ['dataversion', 0],
    ['dataversion', 1.5],
    ['dataversion', '1'],
    ['time', 'yesterday'],
    ['time', null],
    ['subject', ''],
    ['partitionkey', null],
    ['traceparent', 1],
    ['tracestate', ''],
    ['correlationid', {}],
  ])('refuses %s %j, and names it', (name, value) => {
    expect(readEnvelope(whole({ [name]: value })).error?.issues).toMatchObject([{ path: [name] }]);
  });

  test('says of an envelope as a bus writes it what the schema says', () => {
    const names = Object.keys(
      whole({ subject: 1, partitionkey: 1, traceparent: 1, tracestate: 1, correlationid: 1 }),
    ).filter((name) => name !== 'time');
    const value = fc.constantFrom(undefined, null, '', 'x', '1.0', 0, 1, 2 ** 53, NaN, -1, 1.5, true, [], {});
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3, noNullPrototype: true }),
        (overrides) => {
          const fast = readEnvelope(whole(overrides));
          const slow = readEnvelope(whole({ ...overrides, ...asOthersWrite }));
          expect(fast.success).toBe(slow.success);
          expect({ ...fast.data, time: '' }).toEqual({ ...slow.data, time: '' });
        },
      ),
    );
  });

  test('takes every moment of the calendar and no other', () => {
    const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(
        fc.integer({ min: 1000, max: 9999 }),
        ...[upTo(13), upTo(32), upTo(25), upTo(61), upTo(61)],
        (year, month, day, hour, minute, second) => {
          const date = `${year}-${two(month)}-${two(day)}`;
          const time = `${date}T${two(hour)}:${two(minute)}:${two(second)}.123Z`;
          const read = new Date(time);
          const isReal = read.getTime() > -Infinity && read.toISOString() === time;
          expect(readEnvelope(whole({ time })).success).toBe(isReal);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
