import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { decimal, lots, ticks, units } from '../../src/core/index.ts';
import { JOURNAL_VERSION, type JournalRecord } from '../../src/desk/index.ts';
import {
  bookedOrder,
  dayRolled,
  dayRolledRecord,
  eventRecord,
  journalRecordSchema,
  orderEvent,
  stampedHighWater,
  submittingRecord,
} from '../../src/desk/journal-record.ts';
import type { JsonValue } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book, type HeldOrder, type OrderEvent, defineInstrument } from '../../src/trading/index.ts';
import { NOON_MS, openJournal, view } from '../support/desk-world.ts';

/** A grid on which a lot and a tick are not 1, so that texts and counts differ. */
const BTC = defineInstrument({
  instrumentId: 'BTC-USD',
  base: 'BTC',
  quote: 'USD',
  tick: '0.5',
  step: '0.001',
});

const order: HeldOrder = {
  intent: {
    intentId: 'i',
    accountId: 'acc',
    strategyId: 's',
    instrumentId: 'BTC-USD',
    side: 'buy',
    quantity: '0.0509',
    reduceOnly: false,
    price: { type: 'limit', limit: '100.7', postOnly: true, timeInForce: 'GTC' },
  },
  clientOrderId: 'c',
  instrument: BTC,
  accountId: 'acc',
  strategyId: 's',
  side: 'buy',
  type: 'limit',
  qty: lots(50),
  worst: ticks(201),
  reduceOnly: false,
  isExit: false,
  postOnly: true,
  timeInForce: 'GTC',
  view: view(100),
  decidedMonotonicMs: 5,
};
const stamp = { limitsHash: 'abc', dayOpen: units(1_500_000), highWater: units(-1) };

describe('a submitting record', () => {
  const record = submittingRecord(order, 7, stamp) as JournalRecord & { type: 'submitting' };

  test('has quantities, prices and money as plain decimals', () => {
    expect(record).toEqual({
      type: 'submitting',
      clientOrderId: 'c',
      atMs: 7,
      intent: order.intent,
      quantity: '0.050',
      worst: '100.5',
      isExit: false,
      postOnly: true,
      timeInForce: 'GTC',
      limitsHash: 'abc',
      dayOpen: '1.5',
      highWater: '-0.000001',
    });
  });

  test('reads back as the order that it was written for', () => {
    const { view: _view, decidedMonotonicMs: _decided, ...booked } = order;
    expect(bookedOrder(journalRecordSchema.parse(record) as never, BTC)).toEqual(booked);
    expect(stampedHighWater(record)).toBe(-1);
  });

  test.for([NaN, Infinity, -Infinity])('a stamp of %d comes back as it was', (highWater) => {
    const written = submittingRecord(order, 7, { ...stamp, highWater: units(highWater) });
    expect(stampedHighWater(journalRecordSchema.parse(JSON.parse(JSON.stringify(written))) as never)).toBe(
      highWater,
    );
  });

  test('without flags in the intent reads back without them', () => {
    const { reduceOnly: _, ...intent } = order.intent;
    const market = { ...intent, price: { type: 'market', maxSlippageBps: 5 } as const };
    const written = submittingRecord({ ...order, intent: market, type: 'market' }, 7, stamp);
    const read = bookedOrder(journalRecordSchema.parse(written) as never, BTC);
    expect([read.intent, read.type, read.reduceOnly]).toStrictEqual([market, 'market', false]);
  });

  test.for([
    ['quantity', 'step 0.001'],
    ['worst', 'tick 0.5'],
  ] as const)('names a %s that is off the grid', ([field, grid]) => {
    expect(() => bookedOrder({ ...record, [field]: '0.0005' }, BTC)).toThrow(
      `${field}: expected a multiple of the ${grid} of BTC-USD, got 0.0005`,
    );
  });
});

describe('an event record', () => {
  const about = { clientOrderId: 'c', atMs: 7 };
  const events: readonly OrderEvent[] = [
    { type: 'abandoned', ...about, because: { gate: 'journal', code: 'JOURNAL_UNAVAILABLE', note: 'n' } },
    { type: 'accepted', ...about },
    { type: 'accepted', ...about, venueOrderId: 'v' },
    { type: 'rejected', ...about, reason: 'no' },
    { type: 'timedOut', ...about, reason: 'late' },
    {
      type: 'filled',
      ...about,
      fill: {
        executionId: 'x',
        quantity: lots(7),
        price: decimal('100.25'),
        fee: { amount: decimal('-0.00000001'), currency: 'USD' },
        liquidity: 'maker',
      },
    },
    { type: 'cancelRequested', ...about },
    { type: 'cancelled', ...about },
    { type: 'cancelled', ...about, cumulative: lots(7) },
    { type: 'expired', ...about },
    { type: 'expired', ...about, cumulative: lots(0) },
    { type: 'cancelFailed', ...about, reason: 'no' },
    { type: 'absent', ...about },
  ];

  test.for(events)('of %o reads back as the event', (event) => {
    const text = JSON.stringify(eventRecord(event, BTC));
    const record = journalRecordSchema.parse(JSON.parse(text)) as never;
    expect(orderEvent(record, BTC)).toStrictEqual(event);
  });

  test('never has an exponent in it', () => {
    const [fill] = events.filter(({ type }) => type === 'filled');
    expect(JSON.stringify(fill && eventRecord(fill, BTC))).toContain('"amount":"-0.00000001"');
  });

  test.for([
    ['quantity', { type: 'filled', quantity: '0.0001' }],
    ['cumulative', { type: 'cancelled', cumulative: '0.0001' }],
  ] as const)('names a %s that is off the grid', ([field, detail]) => {
    const record = {
      ...about,
      executionId: 'x',
      price: '1',
      fee: { amount: '0', currency: 'USD' },
      liquidity: 'maker',
      ...detail,
    };
    expect(() => orderEvent(record as never, BTC)).toThrow(
      `${field}: expected a multiple of the step 0.001 of BTC-USD, got 0.0001`,
    );
  });
});

test('the roll of a day reads back as it was', () => {
  const day = {
    dayId: '2026-01-03',
    atMs: 7,
    accounts: [{ accountId: 'acc', dayOpen: units(-5), highWater: units(NaN) }],
  };
  expect(dayRolled(dayRolledRecord(day) as never)).toEqual(day);
});

describe('the golden journal of version 1', () => {
  const golden = new URL('golden/journal-v1.jsonl', import.meta.url);
  const records = readFileSync(golden, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonValue);

  test('has every type of record', () => {
    const types = new Set(records.map((record) => (record as JournalRecord).type));
    expect([...types].sort()).toEqual(
      journalRecordSchema.options.map(({ shape }) => shape.type.value).sort(),
    );
    expect(JOURNAL_VERSION).toBe(1);
  });

  test('is read to the very Book that it was written from', async () => {
    const book = new Book();
    const log = new ScriptedAppendLog(records.map((record, at) => ({ seq: at + 1, record })));
    const { recovered } = await openJournal(log, book, new ManualClock(NOON_MS), { instruments: [BTC] });
    const { cash, fees, dayOpen, highWater, count } = book.account('acc') ?? {};
    expect(recovered).toEqual({ records: records.length, dayId: '2026-01-03', inDoubt: ['o4', 'o5', 'o7'] });
    expect({ cash: cash?.toFixed(), fees: fees?.toFixed(), dayOpen, highWater, count }).toEqual({
      cash: '998.4978', // 1,000 less 0.010 at 100 and 0.005 at 100.2, less fees of 0.0012
      fees: '0.0012',
      dayOpen: 1_001_000_000,
      highWater: 1_002_500_000,
      count: 1,
    });
    const { pos, buy, sell, cost } = book.cell('acc', 'BTC-USD') ?? {};
    expect({ pos, buy, sell, cost: cost?.toFixed() }).toEqual({ pos: 15, buy: 35, sell: 13, cost: '1.501' });
    expect(
      [...book.orders()].map(({ order: { clientOrderId }, state, cumulative, leaves }) => [
        clientOrderId,
        state,
        cumulative,
        leaves,
      ]),
    ).toEqual([
      ['o1', 'cancelled', 10, 5], // the venue says 15, of which 10 have been told
      ['o2', 'rejected', 0, 0],
      ['o3', 'abandoned', 0, 0],
      ['o4', 'unknown', 5, 15],
      ['o5', 'unknown', 0, 13],
      ['o6', 'expired', 0, 0],
      ['o7', 'unknown', 0, 15],
      ['o8', 'rejected', 0, 0],
    ]);
  });
});
