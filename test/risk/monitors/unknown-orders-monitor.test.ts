import { describe, expect, test } from 'vitest';
import { system } from '../../../src/core/index.ts';
import { UnknownOrdersMonitor, type UnknownOrdersMonitorOptions } from '../../../src/risk/index.ts';
import type { OrderState, OrderView } from '../../../src/trading/index.ts';
import { heldOf } from '../../support/orders.ts';
import { DAY_MS, tripping } from '../support/trips.ts';

type Row = Pick<OrderView, 'order' | 'state'>;

const row = (intentId: string, state: OrderState = 'unknown', accountId = 'acc'): Row => ({
  order: heldOf({ intentId, accountId }),
  state,
});

function watched(options: UnknownOrdersMonitorOptions = { maxUnknown: 2, maxUnknownAgeMs: 100 }) {
  const setup = tripping();
  let rows: readonly Row[] = [];
  const monitor = new UnknownOrdersMonitor(options, { ...setup, orders: () => rows });
  return {
    ...setup,
    monitor,
    /** Looks at these orders, and tells how often it has tripped. */
    sees(...now: readonly Row[]) {
      rows = now;
      monitor.check();
      return setup.trips.length;
    },
  };
}

const [A, B, C] = [row('a'), row('b'), row('c')];

describe('UnknownOrdersMonitor, too many', () => {
  test('does not trip at the most that may be', () => {
    const { sees } = watched();
    expect(sees(A, B)).toBe(0);
  });

  test('trips the account at one more, and says why', () => {
    const { sees, trips } = watched();
    sees(A, B, C);
    expect(trips).toEqual([
      {
        scope: { kind: 'account', id: 'acc' },
        to: 'reducing',
        reason: '3 orders are unknown, more than 2',
        by: system('unknown-orders-monitor'),
      },
    ]);
  });

  test.each<OrderState>(['submitting', 'working', 'cancelPending', 'filled', 'rejected', 'cancelled'])(
    'an order that is %s is not in doubt',
    (state) => {
      const { sees } = watched();
      expect(sees(A, B, row('c', state), row('d', state))).toBe(0);
    },
  );

  test('counts each account for itself', () => {
    const { sees } = watched();
    expect(sees(A, B, row('c', 'unknown', 'other'), row('d', 'unknown', 'other'))).toBe(0);
  });

  test('trips once while it lasts', () => {
    const { sees } = watched();
    expect([sees(A, B, C), sees(A, B, C, row('d'))]).toEqual([1, 1]);
  });

  test.each([
    ['fewer were', [A, B]],
    ['none was', []],
  ])('trips again when %s in between', (_name, between) => {
    const { sees } = watched();
    sees(A, B, C);
    sees(...between);
    expect(sees(A, B, C)).toBe(2);
  });

  test('none may be, where it says 0', () => {
    const { sees } = watched({ maxUnknown: 0 });
    expect([sees(), sees(A)]).toEqual([0, 1]);
  });
});

describe('UnknownOrdersMonitor, for too long', () => {
  test('does not trip at exactly the longest that may be', () => {
    const { sees, clock } = watched();
    sees(A);
    clock.advance(100);
    expect(sees(A)).toBe(0);
  });

  test('trips the account a millisecond later, and says which order', () => {
    const { sees, clock, trips } = watched();
    sees(A);
    clock.advance(101);
    sees(A);
    expect(trips).toEqual([
      {
        scope: { kind: 'account', id: 'acc' },
        to: 'reducing',
        reason: `unknown for longer than 100 ms: 1 orders, first ${A.order.clientOrderId}`,
        by: system('unknown-orders-monitor'),
      },
    ]);
  });

  test('trips once for each order, and together for those that come due together', () => {
    const { sees, clock } = watched({ maxUnknown: 10, maxUnknownAgeMs: 100 });
    sees(A, B);
    clock.advance(50);
    sees(A, B, C);
    clock.advance(51);
    const first = sees(A, B, C);
    clock.advance(50);
    expect([first, sees(A, B, C), sees(A, B, C)]).toEqual([1, 2, 2]);
  });

  test('begins anew when the order was known in between', () => {
    const { sees, clock } = watched();
    sees(A);
    clock.advance(101);
    sees(A);
    sees(row('a', 'working'));
    sees(A);
    clock.advance(100);
    const notYet = sees(A);
    clock.advance(1);
    expect([notYet, sees(A)]).toEqual([1, 2]);
  });

  test('a wall clock that jumps changes nothing', () => {
    const { sees, clock } = watched();
    sees(A);
    clock.jump(DAY_MS);
    expect(sees(A)).toBe(0);
  });
});

describe('UnknownOrdersMonitor', () => {
  test('never fires on a whole idle day, nor on one of orders that work', () => {
    const { sees, clock, trips } = watched({ maxUnknown: 0, maxUnknownAgeMs: 0 });
    for (let minute = 0; minute < 1_440; minute += 1) {
      clock.advance(DAY_MS / 1_440);
      sees(...(minute % 2 === 0 ? [] : [row('a', 'working'), row('b', 'submitting')]));
    }
    expect(trips).toEqual([]);
  });

  test.each([
    ['maxUnknown', { maxUnknown: -1 }],
    ['maxUnknown', { maxUnknown: 1.5 }],
    ['maxUnknownAgeMs', { maxUnknownAgeMs: NaN }],
  ])('refuses a bad %s by name', (name, options) => {
    expect(() => watched(options)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) as string }),
    );
  });
});
