import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../src/audit/index.ts';
import {
  ManualClock,
  clientOrderId,
  newSigningKeys,
  person,
  signText,
  system,
} from '../../../src/core/index.ts';
import {
  type OverrideOptions,
  OverrideRegister,
  type OverrideTerms,
  signOverride,
} from '../../../src/risk/index.ts';
import type { StateStore } from '../../../src/storage/index.ts';
import type { OrderIntent } from '../../../src/trading/index.ts';
import { ScriptedStateStore, settle } from '../../support/state-stores.ts';

const KEYS = newSigningKeys();
const STRANGER = newSigningKeys();
const NOW_MS = Date.UTC(2026, 0, 2, 12);
const WRITE_MS = 5_000;
const LIFETIME_MS = 900_000;

const intent: OrderIntent = {
  intentId: 'one',
  accountId: 'acc',
  strategyId: 'strat',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: { type: 'limit', limit: '100' },
};
const ORDER = clientOrderId('acc', 'strat', 'one');

const terms = (overrides: Partial<OverrideTerms> = {}): OverrideTerms => ({
  overrideId: 'ov-1',
  intent,
  gates: ['order-value'],
  by: 'ann',
  reason: 'the client asked for it',
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 60_000,
  ...overrides,
});
const signed = (overrides: Partial<OverrideTerms> = {}) => signOverride(KEYS.privateKey, terms(overrides));

const OPTIONAL = new Set(['order-value', 'order-value@strategy:strat', 'spread-median']);
const mayOverride = (gate: string) => OPTIONAL.has(gate);

function world(
  given: {
    options?: Partial<OverrideOptions>;
    store?: Pick<StateStore, 'set'>;
    clock?: ManualClock;
  } = {},
) {
  const clock = given.clock ?? new ManualClock(NOW_MS);
  const scripted = new ScriptedStateStore();
  const events: Readonly<Record<string, unknown>>[] = [];
  const audit = {
    fails: false,
    record(event: Readonly<Record<string, unknown>>): Promise<never> {
      if (audit.fails) return Promise.reject(new Error('the audit disk is full'));
      events.push({ ...event });
      return Promise.resolve(undefined as never);
    },
  };
  const register = new OverrideRegister(
    { persons: { ann: KEYS.publicKey }, ...given.options },
    { store: given.store ?? scripted, audit, clock },
  );
  return {
    clock,
    scripted,
    events,
    audit,
    register,
    spend: (override: unknown, order: OrderIntent = intent) => register.spend(override, order, mayOverride),
  };
}

const invalid = (note: unknown) => ({ gate: 'override', code: 'OVERRIDE_INVALID', note });
const SPENT = { overrideId: 'ov-1', gates: new Set(['order-value']), expiresAtMs: NOW_MS + 60_000 };

describe('OverrideRegister', () => {
  test('spends an override on its order, on disk and with who and why', async () => {
    const { spend, scripted, events } = world();
    expect(await spend(signed())).toEqual(SPENT);
    expect(scripted.written).toEqual([{ version: 1, by: 'ann', order: ORDER, spentAtMs: NOW_MS }]);
    expect(events).toEqual([
      {
        kind: 'override.spent',
        by: person('ann'),
        reason: 'the client asked for it',
        overrideId: 'ov-1',
        gates: ['order-value'],
        clientOrderId: ORDER,
        issuedAtMs: NOW_MS,
        expiresAtMs: NOW_MS + 60_000,
      },
    ]);
  });

  test('takes one that came as JSON, with its members in another order', async () => {
    const { spend } = world();
    const text = JSON.stringify(Object.fromEntries(Object.entries(signed()).reverse()));
    expect(await spend(JSON.parse(text))).toEqual(SPENT);
  });

  test('takes one for the same order with its decimals written in another way', async () => {
    const { spend } = world();
    expect(await spend(signed(), { ...intent, quantity: 10n })).toEqual(SPENT);
  });

  test('records a refusal with what the override says of itself', async () => {
    const { spend, events } = world();
    await spend(signed({ gates: ['kill-switch'] }));
    expect(events).toEqual([
      {
        kind: 'override.refused',
        by: system('override-register'),
        clientOrderId: ORDER,
        why: 'no gate that can be overridden: kill-switch',
        overrideId: 'ov-1',
        signer: 'ann',
        reason: 'the client asked for it',
        gates: ['kill-switch'],
      },
    ]);
  });
});

describe('OverrideRegister refuses, and spends nothing:', () => {
  const { version: _, ...versionless } = signed();
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['nothing', undefined, expect.stringMatching(/^malformed: /)],
    ['one without a version', versionless, expect.stringMatching(/^malformed: version/)],
    ['one of a newer version', { ...signed(), version: 2 }, expect.stringMatching(/^malformed: version/)],
    ['one with a further member', { ...signed(), also: 1 }, expect.stringMatching(/^malformed: .*also/)],
    ['one of an unknown person', signed({ by: 'eve' }), 'unknown person "eve"'],
    ['one of a name that every object has', signed({ by: 'constructor' }), 'unknown person "constructor"'],
    ['one that a stranger has signed', signOverride(STRANGER.privateKey, terms()), 'bad signature'],
    [
      'one whose signature was given for something else of the same members',
      {
        ...terms(),
        version: 1,
        signature: signText(KEYS.privateKey, canonicalJson({ version: 1, ...terms() })),
      },
      'bad signature',
    ],
    ['one with another reason than was signed', { ...signed(), reason: 'mine' }, 'bad signature'],
    ['one with more gates than were signed', { ...signed(), gates: ['spread-median'] }, 'bad signature'],
    ['one that lives longer than was signed', { ...signed(), expiresAtMs: NOW_MS + 60_001 }, 'bad signature'],
    ['one that expires now', signed({ issuedAtMs: NOW_MS - 9, expiresAtMs: NOW_MS }), 'expired 0 ms ago'],
    ['one that has expired', signed({ issuedAtMs: NOW_MS - 9, expiresAtMs: NOW_MS - 4 }), 'expired 4 ms ago'],
    ['one of the future', signed({ issuedAtMs: NOW_MS + 1 }), 'not yet valid: issued 1 ms from now'],
    [
      'one that lives too long',
      signed({ expiresAtMs: NOW_MS + LIFETIME_MS + 1 }),
      `a lifetime of ${LIFETIME_MS + 1} ms, expected above 0 and at most ${LIFETIME_MS}`,
    ],
    [
      'one that ends before it begins',
      signed({ expiresAtMs: NOW_MS }),
      `a lifetime of 0 ms, expected above 0 and at most ${LIFETIME_MS}`,
    ],
    [
      'one for a mandatory gate',
      signed({ gates: ['order-value', 'kill-switch', 'data-quality'] }),
      'no gate that can be overridden: kill-switch, data-quality',
    ],
    [
      'one for a gate of another scope',
      signed({ gates: ['order-value@strategy:other'] }),
      'no gate that can be overridden: order-value@strategy:other',
    ],
  ];

  test.each(cases)('%s', async (_what, override, note) => {
    const { spend, scripted } = world();
    expect(await spend(override)).toEqual(invalid(note));
    expect(scripted.written).toEqual([]);
  });

  const others: readonly (readonly [string, Partial<OrderIntent>])[] = [
    ['intent', { intentId: 'two' }],
    ['account', { accountId: 'other' }],
    ['strategy', { strategyId: 'other' }],
    ['quantity', { quantity: '11' }],
    ['limit', { price: { type: 'limit', limit: '101' } }],
    ['instrument', { instrumentId: 'SILVER' }],
    ['side', { side: 'sell' }],
  ];

  test.each(others)('one for an order with another %s', async (_what, other) => {
    const { spend, scripted } = world();
    expect(await spend(signed(), { ...intent, ...other })).toEqual(
      invalid(`signed for another order: ${ORDER}`),
    );
    expect(scripted.written).toEqual([]);
  });

  test('and takes one that lives just as long as it may', async () => {
    const { spend } = world();
    const expiresAtMs = NOW_MS + LIFETIME_MS;
    expect(await spend(signed({ expiresAtMs }))).toEqual({ ...SPENT, expiresAtMs });
    expect(await world({ options: { maxLifetimeMs: 60_000 } }).spend(signed())).toEqual(SPENT);
    expect(await world({ options: { maxLifetimeMs: 59_999 } }).spend(signed())).toMatchObject({
      code: 'OVERRIDE_INVALID',
    });
  });

  test('and takes one a millisecond before it expires', async () => {
    const { spend, clock } = world();
    clock.advance(59_999);
    expect(await spend(signed())).toEqual(SPENT);
  });
});

describe('OverrideRegister, single use', () => {
  test('a second use is refused', async () => {
    const { spend, scripted } = world();
    await spend(signed());
    expect(await spend(signed())).toEqual(invalid('already spent'));
    expect(scripted.written).toHaveLength(1);
  });

  test('of two at the same time one wins', async () => {
    const { spend } = world();
    expect(await Promise.all([spend(signed()), spend(signed())])).toEqual([SPENT, invalid('already spent')]);
  });

  test('of two registers on one store one wins', async () => {
    const one = world();
    const other = world({ store: one.scripted });
    const both = await Promise.all([one.spend(signed()), other.spend(signed())]);
    expect(both).toEqual([SPENT, invalid('already spent')]);
  });

  test('another override with the same id is refused as well', async () => {
    const { spend } = world();
    await spend(signed());
    expect(await spend(signed({ reason: 'again' }))).toEqual(invalid('already spent'));
  });

  test('what was refused for its order is still good for its own', async () => {
    const { spend } = world();
    await spend(signed(), { ...intent, quantity: '11' });
    expect(await spend(signed())).toEqual(SPENT);
  });

  test('is not valid before it is on disk, and never again when the disk refuses', async () => {
    const { spend, scripted } = world();
    scripted.mode = 'wait';
    let answer: unknown;
    void spend(signed()).then((given) => (answer = given));
    await settle();
    expect([answer, await spend(signed())]).toEqual([undefined, invalid('already spent')]);
    scripted.mode = 'refuse';
    scripted.answer();
    await settle();
    expect(answer).toEqual(invalid('it could not be spent: the disk is full'));
    scripted.mode = 'write';
    expect(await spend(signed())).toEqual(invalid('already spent'));
  });

  test('is refused when the disk does not answer in time', async () => {
    const { spend, scripted, clock } = world();
    scripted.mode = 'wait';
    const answer = spend(signed());
    await settle();
    clock.advance(WRITE_MS);
    expect(await answer).toEqual(invalid(`it could not be spent: no answer within ${WRITE_MS} ms`));
  });

  test('is refused when it cannot be recorded', async () => {
    const { spend, audit } = world();
    audit.fails = true;
    expect(await spend(signed())).toEqual(invalid('it could not be spent: the audit disk is full'));
  });

  test('is refused when it expires while it is being spent', async () => {
    const { spend, scripted, clock } = world();
    scripted.mode = 'wait';
    const answer = spend(signed({ expiresAtMs: NOW_MS + 1_000 }));
    await settle();
    clock.advance(1_000);
    scripted.mode = 'write';
    scripted.answer();
    expect(await answer).toEqual(invalid('expired 0 ms ago'));
  });
});

describe('OverrideRegister, options', () => {
  test('refuses a key that is none, and a misspelt option, by name', () => {
    expect(() => world({ options: { persons: { ann: 'key' } } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    expect(() => world({ options: { lifetimeMs: 1 } as never })).toThrow(/lifetimeMs/);
  });
});

describe('signOverride', () => {
  test('signs a copy as plain JSON', () => {
    const override = signed({ intent: { ...intent, quantity: 10n } });
    expect(JSON.parse(JSON.stringify(override))).toEqual({
      version: 1,
      ...terms(),
      signature: expect.any(String) as string,
    });
  });

  const flaws: readonly (readonly [string, Partial<OverrideTerms>])[] = [
    ['gates', { gates: [] }],
    ['reason', { reason: ' ' }],
    ['by', { by: '' }],
    ['overrideId', { overrideId: 'with blanks' }],
    ['intent.quantity', { intent: { ...intent, quantity: 10 as never } }],
    ['expiresAtMs', { expiresAtMs: NaN }],
  ];

  test.each(flaws)('refuses wrong %s by name', (path, flaw) => {
    expect(() => signed(flaw)).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining(`signOverride: ${path}`) as string,
      }) as Error,
    );
  });
});
