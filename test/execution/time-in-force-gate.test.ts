import { describe, expect, test } from 'vitest';
import { timeInForceGate } from '../../src/execution/index.ts';
import type { MarketView } from '../../src/trading/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf, levels, marketOf } from '../support/views.ts';

const gate = timeInForceGate({ entry: ['GTC'], exit: ['GTC', 'IOC'] });
const ask = (order: HeldOverrides, market: Partial<MarketView> = {}) =>
  gate.check(heldOf({ ...order, view: marketOf(market) }), executionViewOf());
const crossing = (measured: number, limit: number) => ({
  gate: 'time-in-force',
  code: 'WOULD_CROSS',
  measured,
  limit,
});

describe('timeInForceGate', () => {
  test.each([
    [{ timeInForce: 'GTC' }, undefined],
    [{ timeInForce: 'IOC' }, { measured: 'IOC', limit: 'GTC' }],
    [{ timeInForce: 'IOC', isExit: true }, undefined],
    [
      { timeInForce: 'FOK', isExit: true },
      { measured: 'FOK', limit: 'GTC, IOC' },
    ],
  ] as const)('%o', (order, facts) => {
    expect(ask(order)).toEqual(
      facts === undefined ? undefined : { gate: 'time-in-force', code: 'TIME_IN_FORCE_DENIED', ...facts },
    );
  });

  describe('post-only', () => {
    const buy = (worst: number): HeldOverrides => ({ postOnly: true, worst });
    const sell = (worst: number): HeldOverrides => ({ postOnly: true, side: 'sell', isExit: true, worst });
    // 99 x 101

    test.each([
      [buy(100), undefined],
      [buy(101), crossing(101, 101)],
      [buy(102), crossing(102, 101)],
      [sell(100), undefined],
      [sell(99), crossing(99, 99)],
      [sell(98), crossing(98, 99)],
    ])('meeting the far touch is crossing it: %o', (order, expected) => {
      expect(ask(order)).toEqual(expected);
    });

    test.each([
      [buy(1), { asks: [] }, 1],
      [sell(1_000), { bids: [] }, 1_000],
      [buy(1), { asks: levels([NaN, 1]) }, 1],
    ])('denies where nobody knows the far touch: %o', (order, market, measured) => {
      expect(ask(order, market)).toEqual(crossing(measured, NaN));
    });

    test('what may take is not looked at', () => {
      expect(ask({ postOnly: false, worst: 1_000 }, { asks: [] })).toBeUndefined();
    });
  });
});
