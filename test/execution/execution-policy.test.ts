import { describe, expect, test } from 'vitest';
import { ExecutionPolicy, type ExecutionView } from '../../src/execution/index.ts';
import { heldOf } from '../support/orders.ts';
import { money } from '../support/views.ts';
import { DESERT, NO, WIDE_SPREAD, facts, gateOf, policyOf } from './policy-builders.ts';

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

  test.each(['spread', 'spread-median', 'own', ''])('refuses a second gate of the name %j', (name) => {
    const pass = () => undefined;
    expect(() => policyOf({}, gateOf(pass), gateOf(pass, name))).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
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
    ['getter of the class', ExecutionPolicy.prototype, 'limits'],
    ['own property that hides a getter', policy, 'limits'],
  ])('a %s cannot be put in place of ours', (_name, target, key) => {
    expect(Reflect.set(target, key, () => [])).toBe(false);
    expect(Reflect.defineProperty(target, key, { value: () => [] })).toBe(false);
  });

  test('a prototype cannot be put in place of ours', () => {
    expect(Reflect.setPrototypeOf(policy, { evaluate: () => [] })).toBe(false);
  });
});

test('ExecutionPolicy cannot be given a method of its own', () => {
  const policy = new ExecutionPolicy();
  expect(() => Object.defineProperty(policy, 'evaluate', { value: () => [] })).toThrow(TypeError);
});
