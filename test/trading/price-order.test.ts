import { describe, expect, test } from 'vitest';
import { decimal, lots, ticks } from '../../src/core/index.ts';
import {
  type Denial,
  type DenialCode,
  type OrderIntent,
  type PricedOrder,
  defineInstrument,
  priceOrder,
} from '../../src/trading/index.ts';
import { GOLD, SILVER, intentOf, viewOf } from './builders.ts';

/** Tick 0.05, step 0.001, at most 5. */
const FINE = defineInstrument({
  instrumentId: 'GOLD',
  base: 'XAU',
  quote: 'USDT',
  tick: '0.05',
  step: '0.001',
  maxQuantity: '5',
});

const priced = (overrides: Partial<OrderIntent>, instrument = GOLD, view = viewOf()): PricedOrder => {
  const result = priceOrder(intentOf(overrides), instrument, view);
  if ('code' in result) throw new Error(`denied ${result.code}`);
  return result;
};

const denied = (overrides: object, instrument = GOLD, view = viewOf()): Denial | 'priced' => {
  const result = priceOrder({ ...intentOf(), ...overrides }, instrument, view);
  return 'code' in result ? result : 'priced';
};

const order = (code: DenialCode, facts: Partial<Denial> = {}): Denial => ({ gate: 'order', code, ...facts });

const limit = (value: unknown, overrides: object = {}): object => ({
  price: { type: 'limit', limit: value, ...overrides },
});
const market = (maxSlippageBps: unknown): object => ({ price: { type: 'market', maxSlippageBps } });

describe('priceOrder', () => {
  test('gives what the engines decide on', () => {
    const intent = intentOf({ quantity: '2.5', price: { type: 'limit', limit: '100.05' } });
    const view = viewOf();
    expect(priceOrder(intent, FINE, view)).toEqual({
      intent,
      clientOrderId: '374b64d585ca9198e8f1ed73bdd5006e',
      instrument: FINE,
      view,
      accountId: 'acc',
      strategyId: 'strat',
      side: 'buy',
      type: 'limit',
      qty: 2_500,
      worst: 2_001,
      reduceOnly: false,
      postOnly: undefined,
      timeInForce: undefined,
    });
  });

  test('hands on what was asked for: reduce-only, post-only, time in force', () => {
    const { reduceOnly, postOnly, timeInForce } = priced({
      reduceOnly: true,
      price: { type: 'limit', limit: '100', postOnly: false, timeInForce: 'FOK' },
    });
    expect([reduceOnly, postOnly, timeInForce]).toEqual([true, false, 'FOK']);
  });

  test('keeps its own copy: a later change of the intent reaches nothing', () => {
    const intent = { ...intentOf(), quantity: '10' };
    const result = priceOrder(intent, GOLD, viewOf());
    intent.quantity = '1000';
    expect('intent' in result && result.intent.quantity).toBe('10');
  });

  test('has the same id whatever the quantity and the price', () => {
    expect(priced({ quantity: '1' }).clientOrderId).toBe(
      priced({ quantity: '2', price: { type: 'market', maxSlippageBps: 1 } }).clientOrderId,
    );
  });

  describe('ids', () => {
    test.each(['intentId', 'accountId', 'strategyId'])(
      'takes a %s of 64 characters, and denies 65',
      (field) => {
        expect([denied({ [field]: 'x'.repeat(64) }), denied({ [field]: 'x'.repeat(65) })]).toEqual([
          'priced',
          order('ID_INVALID', { note: field, measured: 'x'.repeat(60) }),
        ]);
      },
    );

    test.each(['', 'a b', undefined, null, 7])('denies the intent id %j', (intentId) => {
      expect(denied({ intentId })).toEqual(
        order('ID_INVALID', { note: 'intentId', measured: shown(intentId) }),
      );
    });
  });

  test.each(['BUY', '', undefined, null, 1])('denies the side %j', (side) => {
    expect(denied({ side })).toEqual(order('SIDE_INVALID', { measured: shown(side) }));
  });

  test.each(['true', 0, null])('denies %j as a flag', (flag) => {
    expect([denied({ reduceOnly: flag }), denied(limit('100', { postOnly: flag }))]).toEqual([
      order('FLAG_INVALID', { note: 'reduceOnly', measured: shown(flag) }),
      order('FLAG_INVALID', { note: 'postOnly', measured: shown(flag) }),
    ]);
  });

  test('denies an instrument that is not configured', () => {
    expect(priceOrder(intentOf(), undefined, viewOf())).toEqual(
      order('INSTRUMENT_UNKNOWN', { measured: 'GOLD' }),
    );
  });

  test('denies another instrument than the one asked for', () => {
    expect(denied({}, SILVER)).toEqual(order('INSTRUMENT_UNKNOWN', { measured: 'GOLD' }));
  });

  test('denies without a view, or with the view of another instrument', () => {
    expect([
      priceOrder(intentOf(), GOLD, undefined),
      denied({}, GOLD, viewOf({ instrumentId: 'SILVER' })),
    ]).toEqual([order('MARKET_DATA_MISSING'), order('MARKET_DATA_MISSING')]);
  });

  describe('quantity', () => {
    test.each([
      ['0.001', 1],
      ['0.0019', 1],
      ['4.9999', 4_999],
      ['5', 5_000],
      ['5.0009', 5_000],
      [5n, 5_000],
      [decimal('1.25'), 1_250],
    ])('rounds %s towards zero to %d steps', (quantity, steps) => {
      expect(priced({ quantity }, FINE).qty).toBe(steps);
    });

    test('denies one step above the maximum, both in lots', () => {
      expect(denied({ quantity: '5.001' }, FINE)).toEqual(
        order('ABOVE_MAXIMUM', { measured: 5_001, limit: 5_000 }),
      );
    });

    test('denies what rounds to nothing', () => {
      expect(denied({ quantity: '0.0009' }, FINE)).toEqual(order('BELOW_MINIMUM', { measured: '0.0009' }));
    });

    test.each([
      '0',
      '0.000',
      '-1',
      '-0.0001',
      '',
      '.',
      '1.',
      '.5',
      '1e2',
      '+1',
      ' 1',
      '１',
      '0x1',
      'NaN',
      'Infinity',
      '9007199254740992',
      10,
      0.5,
      NaN,
      null,
      undefined,
    ])('denies %j', (quantity) => {
      expect(denied({ quantity })).toEqual(order('QUANTITY_INVALID', { measured: shown(quantity) }));
    });

    test('denies an object, without asking it for its text', () => {
      const quantity = {
        toString: () => {
          throw new Error('asked');
        },
      };
      expect(denied({ quantity })).toEqual(order('QUANTITY_INVALID', { measured: 'object' }));
    });

    test('denies a text of ten million digits, and shows its beginning', () => {
      expect(denied({ quantity: '1'.repeat(10_000_000) })).toEqual(
        order('QUANTITY_INVALID', { measured: '1'.repeat(60) }),
      );
    });
  });

  describe('limit price', () => {
    test.each([
      ['buy', '100.05', 2_001],
      ['buy', '100.0999', 2_001],
      ['sell', '100.05', 2_001],
      ['sell', '100.0501', 2_002],
      ['sell', '0.0001', 1],
    ] as const)('of a %s at %s is rounded away from the market, to %d ticks', (side, text, worst) => {
      expect(priced({ side, price: { type: 'limit', limit: text } }, FINE).worst).toBe(worst);
    });

    test.each(['0', '-1', '0.0499', '', '1e2', 100, NaN, null, undefined])('denies %j', (value) => {
      expect(denied(limit(value), FINE)).toEqual(order('PRICE_INVALID', { measured: shown(value) }));
    });

    test.each(['GTD', 'gtc', '', null])('denies the time in force %j', (timeInForce) => {
      expect(denied(limit('100', { timeInForce }))).toEqual(
        order('TIME_IN_FORCE_UNSUPPORTED', { measured: shown(timeInForce) }),
      );
    });

    test.each(['IOC', 'FOK'])('denies post-only with %s', (timeInForce) => {
      expect(denied(limit('100', { timeInForce, postOnly: true }))).toEqual(
        order('TIME_IN_FORCE_CONFLICT', { measured: timeInForce }),
      );
    });

    test('takes post-only with GTC', () => {
      expect(denied(limit('100', { timeInForce: 'GTC', postOnly: true }))).toBe('priced');
    });
  });

  describe('market order', () => {
    const at = (bid: number, ask: number) =>
      viewOf({
        bids: [{ price: ticks(bid), quantity: lots(1) }],
        asks: [{ price: ticks(ask), quantity: lots(1) }],
      });

    test.each([
      ['buy', 0, 10_000],
      ['buy', 10, 10_010],
      ['buy', 10.99, 10_010],
      ['buy', 10_000, 20_000],
      ['sell', 0, 9_999],
      ['sell', 10, 9_990],
      ['sell', 9_999, 1],
    ] as const)(
      'a %s with %d bps trades from the far touch to %d, rounded towards the mark',
      (side, bps, worst) => {
        expect(
          priced({ side, price: { type: 'market', maxSlippageBps: bps } }, GOLD, at(9_999, 10_000)).worst,
        ).toBe(worst);
      },
    );

    test('is sent as an immediate limit order, never post-only', () => {
      const { type, postOnly, timeInForce } = priced({ price: { type: 'market', maxSlippageBps: 5 } });
      expect([type, postOnly, timeInForce]).toEqual(['market', false, 'IOC']);
    });

    test.each([-0.01, 10_000.01, NaN, Infinity, '5', null, undefined])(
      'denies a slippage of %j bps',
      (bps) => {
        expect(denied(market(bps))).toEqual(
          order('PRICE_INVALID', { note: 'maxSlippageBps', measured: shown(bps), limit: 10_000 }),
        );
      },
    );

    test('denies a sell that could go for nothing', () => {
      expect(denied({ side: 'sell', ...market(10_000) })).toEqual(
        order('PRICE_INVALID', { note: 'maxSlippageBps', measured: 10_000 }),
      );
    });

    test('denies a worst price beyond the exact range', () => {
      expect(denied(market(5_000), GOLD, at(1, Number.MAX_SAFE_INTEGER))).toEqual(
        order('PRICE_INVALID', { note: 'maxSlippageBps', measured: 5_000 }),
      );
    });

    test('denies when the far side is empty; the near side does not matter', () => {
      expect([
        denied(market(5), GOLD, viewOf({ asks: [] })),
        denied({ side: 'sell', ...market(5) }, GOLD, viewOf({ bids: [] })),
        denied(market(5), GOLD, viewOf({ bids: [] })),
      ]).toEqual([
        order('MARKET_SIDE_EMPTY', { note: 'asks' }),
        order('MARKET_SIDE_EMPTY', { note: 'bids' }),
        'priced',
      ]);
    });

    test.each([NaN, 0, -1])('denies a far touch of %d', (touch) => {
      expect(denied(market(0), GOLD, at(1, touch))).toMatchObject({ code: 'PRICE_INVALID' });
    });
  });

  test.each([
    [{ type: 'stop' }, 'stop'],
    [{}, 'undefined'],
    [undefined, 'undefined'],
    [null, 'undefined'],
  ])('denies the price %j', (price, measured) => {
    expect(denied({ price })).toEqual(order('ORDER_TYPE_UNSUPPORTED', { measured }));
  });
});

const shown = (value: string | number | null | undefined): string =>
  value === null ? 'object' : String(value);
