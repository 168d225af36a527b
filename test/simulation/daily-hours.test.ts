import { describe, expect, test } from 'vitest';
import { DailyHours, dailyHoursSchema } from '../../src/simulation/daily-hours.ts';

const hours = (options: object): DailyHours =>
  new DailyHours(dailyHoursSchema.parse({ from: '09:30', to: '16:00', ...options }));

const inside = (daily: DailyHours, ...times: readonly string[]): boolean[] =>
  times.map((time) => daily.includes(Date.parse(time)));

describe('DailyHours', () => {
  test('include their first millisecond and not the one after their last', () => {
    expect(
      inside(
        hours({}),
        '2024-01-03T09:29:59.999Z',
        '2024-01-03T09:30:00.000Z',
        '2024-01-03T15:59:59.999Z',
        '2024-01-03T16:00:00.000Z',
      ),
    ).toEqual([false, true, true, false]);
  });

  test('are those of the clock of their place, in winter and in summer', () => {
    const york = hours({ zone: 'America/New_York' });
    expect(inside(york, '2024-01-03T14:29:00Z', '2024-01-03T14:30:00Z')).toEqual([false, true]);
    expect(inside(york, '2024-07-03T13:29:00Z', '2024-07-03T13:30:00Z')).toEqual([false, true]);
    expect(inside(york, '2024-01-03T20:59:00Z', '2024-07-03T20:00:00Z')).toEqual([true, false]);
  });

  test('work where the clock is half an hour or a quarter beside the others', () => {
    expect(inside(hours({ zone: 'Asia/Kathmandu' }), '2024-01-03T03:44:00Z', '2024-01-03T03:45:00Z')).toEqual(
      [false, true],
    );
  });

  test('can go over midnight', () => {
    const night = hours({ from: '22:00', to: '02:00' });
    expect(
      inside(
        night,
        '2024-01-03T21:59:00Z',
        '2024-01-03T22:00:00Z',
        '2024-01-04T01:59:00Z',
        '2024-01-04T02:00:00Z',
      ),
    ).toEqual([false, true, true, false]);
  });

  test('are on some days of the week only: that on which they begin', () => {
    const friday = hours({ from: '22:00', to: '02:00', weekdays: [5] });
    expect(
      inside(
        friday,
        '2024-01-05T01:00:00Z', // early Friday: of Thursday
        '2024-01-05T23:00:00Z', // Friday
        '2024-01-06T01:00:00Z', // early Saturday: of Friday
        '2024-01-06T23:00:00Z', // Saturday
      ),
    ).toEqual([false, true, true, false]);
    const sunday = hours({ from: '22:00', to: '02:00', weekdays: [7] });
    expect(inside(sunday, '2024-01-07T23:00:00Z', '2024-01-08T01:00:00Z', '2024-01-08T23:00:00Z')).toEqual([
      true,
      true,
      false,
    ]);
    const weekdays = hours({ weekdays: [1, 2, 3, 4, 5] });
    expect(inside(weekdays, '2024-01-05T12:00:00Z', '2024-01-06T12:00:00Z')).toEqual([true, false]);
  });

  test('do not depend on the order in which they are asked', () => {
    const daily = hours({});
    const times = ['2024-01-03T12:00:00Z', '2024-01-03T08:00:00Z', '2024-01-03T12:00:00Z'];
    expect(inside(daily, ...times)).toEqual([true, false, true]);
  });

  test.for<[string, object, string]>([
    ['a place that is none', { zone: 'Mars/Olympus' }, 'expected an IANA time zone'],
    ['an hour that is none', { from: '24:00' }, "expected a time of day such as '09:30'"],
    ['an hour without minutes', { to: '9' }, "expected a time of day such as '09:30'"],
    ['hours that are none', { from: '16:00' }, 'expected another time than `from`'],
    ['a day that is none', { weekdays: [0] }, '>=1'],
    ['no day', { weekdays: [] }, '>=1'],
    ['a misspelt option', { form: '09:30' }, 'form'],
  ])('refuse %s', ([, options, message]) => {
    expect(() => hours(options)).toThrow(message);
  });
});
