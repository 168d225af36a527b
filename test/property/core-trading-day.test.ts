import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { TradingDay } from '../../src/core/index.ts';
import { runs } from '../support/runs.ts';

const zones = fc.constantFrom(
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'America/Asuncion',
  'America/Havana',
  'Asia/Beirut',
  'Asia/Gaza',
  'America/St_Johns',
);
const instants = fc.double({ min: Date.UTC(2005, 0), max: Date.UTC(2035, 0), noNaN: true });

describe('TradingDay', () => {
  test.prop([zones, fc.integer({ min: 0, max: 23 }), fc.array(instants, { minLength: 1, maxLength: 4 })])(
    'ends in the future, one millisecond after the last of its own',
    (zone, rollHour, asked) => {
      const day = new TradingDay({ zone, rollHour });
      for (const nowMs of asked) {
        const endMs = day.nextRollMs(nowMs);
        expect(endMs).toBeGreaterThan(nowMs);
        expect(Number.isInteger(endMs)).toBe(true);
        expect(endMs - nowMs).toBeLessThanOrEqual(26 * 3_600_000);
        expect(day.dayOf(endMs - 1)).toBe(day.dayOf(nowMs));
        expect(day.dayOf(endMs) > day.dayOf(nowMs)).toBe(true);
      }
    },
  );

  test.prop([zones, fc.integer({ min: 0, max: 23 }), fc.integer({ min: 2006, max: 2030 })], runs(30))(
    'never goes back, and misses no day, through a whole year',
    (zone, rollHour, year) => {
      const day = new TradingDay({ zone, rollHour });
      let nowMs = Date.UTC(year, 0, 1, 12);
      let id = day.dayOf(nowMs);
      while (nowMs < Date.UTC(year + 1, 0, 2)) {
        nowMs = day.nextRollMs(nowMs);
        const next = day.dayOf(nowMs);
        expect(Date.parse(next) - Date.parse(id)).toBe(24 * 3_600_000);
        id = next;
      }
    },
  );
});
