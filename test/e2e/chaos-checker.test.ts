import { describe, expect, test } from 'vitest';
import { clientOrderId } from '../../src/core/index.ts';
import type { JournalRecord } from '../../src/desk/index.ts';
import type { GroupStatus } from '../../src/events/index.ts';
import type { HistoryFill, HistoryOrder, LedgerEntry } from '../../src/portfolio/index.ts';
import { toExchangeId } from '../../examples/toy-exchange/driver/client-id.ts';
import type { Fact, FactOf } from '../../examples/toy-exchange/facts.ts';
import { intentIdOf } from '../../examples/trading-system/trading/signal-trader.ts';
import { check } from './chaos/check/check.ts';
import type { Evidence } from './chaos/check/evidence.ts';
import { recordOf } from './torture/check/exchange-record.ts';

const ID = clientOrderId('main', 'manual', 'one');
const about = { accountId: 'main', orderId: 'X1', clientId: toExchangeId(ID) ?? '' };
const accepted: FactOf<'accepted'> = {
  ...{ type: 'accepted', ...about, symbol: 'BTCUSD', side: 'buy', quantity: '0.1', price: '49000' },
  ...{ timeInForce: 'GTC', postOnly: true },
};
const filled: FactOf<'filled'> = {
  ...{
    type: 'filled',
    ...about,
    executionId: 'T1',
    symbol: 'BTCUSD',
    side: 'buy',
    quantity: '0.1',
    price: '49000',
  },
  ...{
    fee: '0.98',
    feeCurrency: 'USD',
    liquidity: 'maker',
    cumulative: '0.1',
    atMs: 3_000,
    againstQuote: true,
  },
};

/** The exchange's log, a line for each fact, a second apart, the first after two. */
const exchangeOf = (...facts: Fact[]) =>
  recordOf(facts.map((fact, at) => ({ n: at + 1, atMs: (at + 2) * 1_000, op: 'test', facts: [fact] })));

const tenure = (token: number, atMs: number): JournalRecord => ({ type: 'tenure', atMs, token });
const submitting = (overrides: object = {}, intent: object = {}): JournalRecord => ({
  ...{ type: 'submitting', clientOrderId: ID, atMs: 2_000, quantity: '0.1000', worst: '49000.00' },
  intent: {
    ...{ intentId: 'one', accountId: 'main', strategyId: 'manual', instrumentId: 'BTC-USD', side: 'buy' },
    ...{ quantity: '0.1', price: { type: 'limit', limit: '49000' } },
    ...intent,
  },
  ...{ isExit: false, postOnly: true, timeInForce: 'GTC', limitsHash: '', dayOpen: '0', highWater: '0' },
  ...overrides,
});
const booked: JournalRecord = {
  ...{
    type: 'filled',
    clientOrderId: ID,
    atMs: 3_000,
    executionId: 'T1',
    quantity: '0.1000',
    price: '49000.00',
  },
  ...{ fee: { amount: '0.98', currency: 'USD' }, liquidity: 'maker' },
};
const JOURNAL = [tenure(10, 1_000), submitting(), booked];

const order = { clientOrderId: ID, state: 'filled' } as HistoryOrder;
const fill = { clientOrderId: ID, executionId: 'T1' } as HistoryFill;
const entry = (kind: LedgerEntry['kind'], amount: string): LedgerEntry => ({ kind, amount }) as LedgerEntry;
const ledger = [entry('opening', '100000'), entry('trade', '-4900'), entry('fee', '-0.98')];
const held = { instrumentId: 'BTC-USD', quantity: '0.1', fees: '0.98' };
const HISTORY = {
  ...{ orders: [order], fills: [fill], ledger, gaps: [] },
  positions: [
    { ...held, accountId: 'main', quote: 'USD', cost: '4900', realised: '0', funding: '0', atMs: 0, seq: 1 },
  ],
};
const DESK = { equity: '100099.02', positions: [{ ...held, mark: '50000' }] };
const group = (overrides: Partial<GroupStatus> = {}): GroupStatus => ({
  ...{ group: 'portfolio', topic: 'orders', lag: 0, pending: 0, deadLetters: 0, members: 1, ...overrides },
});
const lifeOf = (heapMb: (minute: number) => number, files: (minute: number) => number = () => 30) => ({
  ...{ name: 'risk', pid: 1 },
  samples: Array.from({ length: 61 }, (_, at) => ({
    ageMs: at * 10_000,
    heapMb: heapMb(at / 6),
    files: files(at / 6),
  })),
});
const posted = {
  intentId: 'one',
  firstMs: 0,
  tries: 1,
  answer: { kind: 'accepted', clientOrderId: ID },
} as const;
const AUDITS = ['desk', 'trading-1', 'trading-2', 'risk-1'].map((name) => ({ name, records: 3 }));

const evidence = (overrides: Partial<Evidence> = {}): Evidence => ({
  ...{ exchange: exchangeOf(accepted, filled), journal: JOURNAL, journalFirstSeq: 1 },
  ...{ audits: AUDITS, history: HISTORY, desk: DESK, posted: [posted], signals: [], trips: [] },
  ...{ groups: [group()], usage: [lifeOf(() => 50)], end: { code: 0, left: [] }, stuck: [] },
  ...overrides,
});

/** Names of the checks that fail. */
const failing = (overrides: Partial<Evidence> = {}): readonly string[] =>
  check(evidence(overrides)).flatMap(({ check: name, violations }) => (violations.length > 0 ? [name] : []));

const SAME = 'exchange and journal have the same orders';
const TWICE = 'no order twice';
const DOUBT = 'no order in doubt';
const ANSWERS = 'the last answers agree with the exchange';
const SIGNALS = 'a signal is one order';
const LEDGERS = 'ledgers agree to the last digit';
const EVENTS = 'no event lost';
const LETTERS = 'no dead letters';
const AUDIT = 'audit chains are whole';
const TOKENS = 'tokens only grow';
const FENCE = 'no order under an older token';
const KILL = 'the kill switch is obeyed';
const FLAT = 'memory and files are flat';
const LEFT = 'all recover, and none is left';

test('nothing is found where nothing is wrong', () => {
  expect(failing()).toEqual([]);
});

describe('orders', () => {
  const other = clientOrderId('main', 'manual', 'two');
  const refused: Fact = {
    ...{ type: 'refused', op: 'place', code: 'CLIENT_ID_TAKEN', accountId: 'main', clientId: about.clientId },
  };

  test.each<[what: string, found: readonly string[], overrides: Partial<Evidence>]>([
    ['not in the journal', [SAME, EVENTS], { journal: [tenure(10, 1_000)] }],
    [
      'never sent, and without an end',
      [SAME, DOUBT, EVENTS],
      { journal: [...JOURNAL, submitting({ clientOrderId: other }, { intentId: 'two' })] },
    ],
    [
      'of another quantity',
      [SAME, DOUBT],
      { journal: [tenure(10, 1_000), submitting({ quantity: '0.2' }), booked] },
    ],
    ['of another price', [SAME], { journal: [tenure(10, 1_000), submitting({ worst: '49000.01' }), booked] }],
    ['with a fill that is not booked', [SAME, DOUBT, EVENTS], { journal: JOURNAL.slice(0, 2) }],
    ['with a fill that is booked twice', [SAME, DOUBT, EVENTS], { journal: [...JOURNAL, booked] }],
    ['open in the end', [SAME, DOUBT, LEDGERS], { exchange: exchangeOf(accepted) }],
    ['sent twice', [TWICE], { exchange: exchangeOf(accepted, refused, filled) }],
    ['written down twice', [TWICE], { journal: [...JOURNAL.slice(0, 2), submitting(), booked] }],
    [
      'twice for one intent',
      [TWICE, EVENTS],
      {
        journal: [
          ...JOURNAL,
          submitting({ clientOrderId: other }),
          { type: 'absent', clientOrderId: other, atMs: 2_000 },
        ],
      },
    ],
    ['in a journal whose beginning is gone', [SAME], { journalFirstSeq: 2 }],
  ])('%s', (_, found, overrides) => {
    expect(failing(overrides)).toEqual(found);
  });
});

describe('the last answer', () => {
  const NONE = { exchange: exchangeOf(), journal: [tenure(10, 1_000), submitting()] };

  test.each<[kind: string, isThere: boolean, agrees: boolean]>([
    ['accepted', true, true],
    ['accepted', false, false],
    ['denied', true, false],
    ['denied', false, true],
    ['rejected', true, false],
    ['rejected', false, true],
    ['duplicate', true, true],
    ['duplicate', false, false],
    ['unknown', true, true],
    ['unknown', false, false],
  ])('%s, at the exchange: %s', (kind, isThere, agrees) => {
    const told = [{ ...posted, answer: { kind } }] as Evidence['posted'];
    const found = failing({ ...(isThere ? {} : NONE), posted: told });
    expect(found.includes(ANSWERS)).toBe(!agrees);
  });

  test('has to be there, and to be one', () => {
    const { answer: _, ...silent } = posted;
    expect(failing({ posted: [silent] })).toEqual([ANSWERS]);
    expect(failing({ posted: [{ ...silent, refused: '400' }] })).toEqual([ANSWERS]);
    expect(
      failing({ posted: [{ ...posted, answer: { kind: 'accepted', clientOrderId: 'other' } }] }),
    ).toEqual([ANSWERS]);
  });
});

test('an order for a signal is named after it', () => {
  const signals = [{ signalId: 'buy-1', strategyId: 'manual' }];
  const named = (intentId: string) => ({
    signals,
    journal: [tenure(10, 1_000), submitting({}, { intentId }), booked],
  });
  expect(failing(named(intentIdOf('buy-1')))).toEqual([]);
  expect(failing(named(intentIdOf('buy-1 of 10:15')))).toEqual([SIGNALS]);
});

describe('ledgers', () => {
  test.each<[what: string, overrides: Partial<Evidence>]>([
    ['cash of the desk', { desk: { ...DESK, equity: '100099.02000001' } }],
    [
      'a position of the desk',
      { desk: { ...DESK, positions: [{ ...held, quantity: '0.1001', mark: '50000' }] } },
    ],
    ['fees of the desk', { desk: { ...DESK, positions: [{ ...held, fees: '0.97', mark: '50000' }] } }],
    ['a desk that does not say', { desk: undefined }],
    [
      'cash of the history',
      { history: { ...HISTORY, ledger: [...ledger, entry('adjustment', '0.00000001')] } },
    ],
    ['a position of the history', { history: { ...HISTORY, positions: [] } }],
  ])('%s', (_, overrides) => {
    expect(failing(overrides)).toEqual([LEDGERS]);
  });
});

describe('events', () => {
  const gap = {
    accountId: 'main',
    code: 'FILLS_MISSING',
    atMs: 0,
    source: '',
    eventId: '',
    detail: '',
  } as const;

  test.each<[what: string, history: Partial<Evidence['history']>]>([
    ['an order that is missing', { orders: [] }],
    ['an order of nobody', { orders: [order, { ...order, clientOrderId: 'other' }] }],
    ['a fill that is missing', { fills: [] }],
    ['a fill that is there twice', { fills: [fill, fill] }],
    ['a gap', { gaps: [gap] }],
  ])('%s', (_, history) => {
    expect(failing({ history: { ...HISTORY, ...history } })).toEqual([EVENTS]);
  });

  test('an end that has not been told', () => {
    const journal = [...JOURNAL.slice(0, 2), { type: 'absent', clientOrderId: ID, atMs: 3_000 } as const];
    const history = { ...HISTORY, orders: [{ ...order, state: 'submitting' as const }], fills: [] };
    expect(failing({ exchange: exchangeOf(), journal, history })).toContain(EVENTS);
  });

  test('an order that was never there has been turned down', () => {
    const journal = [...JOURNAL.slice(0, 2), { type: 'absent', clientOrderId: ID, atMs: 3_000 } as const];
    const told = (state: HistoryOrder['state']) =>
      failing({
        ...{ exchange: exchangeOf(), journal },
        history: { ...HISTORY, orders: [{ ...order, state }], fills: [] },
      });
    expect(told('rejected')).not.toContain(EVENTS);
    expect(told('cancelled')).toContain(EVENTS);
  });

  test('groups that gave something up, or have something left', () => {
    expect(failing({ groups: [group({ deadLetters: 1 })] })).toEqual([LETTERS]);
    expect(failing({ groups: [group({ lag: 1 })] })).toEqual([LETTERS]);
    expect(failing({ groups: [group({ group: 'signals', lag: 1 })] })).toEqual([]);
    expect(failing({ groups: [] })).toEqual([LETTERS]);
  });
});

test('audit logs are there and whole', () => {
  expect(failing({ audits: [...AUDITS.slice(1), { name: 'desk', records: 0, flaw: 'record 2' }] })).toEqual([
    AUDIT,
  ]);
  expect(failing({ audits: AUDITS.slice(1) })).toEqual([AUDIT]);
});

describe('tokens', () => {
  test('grow, and are there before the first order', () => {
    expect(failing({ journal: [...JOURNAL, tenure(10, 9_000)] })).toEqual([TOKENS]);
    expect(failing({ journal: JOURNAL.slice(1) })).toEqual([TOKENS]);
    expect(failing({ journal: [...JOURNAL, tenure(11, 9_000)] })).toEqual([]);
  });

  test('are not used once a greater one was written', () => {
    // The order arrives at 2,000; it may have been on its way for 500.
    expect(failing({ journal: [...JOURNAL, tenure(11, 1_500)] })).toEqual([]);
    expect(failing({ journal: [...JOURNAL, tenure(11, 1_499)] })).toEqual([FENCE]);
  });

  test('are those of whoever writes the journal: after a takeover nothing arrives that it does not know', () => {
    // It arrives at 2,000.
    const journal = [tenure(10, 1_000), tenure(11, 1_999)];
    expect(failing({ journal })).toEqual([SAME, EVENTS, FENCE]);
    expect(failing({ journal: [tenure(10, 1_000), tenure(11, 2_000)] })).toEqual([SAME, EVENTS]);
  });
});

describe('the kill switch', () => {
  const tripped = (acknowledgedMs: number, releasedMs?: number) => ({
    trips: [{ during: 'x', acknowledgedMs, ...(releasedMs !== undefined && { releasedMs }) }],
  });

  test('lets no entry out once all had time to hear of it, until its release', () => {
    expect(failing(tripped(-2_000))).toEqual([]);
    expect(failing(tripped(-2_001))).toEqual([KILL]);
    expect(failing(tripped(-2_001, 2_000))).toEqual([]);
    expect(failing(tripped(2_001))).toEqual([]);
  });

  test('lets exits out', () => {
    const journal = [tenure(10, 1_000), submitting({ isExit: true }), booked];
    expect(failing({ journal, ...tripped(-2_001) })).toEqual([]);
  });
});

describe('processes', () => {
  test('use no more and more, after a warm-up, if they live long enough', () => {
    expect(failing({ usage: [lifeOf((minute) => 40 + 5 * minute)] })).toEqual([FLAT]);
    expect(
      failing({
        usage: [
          lifeOf(
            () => 50,
            (minute) => 30 + 3 * minute,
          ),
        ],
      }),
    ).toEqual([FLAT]);
    expect(failing({ usage: [lifeOf((minute) => (minute < 1 ? 90 * minute : 90))] })).toEqual([]);
    const short = lifeOf((minute) => 40 + 5 * minute);
    expect(failing({ usage: [{ ...short, samples: short.samples.slice(0, 20) }] })).toEqual([]);
  });

  test('come back, and end in the end', () => {
    expect(failing({ stuck: ['redis cut off: did not recover'] })).toEqual([LEFT]);
    expect(failing({ end: { code: 0, left: [7] } })).toEqual([LEFT]);
    expect(failing({ end: { code: 1, left: [] } })).toEqual([LEFT]);
  });
});
