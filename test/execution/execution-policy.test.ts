import { describe, expect, test } from 'vitest';
import { ticks } from '../../src/core/index.ts';
import {
  type ExecutionFacts,
  type ExecutionGate,
  type ExecutionLimitsInput,
  ExecutionPolicy,
  type ExecutionView,
} from '../../src/execution/index.ts';
import { deny } from '../../src/trading/index.ts';
import { type HeldOverrides, heldOf } from '../support/orders.ts';
import { executionViewOf, levels, marketOf, money } from '../support/views.ts';

const facts = (overrides: Partial<ExecutionFacts> = {}): ExecutionFacts => {
  const { spentSlippage: _, spentSlippageByStrategy: _by, ...rest } = executionViewOf(overrides);
  return rest;
};
const gateOf = (check: ExecutionGate['check'], name = 'own'): ExecutionGate => ({ name, check });
const NO = deny('own', 'ABOVE_MAXIMUM', { note: 'no' });
const policyOf = (limits: ExecutionLimitsInput = {}, ...gates: readonly ExecutionGate[]) =>
  new ExecutionPolicy(limits, { gates });
/** Everything is wrong with this market: nobody sells, nothing was traded. */
const DESERT = marketOf({ bids: levels([50, 1]), asks: [], recentVolume: money(0) as never });

const WIDE_SPREAD = { spreadBps: { entry: 10_000, exit: 'none' } } as const satisfies ExecutionLimitsInput;

describe('ExecutionPolicy, evaluate', () => {
  test('has nothing against a sane order', () => {
    expect(policyOf(WIDE_SPREAD).evaluate(heldOf(), facts())).toEqual([]);
  });

  test('gives every reason, not the first', () => {
    const order = heldOf({ postOnly: true, view: DESERT, worst: 103 });
    const seen = new Set([order.clientOrderId]);
    expect(
      policyOf()
        .evaluate(order, facts({ seen }))
        .map(({ gate, code }) => [gate, code]),
    ).toEqual([
      ['idempotency', 'DUPLICATE_ORDER'],
      ['time-in-force', 'WOULD_CROSS'],
      ['price-collar', 'PRICE_COLLAR'],
      ['spread', 'SPREAD_TOO_WIDE'],
      ['depth', 'DEPTH_TOO_THIN'],
      ['volume', 'VOLUME_TOO_LOW'],
      ['slippage-budget', 'SLIPPAGE_BUDGET'],
    ]);
  });

  test('as it comes stops exits by the collar alone', () => {
    const exit = (worst: number) => heldOf({ side: 'sell', isExit: true, worst, view: DESERT });
    expect([policyOf().evaluate(exit(90), facts()), policyOf().evaluate(exit(89), facts())]).toEqual([
      [],
      [{ gate: 'price-collar', code: 'PRICE_COLLAR', measured: 1_100, limit: 1_000 }],
    ]);
  });

  test('a gate that throws denies in its own name', () => {
    const broken = gateOf(() => {
      throw new Error('broken');
    });
    const strange = gateOf(() => {
      throw 'not even an error';
    }, 'strange');
    expect(policyOf(WIDE_SPREAD, broken, strange).evaluate(heldOf(), facts())).toEqual([
      { gate: 'own', code: 'GATE_FAILED', note: 'broken' },
      { gate: 'strange', code: 'GATE_FAILED', note: 'not even an error' },
    ]);
  });

  test('a set of known ids that throws denies', () => {
    const seen = {
      has: () => {
        throw new Error('lost');
      },
    };
    expect(policyOf(WIDE_SPREAD).evaluate(heldOf(), facts({ seen }))).toEqual([
      { gate: 'idempotency', code: 'GATE_FAILED', note: 'lost' },
    ]);
  });

  test.each([null, true, 0, Promise.resolve(), {}])('a gate that answers %o has failed', (answer) => {
    const denials = policyOf(
      WIDE_SPREAD,
      gateOf(() => answer as unknown as undefined),
    ).evaluate(heldOf(), facts());
    expect(denials).toMatchObject([{ gate: 'own', code: 'GATE_FAILED' }]);
  });

  test('shows gates the facts and what has been spent', () => {
    const shown: ExecutionView[] = [];
    const curious = gateOf((_order, view) => {
      shown.push(view);
      return undefined;
    });
    const policy = policyOf(WIDE_SPREAD, curious);
    const now = facts({ nowMs: 5, monotonicMs: 6 });
    policy.spend(heldOf({ worst: 101 }), now);
    policy.evaluate(heldOf(), now);
    expect(shown).toEqual([{ ...now, spentSlippage: money(10), spentSlippageByStrategy: money(10) }]);
  });

  test('changes nothing: asked twice it says the same', () => {
    const policy = policyOf({ ...WIDE_SPREAD, slippage: { perDay: '10' } });
    const order = heldOf({ worst: 100, qty: 10 });
    expect([policy.evaluate(order, facts()), policy.evaluate(order, facts())]).toEqual([[], []]);
  });
});

describe('ExecutionPolicy, the budget of a day', () => {
  const TEN: HeldOverrides = { worst: 101, qty: 10 }; // 10 lots, each 1 beyond the mark
  const limits: ExecutionLimitsInput = {
    ...WIDE_SPREAD,
    slippage: { perOrderBps: { entry: 100 }, perDay: '25' },
  };
  const spentAfter = (spend: (policy: ExecutionPolicy) => void, dayId = '2026-01-02') => {
    const policy = policyOf(limits);
    spend(policy);
    return policy.evaluate(heldOf(TEN), facts({ dayId }));
  };
  const overspent = (measured: string) => [
    { gate: 'slippage-budget', code: 'SLIPPAGE_BUDGET', measured, limit: '25', note: 'of the day' },
  ];

  test('is spent by orders that go out', () => {
    const once = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
    });
    const twice = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
    });
    expect([once, twice]).toEqual([[], overspent('30')]);
  });

  test('is whole again on another day', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
    }, '2026-01-03');
    expect(denials).toEqual([]);
  });

  test('counts from nothing with the first order of a day', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts());
      policy.spend(heldOf(TEN), facts({ dayId: '2026-01-03' }));
    }, '2026-01-03');
    expect(denials).toEqual([]);
  });

  test('is not spent by exits', () => {
    const denials = spentAfter((policy) => {
      for (let i = 0; i < 5; i += 1) policy.spend(heldOf({ side: 'sell', isExit: true, worst: 90 }), facts());
    });
    expect(denials).toEqual([]);
  });

  test('is not spent by orders that cannot slip', () => {
    const denials = spentAfter((policy) => {
      for (let i = 0; i < 5; i += 1) policy.spend(heldOf({ worst: 99 }), facts());
    });
    expect(denials).toEqual([]);
  });

  describe('and an order that takes the place of another', () => {
    const WAS = heldOf({ worst: 101, qty: 5 }); // 5 of the budget of 25
    const after = (...spent: readonly [HeldOverrides, HeldOverrides?][]): ExecutionPolicy => {
      const policy = policyOf(limits);
      for (const [order, instead] of spent) policy.spend(heldOf(order), facts(), instead && heldOf(instead));
      return policy;
    };
    const FIVE: HeldOverrides = { worst: 101, qty: 5 };

    test.each([
      ['exactly what is left', 10, []],
      ['one more', 11, overspent('26')],
    ])('may add %s', (_, qty, expected) => {
      const policy = after([TEN], [FIVE], [FIVE]); // 20, of which 5 are its own
      expect(policy.evaluate(heldOf({ worst: 101, qty }), facts(), WAS)).toEqual(expected);
    });

    test('spends only what it adds', () => {
      const policy = after([FIVE], [TEN, FIVE]); // 10 in all
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('gives nothing back', () => {
      const policy = after([TEN], [FIVE, TEN], [{ worst: 99, qty: 10 }, TEN]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('may take less, also when nothing is left', () => {
      const policy = after([TEN], [TEN], [FIVE]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 4 }), facts(), WAS),
        policy.evaluate(WAS, facts(), WAS),
        policy.evaluate(heldOf({ worst: 101, qty: 6 }), facts(), WAS),
      ]).toEqual([[], [], overspent('26')]);
    });

    test('spends all of it where the other was an exit, and nothing where it is one', () => {
      const exit: HeldOverrides = { ...TEN, isExit: true };
      const policy = after([TEN, exit], [{ worst: 101, qty: 20, isExit: true }, FIVE]);
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 15 }), facts()),
        policy.evaluate(heldOf({ worst: 101, qty: 16 }), facts()),
      ]).toEqual([[], overspent('26')]);
    });

    test('adds the same to a day on which the other was not placed', () => {
      const policy = after([TEN]);
      const tomorrow = facts({ dayId: '2026-01-03' });
      expect([
        policy.evaluate(heldOf({ worst: 101, qty: 30 }), tomorrow, WAS),
        policy.evaluate(heldOf({ worst: 101, qty: 31 }), tomorrow, WAS),
      ]).toEqual([[], overspent('26')]);
    });
  });

  test('is gone for the day once an order went out at an unknown mark', () => {
    const denials = spentAfter((policy) => {
      policy.spend(heldOf(TEN), facts({ mark: ticks(NaN) }));
    });
    expect(denials).toEqual(overspent('NaN'));
  });
});

describe('ExecutionPolicy, what it tells', () => {
  test('counts what each gate decided', () => {
    const policy = policyOf(
      {},
      gateOf(() => NO),
    );
    policy.evaluate(heldOf(), facts());
    policy.evaluate(heldOf({ side: 'sell', isExit: true }), facts());
    const count = (gate: string, denied = 0, reasons: readonly object[] = []) => ({
      gate,
      checked: 2,
      denied,
      reduced: 0,
      reasons,
    });
    expect(policy.status()).toEqual([
      count('idempotency'),
      count('time-in-force'),
      count('price-collar'),
      count('spread', 1, [{ code: 'SPREAD_TOO_WIDE', count: 1 }]),
      count('depth'),
      count('volume'),
      count('slippage-budget'),
      count('own', 2, [{ code: 'ABOVE_MAXIMUM', count: 2 }]),
    ]);
  });

  test('refuses two gates of one name', () => {
    expect(() =>
      policyOf(
        {},
        gateOf(() => undefined, 'spread'),
      ),
    ).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('ExecutionPolicy.is', () => {
  const policy = new ExecutionPolicy();

  test('knows its own', () => {
    expect(ExecutionPolicy.is(policy)).toBe(true);
  });

  class Lenient extends ExecutionPolicy {
    override evaluate(): readonly [] {
      return [];
    }
  }

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a function', () => undefined],
    ['a twin', { evaluate: () => [], spend: () => undefined }],
    ['a copy', Object.assign({}, policy)],
    ['an object that inherits from one', Object.create(policy)],
    ['an object with its prototype', Object.create(ExecutionPolicy.prototype)],
    ['a proxy', new Proxy(policy, {})],
    ['a subclass', new Lenient()],
  ])('is not taken in by %s', (_name, value) => {
    expect(ExecutionPolicy.is(value)).toBe(false);
  });

  test.each<[string, object, string]>([
    ['method of the class', ExecutionPolicy.prototype, 'evaluate'],
    ['static method', ExecutionPolicy, 'is'],
    ['own property', policy, 'evaluate'],
  ])('a %s cannot be put in place of ours', (_name, target, key) => {
    expect(Reflect.set(target, key, () => [])).toBe(false);
    expect(Reflect.defineProperty(target, key, { value: () => [] })).toBe(false);
  });

  test('a prototype cannot be put in place of ours', () => {
    expect(Reflect.setPrototypeOf(policy, { evaluate: () => [] })).toBe(false);
  });
});
