import { describe, expect, test } from 'vitest';
import { ClockOffset } from '../../src/market-data/index.ts';

const observe = (offset: ClockOffset, times: number, aheadMs: number): void => {
  for (let i = 0; i < times; i += 1) offset.observe(aheadMs, 0);
};

describe('ClockOffset', () => {
  test('is unknown before 16 messages', () => {
    const offset = new ClockOffset();
    observe(offset, 15, 100);
    expect(offset.ms).toBeNaN();
    observe(offset, 1, 100);
    expect(offset.ms).toBe(100);
  });

  test('takes the message that was least delayed', () => {
    const offset = new ClockOffset();
    observe(offset, 20, 1_050);
    observe(offset, 1, 1_270);
    observe(offset, 20, 1_100);
    expect(offset.ms).toBe(1_270);
  });

  test('is negative when our clock is ahead', () => {
    const offset = new ClockOffset();
    observe(offset, 16, -300);
    expect(offset.ms).toBe(-300);
  });

  test('follows a clock that was set, after 512 messages at the latest', () => {
    const offset = new ClockOffset();
    observe(offset, 256, 1_270);
    observe(offset, 256, 5);
    expect(offset.ms).toBe(1_270);
    observe(offset, 1, 5);
    expect(offset.ms).toBe(5);
  });
});
