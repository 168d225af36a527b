import { describe, expect, test } from 'vitest';
import { system } from '../../../src/core/index.ts';
import { DeadManSwitch, type DeadManSwitchOptions, FIRM } from '../../../src/risk/index.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

function watched(options: Partial<DeadManSwitchOptions> = {}) {
  const setup = tripping();
  const monitor = new DeadManSwitch({ timeoutMs: 100, ...options }, setup);
  return {
    ...setup,
    monitor,
    /** Looks after a time, and tells how often it has tripped. */
    after(ms: number) {
      setup.clock.advance(ms);
      monitor.check();
      return setup.trips.length;
    },
  };
}

describe('DeadManSwitch', () => {
  test('does not trip a millisecond before the time is up', () => {
    const { monitor, after } = watched();
    monitor.beat();
    expect(after(99)).toBe(0);
  });

  test('halts the firm when the time is up, and says why', () => {
    const { monitor, after, trips } = watched();
    monitor.beat();
    after(100);
    expect(trips).toEqual([
      {
        scope: FIRM,
        to: 'halted',
        reason: 'no heartbeat for 100 ms, expected one within 100 ms',
        by: system('dead-man-switch'),
      },
    ]);
  });

  test('trips what it was told to, to what it was told to', () => {
    const scope = { kind: 'venue', id: 'paper' } as const;
    const { monitor, after, trips } = watched({ scope, to: 'reducing' });
    monitor.beat();
    after(100);
    expect(trips).toMatchObject([{ scope, to: 'reducing' }]);
  });

  test('never fires on a whole idle day before the first beat', () => {
    const { after } = watched();
    for (let minute = 0; minute < 1_440; minute += 1) after(DAY_MS / 1_440);
    expect(after(0)).toBe(0);
  });

  test('never fires on a whole idle day of beats', () => {
    const { monitor, after } = watched();
    for (let i = 0; i < 1_440; i += 1) {
      monitor.beat();
      after(99);
    }
    expect(after(0)).toBe(0);
  });

  test('trips once for a silence', () => {
    const { monitor, after } = watched();
    monitor.beat();
    expect([after(100), after(DAY_MS)]).toEqual([1, 1]);
  });

  test('a beat arms it again', () => {
    const { monitor, after } = watched();
    monitor.beat();
    after(100);
    monitor.beat();
    expect([after(99), after(1)]).toEqual([1, 2]);
  });

  test('a beat that came too late does not hide the silence, though nobody looked', () => {
    const { monitor, clock, trips } = watched();
    monitor.beat();
    clock.advance(100);
    monitor.beat();
    expect(trips.length).toBe(1);
  });

  test.each([DAY_MS, -DAY_MS])('a wall clock that jumps by %d ms is harmless', (ms) => {
    const { monitor, after, clock } = watched();
    monitor.beat();
    clock.jump(ms);
    expect([after(99), after(1)]).toEqual([0, 1]);
  });

  test('a clock that is not a number trips', () => {
    const { killSwitch, trips } = tripping();
    const monitor = new DeadManSwitch({ timeoutMs: 100 }, { killSwitch, clock: { monotonicMs: () => NaN } });
    monitor.beat();
    monitor.check();
    expect(trips.length).toBe(1);
  });

  test.each([
    ['timeoutMs', { timeoutMs: 0 }],
    ['timeoutMs', { timeoutMs: NaN }],
    ['scope', { scope: { kind: 'desk' } as never }],
    ['to', { to: 'active' as never }],
  ])('refuses a bad %s by name', (name, options) => {
    expect(() => watched(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
