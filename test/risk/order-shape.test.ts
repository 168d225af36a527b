import { describe, expect, test } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { belowMinimum, shapeOrder } from '../../src/risk/order-shape.ts';
import type { Instrument } from '../../src/trading/index.ts';
import { GOLD, type PricedOverrides, instrumentOf, pricedOf } from '../support/orders.ts';
import { type CellOverrides, accountOf, cellOf } from '../support/views.ts';

const shape = (order: PricedOverrides, cell?: CellOverrides, currency = 'USDT') => {
  const priced = pricedOf(order);
  const held = cell === undefined ? [] : [cellOf(priced.instrument, cell)];
  return shapeOrder(priced, accountOf({ currency, held }), priced.qty);
};
const entry = (qty: number) => ({ qty, isExit: false });
const exit = (qty: number) => ({ qty, isExit: true });
const denied = (code: string, facts = {}) => ({ gate: 'order', code, ...facts });
const sell = (qty: number, rest: PricedOverrides = {}) => ({ ...rest, side: 'sell', qty }) as const;
const buy = (qty: number, rest: PricedOverrides = {}) => ({ ...rest, side: 'buy', qty }) as const;

describe('shapeOrder', () => {
  test.each([
    [buy(10), undefined, entry(10)],
    [buy(1), { pos: 5 }, entry(1)],
    [sell(5), { pos: 5 }, exit(5)],
    [sell(3), { pos: 5, sell: 2 }, exit(3)],
    // Nothing can be short on purpose, but a fill too many can make it so.
    [buy(5), { pos: -5 }, exit(5)],
    [buy(6), { pos: -5 }, entry(6)],
    [buy(3), { pos: -5, buy: 3 }, entry(3)],
  ])('%o on %o', (order, cell, expected) => {
    expect(shape(order, cell)).toEqual(expected);
  });

  test('the other side is not looked at: a working buy is no position to sell', () => {
    expect(shape(sell(6), { pos: 5, buy: 5 })).toEqual(
      denied('SHORT_NOT_ALLOWED', { measured: 6, limit: 5 }),
    );
  });

  test('spot does not sell what it does not have', () => {
    expect(shape(sell(1))).toEqual(denied('SHORT_NOT_ALLOWED', { measured: 1, limit: 0 }));
  });

  test('an order that exits and flips is not split', () => {
    expect(shape(sell(6), { pos: 5 })).toEqual(denied('SHORT_NOT_ALLOWED', { measured: 6, limit: 5 }));
  });

  test('what working or unknown exits take already is not there a second time', () => {
    expect(shape(sell(4), { pos: 5, sell: 2 })).toEqual(
      denied('EXIT_ALREADY_WORKING', { measured: 4, limit: 3 }),
    );
  });

  test('nor is all of it, while one lot is on its way out', () => {
    expect(shape(sell(5), { pos: 5, sell: 1 })).toEqual(
      denied('EXIT_ALREADY_WORKING', { measured: 5, limit: 4 }),
    );
  });

  describe('a linear instrument', () => {
    const instrument: Instrument = { ...GOLD, kind: 'linear' };

    test.each([
      [sell(1, { instrument }), undefined, entry(1)],
      [sell(6, { instrument }), { pos: 5 }, entry(6)],
      [sell(5, { instrument }), { pos: 5 }, exit(5)],
      [buy(5, { instrument }), { pos: -5 }, exit(5)],
      [buy(6, { instrument }), { pos: -5 }, entry(6)],
    ])('may be short: %o on %o', (order, cell, expected) => {
      expect(shape(order, cell)).toEqual(expected);
    });
  });

  describe('reduce-only', () => {
    const reduceOnly = true;

    test.each([
      [sell(9, { reduceOnly }), { pos: 5 }, exit(5)],
      [sell(9, { reduceOnly }), { pos: 5, sell: 2 }, exit(3)],
      [sell(3, { reduceOnly }), { pos: 5 }, exit(3)],
      [buy(9, { reduceOnly }), { pos: -5, buy: 1 }, exit(4)],
    ])('trims %o on %o', (order, cell, expected) => {
      expect(shape(order, cell)).toEqual(expected);
    });

    test.each([
      [sell(1, { reduceOnly }), undefined],
      [sell(1, { reduceOnly }), { pos: -5 }],
      [buy(1, { reduceOnly }), { pos: 5 }],
      [buy(1, { reduceOnly }), { pos: 0, sell: 5 }],
    ])('denies %o on %o: nothing to reduce', (order, cell) => {
      expect(shape(order, cell)).toEqual(denied('NOTHING_TO_REDUCE'));
    });

    test.each([
      [sell(1, { reduceOnly }), { pos: 5, sell: 5 }],
      [buy(1, { reduceOnly }), { pos: -5, buy: 6 }],
    ])('denies %o on %o: the exit is working', (order, cell) => {
      expect(shape(order, cell)).toEqual(denied('EXIT_ALREADY_WORKING'));
    });
  });

  describe('an instrument quoted in another currency', () => {
    test('takes no entry without a rate: its money cannot be added to that of the account', () => {
      expect(shape(buy(1), undefined, 'EUR')).toEqual(
        denied('FX_RATE_MISSING', { measured: 'USDT', limit: 'EUR' }),
      );
    });

    test('can be exited', () => {
      expect(shape(sell(1), { pos: 1 }, 'EUR')).toEqual(exit(1));
    });

    test.each([[0], [-5]])('takes an entry with a rate of the time %d', (rateMs) => {
      const account = accountOf({ currency: 'EUR', rateMonotonicMs: () => rateMs });
      expect(shapeOrder(pricedOf(buy(1)), account, lots(1))).toEqual(entry(1));
    });
  });
});

describe('belowMinimum', () => {
  const COARSE = instrumentOf({ minQuantity: '5', minNotional: '1000' });
  const ask = (
    qty: number,
    {
      pos,
      isExit = false,
      worst = 200,
      instrument = COARSE,
    }: {
      readonly pos?: number;
      readonly isExit?: boolean;
      readonly worst?: number;
      readonly instrument?: Instrument;
    } = {},
  ) =>
    belowMinimum(
      pricedOf({ instrument, qty, worst }),
      pos === undefined ? undefined : cellOf(instrument, { pos }),
      { qty: lots(qty), isExit },
    );

  test('takes exactly the minimum quantity and value', () => {
    expect(ask(5)).toBeUndefined();
  });

  test('denies one lot less, in lots', () => {
    expect(ask(4)).toEqual(denied('BELOW_MINIMUM', { measured: 4, limit: 5 }));
  });

  test('denies one tick less, in money', () => {
    expect(ask(5, { worst: 199 })).toEqual(denied('BELOW_MINIMUM', { measured: '995', limit: '1000' }));
  });

  test('rounds the value down', () => {
    const instrument = instrumentOf({ tick: '0.0000001', minNotional: '0.000002' });
    expect(ask(1, { worst: 19, instrument })).toEqual(
      denied('BELOW_MINIMUM', { measured: '0.000001', limit: '0.000002' }),
    );
  });

  test.each([4, -4])('lets a remainder of %s go whole', (pos) => {
    expect(ask(4, { pos, isExit: true })).toBeUndefined();
  });

  test('there is no remainder without a position', () => {
    expect(ask(4, { isExit: true })).toEqual(denied('EXIT_BELOW_MINIMUM', { measured: 4, limit: 5 }));
  });

  test('does not let a part of the remainder go', () => {
    expect(ask(3, { pos: 4, isExit: true })).toEqual(denied('EXIT_BELOW_MINIMUM', { measured: 3, limit: 5 }));
  });

  test('takes no entry of the size of the remainder', () => {
    expect(ask(4, { pos: 4 })).toEqual(denied('BELOW_MINIMUM', { measured: 4, limit: 5 }));
  });

  test('denies what is no quantity', () => {
    expect(ask(NaN, { instrument: GOLD })).toEqual(denied('BELOW_MINIMUM', { measured: NaN, limit: 1 }));
  });
});
