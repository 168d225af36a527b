import { describe, expect, test } from 'vitest';
import type { AuditRecord } from '../../src/audit/index.ts';
import { clientOrderId } from '../../src/core/index.ts';
import type { JournalRecord } from '../../src/desk/index.ts';
import { toExchangeId } from '../../examples/toy-exchange/driver/client-id.ts';
import type { LogLine } from '../../examples/toy-exchange/exchange-log.ts';
import type { Fact, FactOf } from '../../examples/toy-exchange/facts.ts';
import { checkBooks } from './torture/check/books.ts';
import { recordOf } from './torture/check/exchange-record.ts';
import type { Finding } from './torture/check/finding.ts';
import { readJournal } from './torture/check/journal-record.ts';
import { KillSwitchHistory, checkSent } from './torture/check/kill-switch.ts';
import { checkLimits } from './torture/check/limits.ts';
import { checkOrders } from './torture/check/orders.ts';

const ID = clientOrderId('main', 'resting', 'one');
const about = { accountId: 'main', orderId: 'X1', clientId: toExchangeId(ID) ?? '' };
const terms = {
  symbol: 'BTCUSDT',
  side: 'buy',
  quantity: '0.1',
  price: '49000',
  timeInForce: 'GTC',
  postOnly: true,
} as const;
const accepted: FactOf<'accepted'> = { type: 'accepted', ...about, ...terms };
const filled: FactOf<'filled'> = {
  type: 'filled',
  ...about,
  executionId: 'T1',
  symbol: 'BTCUSDT',
  side: 'buy',
  quantity: '0.1',
  price: '49000',
  fee: '0.98',
  feeCurrency: 'USDT',
  liquidity: 'maker',
  cumulative: '0.1',
  atMs: 1_000,
  againstQuote: true,
};
const quoted: FactOf<'quoted'> = {
  type: 'quoted',
  symbol: 'BTCUSDT',
  bids: [['49999', '1']],
  asks: [['50001', '1']],
};

/** The exchange's log, a line for each fact, a second apart. */
const exchangeOf = (...facts: Fact[]) =>
  recordOf(facts.map((fact, at): LogLine => ({ n: at + 1, atMs: at * 1_000, op: 'test', facts: [fact] })));

const submitting = (overrides: object = {}): JournalRecord => ({
  type: 'submitting',
  clientOrderId: ID,
  atMs: 0,
  intent: {
    intentId: 'one',
    accountId: 'main',
    strategyId: 'resting',
    instrumentId: 'BTC-USDT',
    side: 'buy',
    quantity: '0.1',
    price: { type: 'limit', limit: '49000' },
  },
  quantity: '0.1000',
  worst: '49000.00',
  isExit: false,
  postOnly: true,
  timeInForce: 'GTC',
  limitsHash: '',
  dayOpen: '0',
  highWater: '0',
  ...overrides,
});
const booked: JournalRecord = {
  type: 'filled',
  clientOrderId: ID,
  atMs: 1_000,
  executionId: 'T1',
  quantity: '0.1000',
  price: '49000.00',
  fee: { amount: '0.98', currency: 'USDT' },
  liquidity: 'maker',
};
const ended = (type: 'absent' | 'abandoned' | 'cancelled'): JournalRecord =>
  ({ type, clientOrderId: ID, atMs: 1_000 }) as JournalRecord;
const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

describe('orders', () => {
  const judge = (facts: readonly Fact[], records: readonly JournalRecord[]): string[] =>
    codes(checkOrders(exchangeOf(...facts), readJournal(records)));
  const refused: Fact = {
    type: 'refused',
    op: 'place',
    code: 'CLIENT_ID_TAKEN',
    accountId: 'main',
    clientId: about.clientId,
  };

  test.each<
    [what: string, facts: readonly Fact[], records: readonly JournalRecord[], found: readonly string[]]
  >([
    ['filled on both sides', [accepted, filled], [submitting(), booked], []],
    ['never there, and absent', [], [submitting(), ended('absent')], []],
    ['never there, and without an end', [], [submitting()], ['LOST']],
    ['filled there, open in the journal', [accepted, filled], [submitting()], ['LOST']],
    ['open on both sides in the end', [accepted], [submitting()], ['LOST']],
    ['abandoned, but there', [accepted, filled], [submitting(), ended('abandoned')], ['SENT_AFTER_ALL']],
    ['not in the journal', [accepted, filled], [], ['NOT_IN_JOURNAL']],
    ['arrived twice', [accepted, refused, filled], [submitting(), booked], ['SENT_TWICE']],
    ['written twice', [accepted, filled], [submitting(), submitting(), booked], ['WRITTEN_TWICE']],
    [
      'another quantity',
      [accepted, filled],
      [submitting({ quantity: '0.2000' }), booked, ended('cancelled')],
      ['CONTENT_DIFFERS', 'LOST'],
    ],
    ['another price', [accepted, filled], [submitting({ worst: '49000.01' }), booked], ['CONTENT_DIFFERS']],
    [
      'a change that was not written down',
      [accepted, { type: 'amended', ...about, quantity: '0.1', price: '49500', requeued: true }, filled],
      [submitting(), booked],
      ['NOT_IN_JOURNAL'],
    ],
  ])('%s', (_, facts, records, found) => {
    expect(judge(facts, records)).toEqual(found);
  });
});

describe('books', () => {
  const book = { cash: '995099.02', fees: '0.98', positions: { 'BTC-USDT': '0.1', 'ETH-USDT': '0' } };
  const judge = (records: readonly JournalRecord[], told = book): string[] =>
    codes(checkBooks(exchangeOf(accepted, filled), readJournal(records), told));

  test("are the sum of the exchange's fills, to the last digit", () => {
    expect(judge([submitting(), booked])).toEqual([]);
    expect(judge([submitting(), booked], { ...book, cash: '995099.02000001' })).toEqual(['BOOK_DIFFERS']);
  });

  test('have every fill once', () => {
    expect(judge([submitting()])).toEqual(['FILL_MISSING']);
    expect(judge([submitting(), booked, booked])).toEqual(['FILL_INVENTED']);
  });
});

describe('limits', () => {
  const judge = (quantity: string) => checkLimits(exchangeOf(quoted, { ...accepted, quantity }));

  test('are judged by the worst case at the lowest price of the last seconds', () => {
    expect(judge('0.1')).toEqual({ findings: [], fullest: { position: 1, total: 0.625 } });
    expect(codes(judge('0.101').findings)).toEqual(['LIMIT_EXCEEDED']);
  });

  test('count what is held with what is open', () => {
    const second = { ...accepted, orderId: 'X2', quantity: '0.01' };
    expect(codes(checkLimits(exchangeOf(quoted, accepted, filled, second)).findings)).toEqual([
      'LIMIT_EXCEEDED',
    ]);
  });
});

describe('the kill switch', () => {
  const record = {
    scope: { kind: 'firm' },
    state: 'halted',
    reason: 'x',
    by: { kind: 'person', id: 'x' },
    atMs: 10,
  };
  const audit = (
    ...events: readonly (readonly [timeMs: number, kind: string, details: object])[]
  ): KillSwitchHistory =>
    new KillSwitchHistory(
      events.map(([timeMs, kind, details], at): AuditRecord => ({
        seq: at + 1,
        timeMs,
        kind,
        details: { ...details },
        prev: '',
        hash: '',
      })),
    );
  const tripped = [10, 'kill-switch.tripped', { record }] as const;
  const durable = [11, 'torture.trip-durable', { scope: 'firm' }] as const;
  const started = (list: readonly object[]) => [20, 'torture.started', { life: 2, tripped: list }] as const;

  test('lets nothing out while it is tripped, and all again once it is released', () => {
    const released = [30, 'kill-switch.released', { record }] as const;
    const judge = (atMs: number): string[] =>
      codes(checkSent(exchangeOf(accepted), readJournal([submitting({ atMs })]), audit(tripped, released)));
    expect([9, 11, 29, 31].map(judge)).toEqual([
      [],
      ['SENT_AGAINST_KILL_SWITCH'],
      ['SENT_AGAINST_KILL_SWITCH'],
      [],
    ]);
  });

  test('must be found by the next life as it was left', () => {
    expect(codes(audit(tripped, durable, started([record])).findings)).toEqual([]);
    expect(codes(audit(tripped, durable, started([])).findings)).toEqual(['KILL_SWITCH_FORGOTTEN']);
    expect(codes(audit(tripped, started([])).findings)).toEqual([]); // killed before it was durable
    expect(codes(audit([15, 'order.decided', {}], started([record])).findings)).toEqual([
      'KILL_SWITCH_INVENTED',
    ]);
  });
});
