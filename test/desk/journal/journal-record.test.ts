import { describe, expect, test } from 'vitest';
import { decimal, lots, ticks, units } from '../../../src/core/index.ts';
import type { JournalRecord } from '../../../src/desk/index.ts';
import { bookedOrder, eventRecord, orderEvent } from '../../../src/desk/journal/journal-order.ts';
import { readRecord } from '../../../src/desk/journal/journal-read.ts';
import {
  dayRolled,
  dayRolledRecord,
  journalRecordSchema,
  stampedHighWater,
  submittingRecord,
} from '../../../src/desk/journal/journal-record.ts';
import type { JsonValue } from '../../../src/storage/index.ts';
import { type HeldOrder, type OrderEvent, defineInstrument } from '../../../src/trading/index.ts';
import { view } from '../../support/desk-world.ts';

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

  test('with the mark of an order on margin reads back with it, by hand and by the schema', () => {
    const { view: _view, decidedMonotonicMs: _decided, ...booked } = { ...order, mark: ticks(190) };
    const written = submittingRecord({ ...order, mark: ticks(190) }, 7, stamp);
    expect(written).toMatchObject({ mark: '95.0' });
    const raw = JSON.parse(JSON.stringify(written)) as JsonValue;
    for (const read of [readRecord(2, raw), journalRecordSchema.parse(raw)]) {
      expect(bookedOrder(read as never, BTC)).toEqual(booked);
    }
    expect(() => readRecord(2, { ...(raw as object), mark: 1 })).toThrow(/mark/);
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
    { type: 'amendRequested', ...about, to: { qty: lots(7), worst: ticks(201), isExit: true } },
    {
      type: 'amendRequested',
      ...about,
      to: { qty: lots(7), worst: ticks(201), isExit: false, mark: ticks(190) },
    },
    { type: 'amended', ...about, qty: lots(7), worst: ticks(201) },
    { type: 'amendFailed', ...about, reason: 'no' },
  ];

  test.for(events)('of %o reads back as the event', (event) => {
    const text = JSON.stringify(eventRecord(event, BTC));
    const record = readRecord(2, JSON.parse(text) as JsonValue) as never;
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

describe('reading a record', () => {
  const about = { clientOrderId: 'c', atMs: 7 };
  const fee = { amount: '0', currency: 'USD' };
  const records: readonly JsonValue[] = [
    JSON.parse(JSON.stringify(submittingRecord(order, 7, stamp))) as JsonValue,
    { type: 'accepted', ...about },
    { type: 'accepted', ...about, venueOrderId: 'v' },
    { type: 'rejected', ...about, reason: 'no' },
    { type: 'cancelRequested', ...about },
    { type: 'cancelled', ...about },
    { type: 'expired', ...about, cumulative: '0.001' },
    {
      type: 'filled',
      ...about,
      executionId: 'x',
      quantity: '0.001',
      price: '1',
      fee,
      liquidity: 'taker',
    },
  ];

  test.for(records)('of %o is what the schema reads', (record) => {
    expect(readRecord(2, record)).toStrictEqual(journalRecordSchema.parse(record));
  });

  test.for(records)('of %o leaves out what does not belong', (record) => {
    expect(readRecord(2, { ...(record as object), more: 1 })).toStrictEqual(
      journalRecordSchema.parse(record),
    );
  });

  /** Every field, also deep inside, with something in it that is never right. */
  const spoiled = records.flatMap((record) =>
    pathsOf(record).map((path): [string, JsonValue] => [path.join('.'), spoil(record, path)]),
  );

  test.for(spoiled)('is refused by name when %s is wrong', ([path, record]) => {
    const field = path === 'type' || path === 'intent.price.type' ? path : path.split('.').at(-1);
    expect(() => readRecord(2, record)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(String(field)) as string,
      }) as Error,
    );
  });
});

const pathsOf = (value: JsonValue): string[][] =>
  Object.entries(value as Record<string, JsonValue>).flatMap(([key, member]) => [
    [key],
    ...(typeof member === 'object' ? pathsOf(member).map((path) => [key, ...path]) : []),
  ]);

function spoil(value: JsonValue, [key = '', ...rest]: readonly string[]): JsonValue {
  const members = value as Record<string, JsonValue>;
  return { ...members, [key]: rest.length === 0 ? null : spoil(members[key] ?? null, rest) };
}

describe('money', () => {
  test.for([
    [0, '0'],
    [1, '0.000001'],
    [-1, '-0.000001'],
    [1_500_000, '1.5'],
    [-100_000_000, '-100'],
    [1_000_000_000_000, '1000000'],
    [Number.MAX_SAFE_INTEGER, '9007199254.740991'],
    [NaN, 'NaN'],
    [-Infinity, '-Infinity'],
  ] as const)('of %d millionths stands as %s', ([amount, text]) => {
    const stamped = submittingRecord(order, 7, { ...stamp, highWater: units(amount) });
    expect(stamped).toMatchObject({ highWater: text });
    expect(stampedHighWater(stamped as never)).toBe(amount);
  });

  test.for([
    ['1.0000005', 1_000_000],
    ['-1.0000005', -1_000_001],
    ['99999999999.5', Infinity],
  ] as const)('finer or larger than units hold, %s, is read against the trader', ([highWater, amount]) => {
    expect(stampedHighWater({ highWater } as never)).toBe(amount);
  });

  test.for(['', '-', '--1', '1e3', '.5'])('that is none, %o, is refused', (highWater) => {
    expect(() => stampedHighWater({ highWater } as never)).toThrow('highWater: expected a plain decimal');
  });
});
