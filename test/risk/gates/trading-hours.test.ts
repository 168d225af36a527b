import { describe, expect, test } from 'vitest';
import { TradingHours, type TradingHoursOptions, tradingHoursGate } from '../../../src/risk/index.ts';
import { pricedOf } from '../../support/orders.ts';
import { riskViewOf } from '../../support/views.ts';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri'] as const;
const NYSE: TradingHoursOptions = {
  zone: 'America/New_York',
  sessions: [{ days: WEEK, from: '09:30', to: '16:00' }],
  holidays: ['2026-12-25'],
  earlyCloses: { '2026-11-27': '13:00' },
};
const GLOBEX: TradingHoursOptions = {
  zone: 'America/Chicago',
  sessions: [{ days: ['sun', 'mon', 'tue', 'wed', 'thu'], from: '17:00', to: '16:00' }],
  earlyCloses: { '2026-11-25': '12:15', '2026-11-26': '18:30' },
};
const at = (text: string): number => Date.parse(text);

/** What is said a millisecond before, at, and a millisecond before and at the end. */
const edges = (options: TradingHoursOptions, from: string, until: string): readonly boolean[] => {
  const hours = new TradingHours(options);
  return [at(from) - 1, at(from), at(until) - 1, at(until)].map((ms) => hours.isOpen(ms));
};
const OPEN = [false, true, true, false];
const CLOSED = [true, false, false, true];

describe('TradingHours', () => {
  test('are open from the first moment of a session to the last before its end', () => {
    expect(edges(NYSE, '2026-06-15T13:30:00Z', '2026-06-15T20:00:00Z')).toEqual(OPEN);
  });

  test.each([
    ['the Friday before clocks go forward', '2026-03-06T14:30:00Z', '2026-03-06T21:00:00Z'],
    ['the Monday after', '2026-03-09T13:30:00Z', '2026-03-09T20:00:00Z'],
    ['the Friday before clocks go back', '2026-10-30T13:30:00Z', '2026-10-30T20:00:00Z'],
    ['the Monday after', '2026-11-02T14:30:00Z', '2026-11-02T21:00:00Z'],
  ])('follow the local clock: %s', (_day, from, until) => {
    expect(edges(NYSE, from, until)).toEqual(OPEN);
  });

  test('are closed on days without a session', () => {
    expect(edges(NYSE, '2026-06-19T20:00:00Z', '2026-06-22T13:30:00Z')).toEqual(CLOSED);
  });

  test('are closed on holidays', () => {
    expect(edges(NYSE, '2026-12-24T21:00:00Z', '2026-12-28T14:30:00Z')).toEqual(CLOSED);
  });

  test('close early', () => {
    expect(edges(NYSE, '2026-11-27T14:30:00Z', '2026-11-27T18:00:00Z')).toEqual(OPEN);
  });

  test('an early close that is none changes nothing', () => {
    const late = { ...NYSE, earlyCloses: { '2026-06-15': '18:00' } };
    expect(edges(late, '2026-06-15T13:30:00Z', '2026-06-15T20:00:00Z')).toEqual(OPEN);
  });

  test('an early close before the beginning closes the day', () => {
    const none = { ...NYSE, earlyCloses: { '2026-06-15': '09:30' } };
    expect(edges(none, '2026-06-12T20:00:00Z', '2026-06-16T13:30:00Z')).toEqual(CLOSED);
  });

  test('a session may end on the next day', () => {
    expect(edges(GLOBEX, '2026-06-14T22:00:00Z', '2026-06-15T21:00:00Z')).toEqual(OPEN);
    expect(edges(GLOBEX, '2026-06-15T21:00:00Z', '2026-06-15T22:00:00Z')).toEqual(CLOSED);
  });

  test('such a one closes early on the next day, or on its own', () => {
    expect(edges(GLOBEX, '2026-11-25T23:00:00Z', '2026-11-26T18:15:00Z')).toEqual(OPEN);
    expect(edges(GLOBEX, '2026-11-26T23:00:00Z', '2026-11-27T00:30:00Z')).toEqual(OPEN);
  });

  test('a session that begins and ends at the same time lasts a day', () => {
    const round: TradingHoursOptions = { sessions: [{ days: ['sat'], from: '00:00', to: '00:00' }] };
    expect(edges(round, '2026-06-13T00:00:00Z', '2026-06-14T00:00:00Z')).toEqual(OPEN);
  });

  test('several sessions of a day leave the time between them closed', () => {
    const lunch: TradingHoursOptions = {
      zone: 'Asia/Tokyo',
      sessions: [
        { days: WEEK, from: '09:00', to: '11:30' },
        { days: WEEK, from: '12:30', to: '15:30' },
      ],
    };
    expect(edges(lunch, '2026-06-15T02:30:00Z', '2026-06-15T03:30:00Z')).toEqual(CLOSED);
  });

  test('an hour that does not exist is the moment at which clocks go forward', () => {
    const night: TradingHoursOptions = {
      zone: 'America/New_York',
      sessions: [{ days: ['sun'], from: '02:30', to: '04:00' }],
    };
    expect(edges(night, '2026-03-08T07:00:00Z', '2026-03-08T08:00:00Z')).toEqual(OPEN);
  });

  test('of an hour that exists twice the first counts, for the beginning and for the end', () => {
    const night = (from: string, to: string): TradingHoursOptions => ({
      zone: 'America/New_York',
      sessions: [{ days: ['sun'], from, to }],
    });
    expect(edges(night('01:30', '03:00'), '2026-11-01T05:30:00Z', '2026-11-01T08:00:00Z')).toEqual(OPEN);
    expect(edges(night('00:30', '01:30'), '2026-11-01T04:30:00Z', '2026-11-01T05:30:00Z')).toEqual(OPEN);
  });

  test('a midnight that does not exist ends a day all the same', () => {
    const cairo: TradingHoursOptions = {
      zone: 'Africa/Cairo', // goes forward at midnight of 24 April 2026
      sessions: [{ days: ['fri'], from: '00:00', to: '10:00' }],
    };
    expect(edges(cairo, '2026-04-23T22:00:00Z', '2026-04-24T07:00:00Z')).toEqual(OPEN);
  });

  test('a zone ahead of UTC has its own days', () => {
    const east: TradingHoursOptions = {
      zone: 'Pacific/Kiritimati',
      sessions: [{ days: ['mon'], from: '00:00', to: '12:00' }],
    };
    expect(edges(east, '2026-06-14T10:00:00Z', '2026-06-14T22:00:00Z')).toEqual(OPEN);
  });

  test('an early close at the beginning of a session that ends on the next day ends it a day later', () => {
    const round: TradingHoursOptions = {
      sessions: [{ days: ['mon'], from: '17:00', to: '17:00' }],
      earlyCloses: { '2026-06-15': '17:00' },
    };
    expect(edges(round, '2026-06-15T17:00:00Z', '2026-06-16T17:00:00Z')).toEqual(OPEN);
  });

  test.each([
    [NaN, 'NaN'],
    [8.64e15, '8640000000000000'],
    [-8.64e15, '-8640000000000000'],
    [Infinity, 'Infinity'],
  ])('say of %d what it is, since it is no time of day', (ms, text) => {
    expect(new TradingHours(NYSE).text(ms)).toBe(text);
  });

  test('a clock that jumps back is answered for where it is', () => {
    const hours = new TradingHours(NYSE);
    const monday = at('2026-06-15T14:00:00Z');
    const said = [monday, monday + 86_400_000 * 5, monday - 3_600_000, monday, monday - 86_400_000];
    expect(said.map((ms) => hours.isOpen(ms))).toEqual([true, false, false, true, false]);
  });

  test('say all year what the clock on the wall says', () => {
    const wall = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'short',
    });
    const expected = (ms: number): boolean => {
      const [date = '', time = ''] = wall.format(ms).split(' ');
      const isWeekend = [0, 6].includes(new Date(date).getUTCDay());
      return (
        !isWeekend &&
        date !== '2026-12-25' &&
        time >= '09:30' &&
        time < (date === '2026-11-27' ? '13:00' : '16:00')
      );
    };
    const hours = new TradingHours(NYSE);
    const differing: string[] = [];
    for (let ms = at('2026-01-01T00:00:00Z'); ms < at('2027-01-01T00:00:00Z'); ms += 45 * 60_000) {
      if (hours.isOpen(ms) !== expected(ms)) differing.push(new Date(ms).toISOString());
    }
    expect(differing).toEqual([]);
  });

  test.each([
    ['a zone', { ...NYSE, zone: 'Wall Street' }],
    ['a time', { ...NYSE, sessions: [{ days: WEEK, from: '9:30', to: '16:00' }] }],
    ['an hour', { ...NYSE, sessions: [{ days: WEEK, from: '09:30', to: '24:00' }] }],
    ['a date', { ...NYSE, holidays: ['2026-02-30'] }],
    ['a date of five figures', { ...NYSE, holidays: ['12026-02-03'] }],
    ['a moment for a date', { ...NYSE, holidays: ['2026-02-03T'] }],
    ['the date of an early close', { ...NYSE, earlyCloses: { soon: '13:00' } }],
    ['sessions', { ...NYSE, sessions: [] }],
  ])('refuses %s that is none', (_what, options) => {
    expect(() => new TradingHours(options as TradingHoursOptions)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('tradingHoursGate', () => {
  const ask = (nowMs: number) => tradingHoursGate(NYSE).check(pricedOf(), riskViewOf({ nowMs }));
  const outside = (measured: string) => ({
    gate: 'trading-hours',
    code: 'OUTSIDE_TRADING_HOURS',
    measured,
    note: 'America/New_York',
  });

  test('is asked for entries only, and can be overridden', () => {
    expect(tradingHoursGate(NYSE)).toMatchObject({
      name: 'trading-hours',
      appliesTo: 'entries',
      overridable: true,
    });
  });

  test('lets entries through during a session, and says the local time otherwise', () => {
    expect([ask(at('2026-03-09T13:30:00Z')), ask(at('2026-03-09T13:29:59.999Z'))]).toEqual([
      undefined,
      outside('2026-03-09 09:29'),
    ]);
  });

  test.each([NaN, Infinity, 9e15])('denies when it is %s o’clock', (nowMs) => {
    let verdict: unknown;
    try {
      verdict = ask(nowMs);
    } catch (error) {
      verdict = error; // the guard denies in the name of a gate that throws
    }
    expect(verdict).toBeDefined();
  });
});
