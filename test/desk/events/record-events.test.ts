import { describe, expect, test } from 'vitest';
import { RelayedOrders } from '../../../src/desk/events/relayed-orders.ts';
import { eventsOf } from '../../../src/desk/events/record-events.ts';
import { instrumentsById } from '../../../src/desk/journal/journal-apply.ts';
import { type JournalRecord, journalRecordSchema } from '../../../src/desk/journal/journal-record.ts';
import { readRecord } from '../../../src/desk/journal/journal-read.ts';
import { ORDER_EVENTS } from '../../../src/events/catalogue/order-events.ts';
import { EventCatalogue } from '../../../src/events/index.ts';
import { NewEvents } from '../../../src/events/new-event.ts';
import { ManualClock } from '../../../src/core/manual-clock.ts';
import type { JsonValue } from '../../../src/storage/index.ts';
import { BTC, ETH } from '../../support/journal-drive.ts';

const AT = { atMs: 5 };
const A = { clientOrderId: 'a', ...AT };
const FILL = {
  executionId: 'x1',
  quantity: '0.004',
  price: '100.25',
  fee: { amount: '-0.0012', currency: 'USD' },
  liquidity: 'maker',
} as const;

const OPENED: JournalRecord = {
  type: 'opened',
  version: 1,
  ...AT,
  dayId: '2026-01-02',
  input: { seed: 1 },
  accounts: [
    { accountId: 'acc', currency: 'USD', balance: '1000' },
    { accountId: 'other', currency: 'EUR', balance: '0' },
  ],
};
const SUBMITTING: JournalRecord = {
  type: 'submitting',
  ...A,
  intent: {
    intentId: 'one',
    accountId: 'acc',
    strategyId: 'strat',
    instrumentId: 'BTC-USD',
    side: 'buy',
    quantity: '0.012',
    price: { type: 'limit', limit: '100.7' },
  },
  quantity: '0.010',
  worst: '100.5',
  isExit: false,
  postOnly: true,
  timeInForce: 'GTC',
  limitsHash: 'hash',
  dayOpen: 'NaN',
  highWater: '1000',
};
const ABOUT = {
  clientOrderId: 'a',
  intentId: 'one',
  accountId: 'acc',
  strategyId: 'strat',
  instrumentId: 'BTC-USD',
  side: 'buy',
};
const SUBMITTED = {
  ...ABOUT,
  ...{ state: 'submitting', cumulativeQuantity: '0.000', leavesQuantity: '0.010' },
  type: 'limit',
  requestedQuantity: '0.012',
  quantity: '0.010',
  worstPrice: '100.5',
  timeInForce: 'GTC',
  postOnly: true,
  reduceOnly: false,
  isExit: false,
  limitsHash: 'hash',
};
/** How the order of 0.010 stands. */
const stands = (state: string, cumulativeQuantity = '0.000', leavesQuantity = '0.010') => ({
  ...ABOUT,
  state,
  cumulativeQuantity,
  leavesQuantity,
});
const ACCEPTED: JournalRecord = { type: 'accepted', ...A };
const FILLED: JournalRecord = { type: 'filled', ...A, ...FILL };

type Said = readonly (readonly [type: string, data: object])[];

/** What each kind of record says after others, by kind: a kind that is not here is one that nobody thought of. */
const CASES: {
  readonly [K in JournalRecord['type']]: readonly {
    readonly what: string;
    readonly after?: readonly JournalRecord[];
    readonly record: JournalRecord & { type: K };
    readonly says: Said;
  }[];
} = {
  opened: [
    {
      what: 'opens each account',
      record: OPENED,
      says: [
        ['account.opened', { accountId: 'acc', currency: 'USD', balance: '1000', dayId: '2026-01-02' }],
        ['account.opened', { accountId: 'other', currency: 'EUR', balance: '0', dayId: '2026-01-02' }],
      ],
    },
  ],
  submitting: [
    {
      what: 'as it was asked for and as it goes out',
      record: SUBMITTING,
      says: [['order.submitted', SUBMITTED]],
    },
    {
      what: 'a market order that reduces',
      record: {
        ...SUBMITTING,
        intent: { ...SUBMITTING.intent, reduceOnly: true, price: { type: 'market', maxSlippageBps: 5 } },
        isExit: true,
        postOnly: false,
        timeInForce: 'IOC',
      },
      says: [
        [
          'order.submitted',
          {
            ...SUBMITTED,
            type: 'market',
            timeInForce: 'IOC',
            postOnly: false,
            reduceOnly: true,
            isExit: true,
          },
        ],
      ],
    },
  ],
  abandoned: [
    {
      what: 'because of a denial, without what JSON cannot say',
      after: [SUBMITTING],
      record: {
        type: 'abandoned',
        ...A,
        because: { gate: 'g', code: 'C', measured: NaN, limit: '5', note: 'n', more: 1 },
      },
      says: [
        [
          'order.abandoned',
          {
            ...stands('abandoned', '0.000', '0.000'),
            because: { gate: 'g', code: 'C', limit: '5', note: 'n' },
          },
        ],
      ],
    },
  ],
  accepted: [
    {
      what: 'under an id of the venue',
      after: [SUBMITTING],
      record: { type: 'accepted', ...A, venueOrderId: 'v' },
      says: [['order.accepted', { ...stands('working'), venueOrderId: 'v' }]],
    },
    {
      what: 'without one',
      after: [SUBMITTING],
      record: { type: 'accepted', ...A },
      says: [['order.accepted', stands('working')]],
    },
  ],
  rejected: [
    {
      what: 'by the venue',
      after: [SUBMITTING],
      record: { type: 'rejected', ...A, reason: 'no' },
      says: [['order.rejected', { ...stands('rejected', '0.000', '0.000'), reason: 'no' }]],
    },
  ],
  timedOut: [
    {
      what: 'nobody knows',
      after: [SUBMITTING],
      record: { type: 'timedOut', ...A, reason: 'no answer' },
      says: [['order.unknown', { ...stands('unknown'), reason: 'no answer' }]],
    },
  ],
  filled: [
    {
      what: 'a part',
      after: [SUBMITTING],
      record: FILLED,
      says: [['order.executed', { ...stands('working', '0.004', '0.006'), ...FILL }]],
    },
    {
      what: 'more than was left',
      after: [SUBMITTING, FILLED],
      record: { ...FILLED, executionId: 'x2', quantity: '0.008' },
      says: [
        [
          'order.executed',
          { ...stands('filled', '0.012', '0.000'), ...FILL, executionId: 'x2', quantity: '0.008' },
        ],
      ],
    },
    {
      what: 'late, of one that the venue has ended',
      after: [SUBMITTING, { type: 'cancelled', ...A, cumulative: '0.005' }],
      record: FILLED,
      says: [['order.executed', { ...stands('cancelled', '0.004', '0.001'), ...FILL }]],
    },
  ],
  cancelRequested: [
    {
      what: 'asked for',
      after: [SUBMITTING],
      record: { type: 'cancelRequested', ...A },
      says: [['order.cancel-requested', stands('cancelPending')]],
    },
  ],
  cancelled: [
    {
      what: 'with what the venue counts',
      after: [SUBMITTING, FILLED],
      record: { type: 'cancelled', ...A, cumulative: '0.004' },
      says: [['order.cancelled', { ...stands('cancelled', '0.004', '0.000'), finalQuantity: '0.004' }]],
    },
    {
      what: 'without it everything stays held',
      after: [SUBMITTING],
      record: { type: 'cancelled', ...A },
      says: [['order.cancelled', stands('cancelled')]],
    },
  ],
  expired: [
    {
      what: 'with what the venue counts',
      after: [SUBMITTING],
      record: { type: 'expired', ...A, cumulative: '0.000' },
      says: [['order.expired', { ...stands('expired', '0.000', '0.000'), finalQuantity: '0.000' }]],
    },
  ],
  cancelFailed: [
    {
      what: 'it goes on',
      after: [SUBMITTING, ACCEPTED],
      record: { type: 'cancelFailed', ...A, reason: 'too late' },
      says: [['order.cancel-failed', { ...stands('working'), reason: 'too late' }]],
    },
  ],
  absent: [
    {
      what: 'nothing more will come',
      after: [SUBMITTING, FILLED, { type: 'timedOut', ...A, reason: 'r' }],
      record: { type: 'absent', ...A },
      says: [['order.absent', stands('rejected', '0.004', '0.000')]],
    },
  ],
  amendRequested: [
    {
      what: 'to more',
      after: [SUBMITTING, ACCEPTED],
      record: { type: 'amendRequested', ...A, quantity: '0.020', worst: '101.0', isExit: true },
      says: [
        [
          'order.amend-requested',
          { ...stands('working', '0.000', '0.020'), quantity: '0.020', worstPrice: '101.0', isExit: true },
        ],
      ],
    },
  ],
  amended: [
    {
      what: 'what it is now',
      after: [
        SUBMITTING,
        FILLED,
        { type: 'amendRequested', ...A, quantity: '0.020', worst: '101.0', isExit: false },
      ],
      record: { type: 'amended', ...A, quantity: '0.020', worst: '101.0' },
      says: [
        ['order.amended', { ...stands('working', '0.004', '0.016'), quantity: '0.020', worstPrice: '101.0' }],
      ],
    },
  ],
  amendFailed: [
    {
      what: 'it goes on',
      after: [SUBMITTING, ACCEPTED],
      record: { type: 'amendFailed', ...A, reason: 'no' },
      says: [['order.amend-failed', { ...stands('working'), reason: 'no' }]],
    },
  ],
  external: [
    {
      what: 'a fill of an order that we never sent',
      record: {
        type: 'external',
        clientOrderId: 'ignored: it follows from the rest',
        ...AT,
        accountId: 'acc',
        instrumentId: 'ETH-USD',
        side: 'sell',
        ...FILL,
        quantity: '0.50',
      },
      says: [
        [
          'order.executed',
          {
            clientOrderId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
            intentId: 'x1',
            accountId: 'acc',
            strategyId: 'external',
            instrumentId: 'ETH-USD',
            side: 'sell',
            ...FILL,
            quantity: '0.50',
            ...{ state: 'filled', cumulativeQuantity: '0.50', leavesQuantity: '0.00' },
          },
        ],
      ],
    },
  ],
  adjusted: [
    {
      what: 'a position and cash',
      record: {
        type: 'adjusted',
        ...AT,
        adjustmentId: 'j',
        accountId: 'acc',
        position: { instrumentId: 'ETH-USD', quantity: '-0.05', price: '7.125' },
        cash: '-1.5',
        by: 'ada',
        reason: 'split',
      },
      says: [
        [
          'account.adjusted',
          {
            adjustmentId: 'j',
            accountId: 'acc',
            position: { instrumentId: 'ETH-USD', quantity: '-0.05', price: '7.125' },
            cash: '-1.5',
            by: 'ada',
            reason: 'split',
          },
        ],
      ],
    },
  ],
  flowed: [
    {
      what: 'a deposit, and a high-water mark that nobody knows is left out',
      record: {
        type: 'flowed',
        ...AT,
        flowId: 'f',
        accountId: 'acc',
        amount: '10',
        highWater: 'NaN',
        by: 'ada',
        reason: 'more',
      },
      says: [['account.flowed', { flowId: 'f', accountId: 'acc', amount: '10', by: 'ada', reason: 'more' }]],
    },
  ],
  funded: [
    {
      what: 'of what is held on margin',
      record: {
        type: 'funded',
        ...AT,
        fundingId: 'f',
        accountId: 'acc',
        instrumentId: 'BTC-USD',
        amount: '-0.5',
      },
      says: [
        ['account.funded', { fundingId: 'f', accountId: 'acc', instrumentId: 'BTC-USD', amount: '-0.5' }],
      ],
    },
  ],
  tenure: [{ what: 'is about who writes it only', record: { type: 'tenure', ...AT, token: 1 }, says: [] }],
  retired: [{ what: 'is about memory only', record: { type: 'retired', ...AT, before: '' }, says: [] }],
  revived: [
    {
      what: 'is about memory only',
      record: {
        type: 'revived',
        ...AT,
        tick: '0.5',
        step: '0.001',
        order: {
          clientOrderId: 'a',
          dayId: '2026-01-01',
          state: 'cancelled',
          intent: SUBMITTING.intent,
          qty: 10,
          worst: 201,
        },
      },
      says: [],
    },
  ],
  dayRolled: [
    {
      what: 'for each account, what is not known left out',
      record: {
        type: 'dayRolled',
        ...AT,
        dayId: '2026-01-03',
        accounts: [
          {
            accountId: 'acc',
            dayOpen: '1000',
            highWater: '1001.5',
            strategies: [
              { strategyId: 's', pnl: '-2' },
              { strategyId: 't', pnl: 'NaN' },
            ],
          },
          { accountId: 'other', dayOpen: 'NaN', highWater: 'Infinity' },
        ],
      },
      says: [
        [
          'account.day-rolled',
          {
            accountId: 'acc',
            dayId: '2026-01-03',
            dayOpen: '1000',
            highWater: '1001.5',
            strategies: [{ strategyId: 's', pnl: '-2' }, { strategyId: 't' }],
          },
        ],
        ['account.day-rolled', { accountId: 'other', dayId: '2026-01-03' }],
      ],
    },
  ],
};

/** The same as what a disk gives back. */
const fromDisk = (record: JournalRecord): JsonValue => JSON.parse(JSON.stringify(record)) as JsonValue;

function say(after: readonly JournalRecord[], record: JournalRecord, raw: (one: JournalRecord) => JsonValue) {
  const orders = new RelayedOrders(instrumentsById([BTC, ETH]));
  for (const one of after) orders.take(one);
  const read = readRecord(record.type === 'opened' ? 1 : 2, raw(record));
  return eventsOf(read, orders.take(read));
}

describe.each(Object.entries(CASES))('a record "%s"', (_, cases) => {
  test.each(cases.map((one) => [one.what, one] as const))('%s', (_what, { after = [], record, says }) => {
    const catalogue = new EventCatalogue(ORDER_EVENTS);
    const made = new NewEvents({ catalogue, clock: new ManualClock(), source: '/desk/x', idPrefix: 'e' });
    for (const raw of [fromDisk, (one: JournalRecord) => one as unknown as JsonValue]) {
      const events = say(after, record, raw).map(({ type, data }) => made.make(type, data));
      expect(events.map(({ type, data }) => [type, data])).toEqual(says);
      // All of an account in one order, each about its order or its account.
      for (const { partitionkey, subject, data } of events) {
        const about = data as { accountId: string; clientOrderId?: string };
        expect([subject, partitionkey ?? subject]).toEqual([
          about.clientOrderId ?? about.accountId,
          about.accountId,
        ]);
      }
    }
  });
});

test('every kind of record has been thought of, and every event of the journal is said by one', () => {
  const kinds = journalRecordSchema.options.map((option) => option.shape.type.value);
  expect(Object.keys(CASES).sort()).toEqual([...kinds].sort());
  const said = Object.values(CASES).flatMap((cases) =>
    cases.flatMap(({ says }) => says.map(([type]) => type)),
  );
  const elsewhere = ['order.denied', 'desk.anomaly-raised', 'desk.reconciled'];
  expect([...new Set([...said, ...elsewhere])].sort()).toEqual(ORDER_EVENTS.map(({ type }) => type).sort());
});

test('an order is retired from memory as the Book does it, and taken back', () => {
  const orders = new RelayedOrders(instrumentsById([BTC]));
  orders.take(OPENED);
  orders.take(SUBMITTING);
  orders.take({ type: 'dayRolled', ...AT, dayId: '2026-01-03', accounts: [] });
  orders.take({ type: 'cancelled', ...A, cumulative: '0.000' });
  orders.take({ type: 'retired', ...AT, before: '2026-01-03' }); // something happened to it on that day
  expect(orders.changes()).toMatchObject({ orders: [{ state: 'cancelled' }], gone: [] });
  orders.take({ type: 'retired', ...AT, before: '2026-01-04' });
  expect(orders.changes()).toEqual({ orders: [], gone: ['a'] });
  expect(() => orders.take(FILLED)).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: 'clientOrderId: expected an order submitted before, got a',
    }),
  );
  const [revived] = CASES.revived;
  if (revived !== undefined) orders.take(revived.record);
  expect(orders.take(FILLED)).toMatchObject({ cumulative: 4 });
});
