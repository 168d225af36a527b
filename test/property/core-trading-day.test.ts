import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { TradingDay } from '../../src/core/index.ts';

const zones = fc.constantFrom(
  'UTC',
  'America/New_York',
  'Europe/Berlin',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
);
const instants = fc.double({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0), noNaN: true });

describe('TradingDay', () => {
  test.prop([zones, fc.integer({ min: 0, max: 23 }), fc.array(instants, { minLength: 1, maxLength: 4 })])(
    'ends in the future, one millisecond after the last of its own',
    (zone, rollHour, asked) => {
      const day = new TradingDay({ zone, rollHour });
      for (const nowMs of asked) {
        const endMs = day.nextRollMs(nowMs);
        expect(endMs).toBeGreaterThan(nowMs);
        expect(Number.isInteger(endMs)).toBe(true);
        expect(endMs - nowMs).toBeLessThanOrEqual(25 * 3_600_000);
        expect(day.dayOf(endMs - 1)).toBe(day.dayOf(nowMs));
        expect(day.dayOf(endMs) > day.dayOf(nowMs)).toBe(true);
      }
    },
  );
});
