import { describe, expect, test } from 'vitest';
import {
  type OrderEventType,
  type OrderState,
  TRANSITIONS,
  isOpen,
  nextState,
} from '../../src/trading/index.ts';

const EVENTS = [
  'abandoned',
  'accepted',
  'rejected',
  'timedOut',
  'filled',
  'cancelRequested',
  'cancelFailed',
  'cancelled',
  'expired',
  'absent',
  'amendRequested',
  'amended',
  'amendFailed',
] as const satisfies readonly OrderEventType[];

/** The whole table again, one row per state, one column per event in the order above; '-' is illegal. */
// prettier-ignore
const EXPECTED: Record<OrderState, string> = {
  //              abandoned accepted      rejected timedOut  filled        cancelReq.    cancelFailed cancelled expired   absent   amendReq. amended       amendFailed
  submitting:    'abandoned working       rejected unknown   working       cancelPending -            cancelled expired   -        -         -             -',
  working:       '-         working       rejected unknown   working       cancelPending working      cancelled expired   -        working   working       working',
  cancelPending: 'abandoned cancelPending rejected unknown   cancelPending cancelPending working      cancelled expired   -        -         cancelPending cancelPending',
  unknown:       '-         working       rejected unknown   unknown       unknown       unknown      cancelled expired   rejected -         unknown       unknown',
  filled:        '-         filled        -        filled    filled        -             filled       filled    filled    -        -         filled        filled',
  cancelled:     '-         cancelled     -        cancelled cancelled     -             cancelled    cancelled cancelled cancelled -        cancelled     cancelled',
  expired:       '-         expired       -        expired   expired       -             expired      expired   expired   expired  -         expired       expired',
  rejected:      '-         working       rejected rejected  working       -             rejected     -         -         -        -         -             rejected',
  abandoned:     '-         -             -        -         -             -             -            -         -         -        -         -             -',
};

const STATES = Object.keys(EXPECTED) as OrderState[];

const pairs = STATES.flatMap((state) => {
  const row = EXPECTED[state].trim().split(/\s+/);
  return EVENTS.map((event, column) => ({ state, event, next: row[column] ?? 'no column' }));
});

describe('the life of an order', () => {
  test.each(pairs)('$event in $state leads to $next', ({ state, event, next }) => {
    expect(nextState(state, event) ?? '-').toBe(next);
  });

  test('has no state and no event besides', () => {
    const events = new Set(Object.values(TRANSITIONS).flatMap((row) => Object.keys(row)));
    expect([Object.keys(TRANSITIONS).sort(), [...events].sort()]).toEqual([
      [...STATES].sort(),
      [...EVENTS].sort(),
    ]);
  });

  test('is open exactly while the venue may still fill it', () => {
    expect(STATES.filter((state) => isOpen(state))).toEqual([
      'submitting',
      'working',
      'cancelPending',
      'unknown',
    ]);
  });

  test.each(STATES)('can end from %s', (from) => {
    const reached = new Set<OrderState>([from]);
    for (const state of reached) {
      for (const event of EVENTS) {
        const next = nextState(state, event);
        if (next !== undefined) reached.add(next);
      }
    }
    expect([...reached].some((state) => !isOpen(state))).toBe(true);
  });

  test.each(EVENTS.filter((event) => event !== 'filled' && event !== 'accepted'))(
    '%s never opens what is over',
    (event) => {
      const reopened = STATES.filter((state) => {
        const next = nextState(state, event);
        return !isOpen(state) && next !== undefined && isOpen(next);
      });
      expect(reopened).toEqual([]);
    },
  );
});
