import { describe, expect, test } from 'vitest';
import { system } from '../../../src/core/index.ts';
import { RejectionMonitor, type RejectionMonitorOptions, type SentOrder } from '../../../src/risk/index.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

function watched(options: Partial<RejectionMonitorOptions> = {}) {
  const setup = tripping();
  const monitor = new RejectionMonitor(
    { tripAtFraction: 0.5, minSample: 4, windowMs: 1_000, ...options },
    setup,
  );
  return {
    ...setup,
    monitor,
    /** Observes outcomes of one strategy, and tells how often it has tripped. */
    saw(...outcomes: SentOrder['outcome'][]) {
      for (const outcome of outcomes) monitor.observe({ accountId: 'acc', strategyId: 'strat', outcome });
      return setup.trips.length;
    },
  };
}

describe('RejectionMonitor', () => {
  test('trips the strategy in the moment in which the share is reached, and says why', () => {
    const { saw, trips } = watched();
    saw('accepted', 'rejected', 'accepted', 'rejected');
    expect(trips).toEqual([
      {
        scope: { kind: 'strategy', id: 'strat' },
        to: 'reducing',
        reason: 'the venue rejected 2 of 4 orders within 1000 ms, 50.00 % was reached',
        by: system('rejection-monitor'),
      },
    ]);
  });

  test('does not trip just below the share', () => {
    const { saw } = watched({ tripAtFraction: 0.51 });
    expect(saw('accepted', 'rejected', 'accepted', 'rejected')).toBe(0);
  });

  test('judges from the smallest sample on, not one order before', () => {
    const { saw } = watched();
    expect([saw('rejected', 'rejected', 'rejected'), saw('rejected')]).toEqual([0, 1]);
  });

  test('has no opinion on a few orders unless told to: by default one bad start is none', () => {
    const { clock, killSwitch, trips } = tripping();
    const monitor = new RejectionMonitor({ tripAtFraction: 0.5 }, { clock, killSwitch });
    for (let i = 0; i < 19; i += 1)
      monitor.observe({ accountId: 'acc', strategyId: 'strat', outcome: 'rejected' });
    expect(trips).toEqual([]);
  });

  test('never fires on a whole idle day', () => {
    const { monitor, clock, trips } = watched({ minSample: 1, tripAtFraction: 0.01 });
    for (let minute = 0; minute < 1_440; minute += 1) {
      clock.advance(DAY_MS / 1_440);
      monitor.check();
    }
    expect(trips).toEqual([]);
  });

  test('never fires on a day without a rejection', () => {
    const { saw, clock } = watched({ minSample: 1, tripAtFraction: 0.01 });
    for (let minute = 0; minute < 1_440; minute += 1) {
      clock.advance(DAY_MS / 1_440);
      saw('accepted', 'unknown');
    }
    expect(saw()).toBe(0);
  });

  test('what never reached the venue is no sample', () => {
    const { saw } = watched();
    expect(saw('rejected', 'rejected', 'denied', 'duplicate', 'denied', 'duplicate', 'rejected')).toBe(0);
  });

  test('an order in doubt was sent, and is no rejection', () => {
    const { saw } = watched();
    expect([saw('unknown', 'unknown', 'unknown', 'rejected'), saw('rejected', 'rejected')]).toEqual([0, 1]);
  });

  test('an outcome that is none is not counted', () => {
    const { saw } = watched();
    expect(
      saw('rejected', 'rejected', 'rejected', undefined as never, NaN as never, 'Rejected' as never),
    ).toBe(0);
  });

  test('what is exactly a window old still counts', () => {
    const { saw, clock } = watched();
    saw('rejected', 'rejected');
    clock.advance(1_000);
    expect(saw('rejected', 'rejected')).toBe(1);
  });

  test('what is a window and a slot old counts no more', () => {
    const { saw, clock } = watched();
    saw('rejected', 'rejected');
    clock.advance(1_050);
    expect(saw('rejected', 'rejected')).toBe(0);
  });

  test('trips once while it lasts', () => {
    const { saw, monitor } = watched();
    saw('rejected', 'rejected', 'rejected', 'rejected', 'rejected', 'rejected');
    monitor.check();
    expect(saw()).toBe(1);
  });

  test('trips again when the share was lower in between', () => {
    const { saw } = watched();
    saw('rejected', 'rejected', 'accepted', 'accepted');
    expect([saw('accepted'), saw('rejected')]).toEqual([1, 2]);
  });

  test('trips again after a pause in which the window emptied', () => {
    const { saw, monitor, clock } = watched();
    saw('rejected', 'rejected', 'rejected', 'rejected');
    clock.advance(DAY_MS);
    monitor.check();
    expect([saw('rejected', 'rejected', 'rejected'), saw('rejected')]).toEqual([1, 2]);
  });

  test('counts each strategy for itself', () => {
    const { monitor, trips } = watched();
    for (const strategyId of ['a', 'b', 'c', 'd'])
      monitor.observe({ accountId: 'acc', strategyId, outcome: 'rejected' });
    expect(trips).toEqual([]);
  });

  test('or each account, over all of its strategies', () => {
    const { monitor, trips } = watched({ per: 'account', to: 'halted' });
    for (const strategyId of ['a', 'b', 'c', 'd'])
      monitor.observe({ accountId: 'acc', strategyId, outcome: 'rejected' });
    expect(trips.map(({ scope, to }) => [scope, to])).toEqual([[{ kind: 'account', id: 'acc' }, 'halted']]);
  });

  test('a wall clock that jumps changes nothing', () => {
    const { saw, clock } = watched();
    saw('rejected', 'rejected');
    clock.jump(DAY_MS);
    saw('rejected');
    clock.jump(-2 * DAY_MS);
    expect(saw('rejected')).toBe(1);
  });

  test.each([
    ['tripAtFraction', { tripAtFraction: 0 }],
    ['tripAtFraction', { tripAtFraction: NaN }],
    ['minSample', { minSample: 0 }],
    ['windowMs', { windowMs: 0 }],
    ['window', { window: 5 } as Partial<RejectionMonitorOptions>],
  ])('refuses a bad %s by name', (name, options) => {
    expect(() => watched(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
