import { describe, expect, test } from 'vitest';
import { TradingDay } from '../../src/core/index.ts';

const HOUR_MS = 3_600_000;

describe('TradingDay', () => {
  test('is the calendar day of UTC by default', () => {
    const day = new TradingDay();
    const midnight = Date.parse('2026-03-02T00:00:00Z');
    expect([day.dayOf(midnight - 1), day.dayOf(midnight), day.nextRollMs(midnight - 1)]).toEqual([
      '2026-03-01',
      '2026-03-02',
      midnight,
    ]);
  });

  test('rolls at 17:00 in New York: one millisecond before, and at it', () => {
    const day = new TradingDay({ zone: 'America/New_York', rollHour: 17 });
    const roll = Date.parse('2026-01-15T22:00:00Z');
    expect([day.dayOf(roll - 1), day.dayOf(roll), day.nextRollMs(roll - 1)]).toEqual([
      '2026-01-15',
      '2026-01-16',
      roll,
    ]);
  });

  test.each([
    ['America/New_York', 0, '2026-03-08T12:00:00Z', 23],
    ['America/New_York', 0, '2026-11-01T12:00:00Z', 25],
    ['America/New_York', 17, '2026-03-08T12:00:00Z', 23],
    ['America/New_York', 17, '2026-11-01T12:00:00Z', 25],
    ['Europe/Berlin', 0, '2026-03-29T12:00:00Z', 23],
    ['Europe/Berlin', 0, '2026-10-25T12:00:00Z', 25],
    ['Europe/Berlin', 2, '2026-03-28T12:00:00Z', 24],
    ['Europe/Berlin', 2, '2026-03-29T12:00:00Z', 23],
    ['Europe/Berlin', 2, '2026-10-25T12:00:00Z', 25],
    ['Europe/Berlin', 3, '2026-03-29T12:00:00Z', 24],
    ['Europe/Berlin', 3, '2026-03-28T12:00:00Z', 23],
    ['Europe/Berlin', 3, '2026-10-24T12:00:00Z', 25],
    ['Australia/Lord_Howe', 2, '2026-10-03T04:00:00Z', 24],
    ['Australia/Lord_Howe', 3, '2026-10-03T04:00:00Z', 23.5],
    ['Australia/Lord_Howe', 2, '2026-04-04T04:00:00Z', 24.5],
    ['Australia/Lord_Howe', 1, '2026-04-04T20:00:00Z', 24.5],
    ['Antarctica/Troll', 0, '2026-03-29T12:00:00Z', 22],
    ['Asia/Tokyo', 0, '2026-10-25T12:00:00Z', 24],
    ['Australia/Lord_Howe', 0, '2026-04-04T20:00:00Z', 24.5],
  ])('in %s with roll hour %d, the day of %s has %d hours', (zone, rollHour, at, hours) => {
    const day = new TradingDay({ zone, rollHour });
    const endMs = day.nextRollMs(Date.parse(at));
    const beginMs = firstOf(day, Date.parse(at));
    expect((endMs - beginMs) / HOUR_MS).toBe(hours);
  });

  test('passes over a roll hour that does not exist: the day rolls where the clock jumps', () => {
    const day = new TradingDay({ zone: 'America/New_York', rollHour: 2 });
    const jump = Date.parse('2026-03-08T07:00:00Z');
    expect([day.dayOf(jump - 1), day.dayOf(jump)]).toEqual(['2026-03-08', '2026-03-09']);
  });

  test.each([
    // The clock was set back at 00:01, to 23:01 of the day that had just ended.
    ['America/St_Johns', 0, '2010-11-07T02:30:00Z', '2010-11-07T02:31:00Z', '2010-11-07'],
    ['America/New_York', 1, '2026-11-01T05:00:00Z', '2026-11-01T06:00:00Z', '2026-11-02'],
    ['Europe/Berlin', 2, '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-26'],
  ])(
    'in %s with roll hour %d rolls at %s and not again when the hour is repeated',
    (zone, rollHour, roll, again, id) => {
      const day = new TradingDay({ zone, rollHour });
      const [rollMs, againMs] = [Date.parse(roll), Date.parse(again)];
      expect([
        day.dayOf(rollMs - 1) < id,
        day.dayOf(rollMs),
        day.dayOf(againMs),
        day.dayOf(againMs + HOUR_MS),
      ]).toEqual([true, id, id, id]);
      expect([new TradingDay({ zone, rollHour }).dayOf(againMs + 1), day.nextRollMs(rollMs - 1)]).toEqual([
        id,
        rollMs,
      ]);
      expect(day.nextRollMs(againMs)).toBeGreaterThan(againMs + 20 * HOUR_MS);
    },
  );

  test('turns months and years', () => {
    const day = new TradingDay({ rollHour: 23 });
    expect([
      day.dayOf(Date.parse('2026-12-31T23:00:00Z')),
      day.dayOf(Date.parse('2028-02-28T23:00:00Z')),
    ]).toEqual(['2027-01-01', '2028-02-29']);
  });

  test('answers the same whatever was asked before', () => {
    const at = Date.parse('2026-06-10T10:00:00Z');
    const asked = new TradingDay();
    asked.dayOf(at + 90 * 24 * HOUR_MS);
    asked.dayOf(at - 90 * 24 * HOUR_MS);
    expect([asked.dayOf(at), asked.nextRollMs(at)]).toEqual([
      '2026-06-10',
      Date.parse('2026-06-11T00:00:00Z'),
    ]);
  });

  test.each([0.5, -0.5, -HOUR_MS + 0.3, -3 * HOUR_MS + 0.3])(
    'takes fractions of a millisecond: %d from midnight',
    (offset) => {
      const midnight = Date.parse('2026-03-02T00:00:00Z');
      const day = new TradingDay();
      expect([day.dayOf(midnight + offset), day.nextRollMs(midnight - 0.5)]).toEqual([
        offset < 0 ? '2026-03-01' : '2026-03-02',
        midnight,
      ]);
    },
  );

  test('refuses a zone that does not exist, by name', () => {
    expect(() => new TradingDay({ zone: 'Mars/Base' })).toThrow(
      'TradingDay: zone: expected an IANA time zone, got "Mars/Base"',
    );
  });

  test.each([-1, 24, 1.5])('refuses a roll hour of %d', (rollHour) => {
    expect(() => new TradingDay({ rollHour })).toThrow(/TradingDay: rollHour: .*, got /);
  });
});

/** The first millisecond of the day, found the slow way, from an hour grid. */
function firstOf(day: TradingDay, atMs: number): number {
  const id = day.dayOf(atMs);
  let ms = atMs;
  while (day.dayOf(ms - HOUR_MS) === id) ms -= HOUR_MS;
  while (day.dayOf(ms - 60_000) === id) ms -= 60_000;
  return ms;
}
