import { describe, expect, test } from 'vitest';
import { Flag, type FlagDefinition } from '../../../src/service/index.ts';

const flag = (definition: Partial<FlagDefinition>): Flag =>
  Flag.parse('new-router', { type: 'boolean', default: false, ...definition });

const given = (variant: string, value: unknown, reason: string): unknown => ({
  kind: 'value',
  variant,
  value,
  reason,
});

describe('Flag', () => {
  test('without rules gives its default to everybody', () => {
    expect(flag({}).decide({ accountId: 'a' })).toEqual(given('off', false, 'STATIC'));
  });

  test.each([
    ['equal text', { accountId: 'a' }, { accountId: 'a' }, true],
    ['another text', { accountId: 'a' }, { accountId: 'b' }, false],
    ['a missing attribute', { accountId: 'a' }, {}, false],
    ['one of a list', { accountId: ['a', 'b'] }, { accountId: 'b' }, true],
    ['none of a list', { accountId: ['a', 'b'] }, { accountId: 'c' }, false],
    ['a number is not its text', { tier: 1 }, { tier: '1' }, false],
    ['an equal number', { tier: 1 }, { tier: 1 }, true],
    [
      'both of two',
      { accountId: 'a', instrumentId: 'BTC-USD' },
      { accountId: 'a', instrumentId: 'BTC-USD' },
      true,
    ],
    [
      'one of two',
      { accountId: 'a', instrumentId: 'BTC-USD' },
      { accountId: 'a', instrumentId: 'ETH-USD' },
      false,
    ],
    ['what every object has', { constructor: 'x' }, {}, false],
  ])('targets by attributes: %s', (_, when, context, isMatch) => {
    expect(flag({ rules: [{ when, serve: 'on' }] }).decide(context)).toEqual(
      isMatch ? given('on', true, 'TARGETING_MATCH') : given('off', false, 'DEFAULT'),
    );
  });

  test('lets the first rule that matches decide', () => {
    const rules = [
      { when: { accountId: 'a' }, serve: 'off' },
      { when: {}, serve: 'on' },
    ];
    const both = flag({ rules });
    expect([both.decide({ accountId: 'a' }), both.decide({ accountId: 'b' })]).toEqual([
      given('off', false, 'TARGETING_MATCH'),
      given('on', true, 'TARGETING_MATCH'),
    ]);
  });

  test('gives a pinned value to everybody, whatever the rules say', () => {
    const pinned = flag({ rules: [{ serve: 'on' }], pinned: false });
    expect(pinned.decide({ accountId: 'a' })).toEqual(given('off', false, 'STATIC'));
  });

  test('names a pinned value that is no variant', () => {
    const pinned = Flag.parse('limit', { type: 'number', default: 5, pinned: 7 });
    expect(pinned.decide({})).toEqual(given('pinned', 7, 'STATIC'));
  });

  test('says nothing when it is disabled, pinned or not', () => {
    expect(flag({ enabled: false, pinned: true, rules: [{ serve: 'on' }] }).decide({})).toEqual({
      kind: 'disabled',
    });
  });

  test('knows the moment it expires at', () => {
    const expiring = flag({ expiresAt: '2026-03-01T01:00:00+01:00' });
    expect([expiring.expiresAtMs, flag({}).expiresAtMs]).toEqual([
      Date.parse('2026-03-01T00:00:00Z'),
      Infinity,
    ]);
  });
});

describe('roll-out by percentage', () => {
  // sha256("new-router\nacc-1") begins with the 48 bits that make this place; printf 'new-router\nacc-1' | sha256sum
  const PLACE = Number.parseInt('e89f1be75dd0', 16) / 2 ** 48;

  test.each([
    ['just above its place', PLACE * 100 + 1e-9, 'on'],
    ['at its place', PLACE * 100, 'off'],
  ])('takes a key in %s', (_, percent, variant) => {
    const decision = flag({ rules: [{ serve: 'on', percent }] }).decide({ targetingKey: 'acc-1' });
    expect(decision).toMatchObject({ variant, reason: variant === 'on' ? 'SPLIT' : 'DEFAULT' });
  });

  test.each([
    ['targetingKey', {}, { targetingKey: 'acc-1', accountId: 'other' }],
    ['accountId without it', {}, { accountId: 'acc-1' }],
    ['the attribute named', { by: 'desk' }, { targetingKey: 'other', desk: 'acc-1' }],
  ])('goes by %s', (_, extra, context) => {
    const percent = PLACE * 100 + 1e-9;
    expect(flag({ rules: [{ serve: 'on', percent, ...extra }] }).decide(context)).toMatchObject({
      variant: 'on',
    });
  });

  test.each([
    ['no key', {}],
    ['an empty key', { targetingKey: '' }],
    ['a key that is no text', { targetingKey: null }],
  ])('without a key says which one it needs: %s', (_, context) => {
    const decision = flag({ rules: [{ serve: 'on', percent: 50 }] }).decide(
      context as { targetingKey: string },
    );
    expect(decision).toEqual({ kind: 'no-key', attribute: 'targetingKey' });
  });

  test('needs no key for all or nobody', () => {
    const of = (percent: number): unknown => flag({ rules: [{ serve: 'on', percent }] }).decide({});
    expect([of(0), of(100)]).toEqual([given('off', false, 'DEFAULT'), given('on', true, 'TARGETING_MATCH')]);
  });

  test('takes a number as a key', () => {
    const decide = (key: unknown): unknown =>
      flag({ rules: [{ serve: 'on', percent: 50, by: 'shard' }] }).decide({ shard: key as string });
    expect(decide(17)).toEqual(decide('17'));
  });

  test('splits by weights, near enough over ten thousand keys', () => {
    const split = Flag.parse('algo', {
      type: 'string',
      default: 'twap',
      variants: { twap: 'TWAP', vwap: 'VWAP', pov: 'POV' },
      rules: [{ serve: { vwap: 1, pov: 3 }, percent: 40 }],
    });
    const counts: Record<string, number> = {};
    for (let key = 0; key < 10_000; key += 1) {
      const decision = split.decide({ targetingKey: `acc-${key}` });
      if (decision.kind === 'value') counts[decision.variant] = (counts[decision.variant] ?? 0) + 1;
    }
    // Four standard deviations of a binomial share at most: sqrt(10,000 x 0.4 x 0.6) = 49.
    expect(Math.abs((counts['twap'] ?? 0) - 6000)).toBeLessThan(200);
    expect(Math.abs((counts['vwap'] ?? 0) - 1000)).toBeLessThan(120);
    expect(Math.abs((counts['pov'] ?? 0) - 3000)).toBeLessThan(190);
  });
});

describe('a definition', () => {
  test.each([
    ['default of another type', { type: 'number', default: 'x' }, 'default: expected a number, got "x"'],
    ['an object that is none', { type: 'object', default: null }, 'default: expected an object, got null'],
    ['an unknown type', { type: 'money', default: 1 }, 'type: '],
    [
      'a default that is no variant',
      { type: 'string', variants: { a: 'A' }, default: 'A' },
      'default: expected a variant: a, got "A"',
    ],
    [
      'a variant of another type',
      { type: 'string', variants: { a: 'A', b: 2 }, default: 'a' },
      'variants.b: expected a string, got 2',
    ],
    [
      'no variant at all',
      { type: 'string', variants: {}, default: 'a' },
      'variants: expected one variant or more',
    ],
    [
      'an unknown variant in a rule',
      { rules: [{ serve: 'blue' }] },
      'rules.0.serve: expected a variant: on, off, got "blue"',
    ],
    ['no variant in a rule', { rules: [{ serve: {} }] }, 'rules.0.serve: expected a variant'],
    ['a weight of 0', { rules: [{ serve: { on: 0 } }] }, 'rules.0.serve.on: Too small'],
    ['more than all', { rules: [{ serve: 'on', percent: 100.1 }] }, 'rules.0.percent: '],
    ['less than nobody', { rules: [{ serve: 'on', percent: -0.1 }] }, 'rules.0.percent: '],
    ['an empty list', { rules: [{ serve: 'on', when: { accountId: [] } }] }, 'rules.0.when.accountId: '],
    ['a misspelt field', { rules: [{ serve: 'on', percentage: 5 }] }, 'percentage'],
    ['a pinned value of another type', { pinned: 'on' }, 'pinned: expected a boolean, got "on"'],
    [
      'a pinned value of no variant',
      { type: 'string', variants: { a: 'A' }, default: 'a', pinned: 'B' },
      'pinned: expected the value of a variant: a, got "B"',
    ],
    ['a day without a time', { expiresAt: '2026-03-01' }, 'expiresAt: '],
  ])('is refused by name with %s', (_, definition, message) => {
    expect(() => flag(definition as Partial<FlagDefinition>)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(message) as string }),
    );
    expect(() => flag(definition as Partial<FlagDefinition>)).toThrow(/^flag new-router: /);
  });
});
