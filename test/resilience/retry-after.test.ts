import { describe, expect, test } from 'vitest';
import { retryAfterMs } from '../../src/resilience/index.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const NOW_MS = Date.UTC(2026, 10, 21, 12, 0, 0);

describe('retryAfterMs', () => {
  test.each([
    ['seconds', '120', 120_000],
    ['no wait', '0', 0],
    ['spaces around', ' 5 ', 5_000],
    ['half a second, which is no standard but is sent', '0.5', 500],
    ['exactly a week', '604800', 7 * DAY_MS],
    ['longer than a week', '604801', 7 * DAY_MS],
    ['more digits than a number has', '9'.repeat(400), 7 * DAY_MS],
    ['a date', 'Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['a date that is now', 'Sat, 21 Nov 2026 12:00:00 GMT', 0],
    ['a date that has passed', 'Sat, 21 Nov 2026 11:59:59 GMT', 0],
    ['a date of long ago', 'Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['a date in years', 'Thu, 21 Nov 2030 12:00:00 GMT', 7 * DAY_MS],
    ['a date as RFC 850 had it', 'Saturday, 21-Nov-26 12:01:00 GMT', 60_000],
    ['a date as C prints it, which is in GMT as well', 'Sat Nov 21 12:02:00 2026', 120_000],
    ['the same, on a day of one digit', 'Wed Nov  4 12:02:00 2026', 0],
  ])('reads %s: %j', (_what, header, expected) => {
    expect(retryAfterMs(header, NOW_MS)).toBe(expected);
  });

  test.each([
    ['nothing', undefined],
    ['nothing in it', ''],
    ['less than nothing', '-5'],
    ['an exponent', '1e3'],
    ['hexadecimal', '0x10'],
    ['a unit', '5s'],
    ['a list', '5, 10'],
    ['a word', 'soon'],
    ['Infinity', 'Infinity'],
    ['a date of another form', '2026-11-21T12:00:30Z'],
    ['a date in another zone', 'Sat, 21 Nov 2026 12:00:30 +0200'],
    ['a date that does not exist', 'Sat, 99 Xyz 2026 12:00:30 GMT'],
  ])('does not guess at %s: %j', (_what, header) => {
    expect(retryAfterMs(header, NOW_MS)).toBeUndefined();
  });
});
