import { describe, expect, test } from 'vitest';
import { receiveTimeMs } from '../../src/market-data/receive-time.ts';

describe('receiveTimeMs', () => {
  test('reads 19 digits of nanoseconds as milliseconds with their fraction', () => {
    expect(receiveTimeMs('1723161253937085768')).toBe(1_723_161_253_937.0857);
  });

  test('keeps whole milliseconds exact', () => {
    expect(receiveTimeMs('1723161253937000000')).toBe(1_723_161_253_937);
    expect(receiveTimeMs('1723161253937999999')).toBeLessThanOrEqual(1_723_161_253_938);
  });

  test('is finer than a microsecond, and never out of order', () => {
    const first = receiveTimeMs('1723161253937085000');
    expect(receiveTimeMs('1723161253937086000')).toBeGreaterThan(first);
    expect(receiveTimeMs('1723161253937085001')).toBeGreaterThanOrEqual(first);
  });

  test('reads less than a millisecond', () => {
    expect(receiveTimeMs('250000')).toBe(0.25);
    expect(receiveTimeMs('0')).toBe(0);
  });

  test.each(['', '12a', '-1', '1.5', ' 1', '17231612539370857680'])('%j is no time', (text) => {
    expect(receiveTimeMs(text)).toBeNaN();
  });
});
