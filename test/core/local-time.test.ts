import { describe, expect, test } from 'vitest';
import { LocalTime, timeOfDayMs, timeOfDaySchema, zoneSchema } from '../../src/core/local-time.ts';

const shown = (zone: string, time: string): string =>
  new Date(new LocalTime(zone).at(Date.parse(time))).toISOString();
const first = (zone: string, local: string): string =>
  new Date(new LocalTime(zone).firstAt(Date.parse(`${local}Z`))).toISOString();

describe('LocalTime', () => {
  test.each([
    ['UTC', '2026-03-02T00:00:00.001Z', '2026-03-02T00:00:00.001Z'],
    ['America/New_York', '2026-01-15T02:29:59.999Z', '2026-01-14T21:29:59.999Z'],
    ['Asia/Kathmandu', '2026-01-15T00:00:00Z', '2026-01-15T05:45:00.000Z'],
    ['Europe/Berlin', '2026-03-29T00:59:59.999Z', '2026-03-29T01:59:59.999Z'],
    ['Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T03:00:00.000Z'],
    ['UTC', '1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
  ])('%s at %s shows %s', (zone, time, expected) => {
    expect(shown(zone, time)).toBe(expected);
  });

  test('shows whole milliseconds', () => {
    expect(new LocalTime('UTC').at(1.9)).toBe(1);
  });

  test('shows nothing for what is no time', () => {
    expect(() => new LocalTime('UTC').at(NaN)).toThrow(RangeError);
  });

  test.each([
    ['in winter', 'America/New_York', '2026-01-15T09:30', '2026-01-15T14:30:00.000Z'],
    ['in summer', 'America/New_York', '2026-07-15T09:30', '2026-07-15T13:30:00.000Z'],
    ['the first of two', 'Europe/Berlin', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
    ['the change that jumps over it', 'Europe/Berlin', '2026-03-29T02:30', '2026-03-29T01:00:00.000Z'],
    ['the first after it', 'Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
  ])('the first moment of a local time: %s', (_what, zone, local, expected) => {
    expect(first(zone, local)).toBe(expected);
  });
});

describe('times of day and zones', () => {
  test.each([
    ['00:00', 0],
    ['09:30', 34_200_000],
    ['23:59', 86_340_000],
  ])('%s is %d ms after midnight', (time, ms) => {
    expect([timeOfDaySchema.parse(time), timeOfDayMs(time)]).toEqual([time, ms]);
  });

  test.each(['24:00', '9:30', '09:60', '0930', ' 09:30'])('%j is no time of day', (time) => {
    expect(() => timeOfDaySchema.parse(time)).toThrow("expected a time of day such as '09:30'");
  });

  test('a zone has to be one', () => {
    expect(zoneSchema.parse('Europe/Berlin')).toBe('Europe/Berlin');
    expect(() => zoneSchema.parse('Mars/Olympus')).toThrow('expected an IANA time zone');
  });
});
