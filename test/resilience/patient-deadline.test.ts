import { describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/core/index.ts';
import { patientDeadline } from '../../src/resilience/patient-deadline.ts';

/** A process whose timers fire late: while it stands still, only its time goes on. */
function world() {
  const clock = new ManualClock();
  let stoodStillMs = 0;
  const late = vi.fn();
  const timer = patientDeadline(
    {
      monotonicMs: () => clock.monotonicMs() + stoodStillMs,
      deadline: (ms, onLate) => clock.deadline(ms, onLate),
    },
    1_000,
    late,
  );
  const standStill = (ms: number): void => {
    stoodStillMs += ms;
  };
  return { clock, late, timer, standStill };
}

describe('patientDeadline', () => {
  test('says it once, at its time', () => {
    const { clock, late } = world();
    clock.advance(999);
    expect(late).not.toHaveBeenCalled();
    clock.advance(1);
    clock.advance(5_000);
    expect(late).toHaveBeenCalledOnce();
  });

  test('a timer that is late by 100 ms is late all the same', () => {
    const { clock, late, standStill } = world();
    standStill(100);
    clock.advance(1_000);
    expect(late).toHaveBeenCalledOnce();
  });

  test('a process that stood still for longer waits its whole time once more, and again if it must', () => {
    const { clock, late, standStill } = world();
    standStill(101);
    clock.advance(1_000);
    standStill(101);
    clock.advance(1_000);
    expect(late).not.toHaveBeenCalled();
    clock.advance(999);
    expect(late).not.toHaveBeenCalled();
    clock.advance(1);
    expect(late).toHaveBeenCalledOnce();
  });

  test('once disposed nothing is said, and no timer is left, also where it waits once more', () => {
    const { clock, late, timer, standStill } = world();
    standStill(101);
    clock.advance(1_000);
    timer[Symbol.dispose]();
    expect(clock.nextDueMs).toBe(Infinity);
    clock.advance(5_000);
    expect(late).not.toHaveBeenCalled();
  });
});
