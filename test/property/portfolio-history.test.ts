import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { ZERO, decimal, lots, ticks } from '../../src/core/index.ts';
import { eventsOf } from '../../src/desk/events/record-events.ts';
import { RelayedOrders } from '../../src/desk/events/relayed-orders.ts';
import { instrumentsById } from '../../src/desk/journal/journal-apply.ts';
import type { JournalRecord } from '../../src/desk/index.ts';
import type { BusEvent } from '../../src/events/index.ts';
import { EquityPoints } from '../../src/portfolio/history/equity-points.ts';
import {
  type EquitySample,
  HistoryProjector,
  SqliteTradingHistory,
  type TradingHistory,
  statement,
} from '../../src/portfolio/index.ts';
import { MemoryAppendLog } from '../../src/storage/index.ts';
import { type Instrument, defineInstrument } from '../../src/trading/index.ts';
import { BTC, ETH, JournalDrive } from '../support/journal-drive.ts';

/*
 * Random histories of a journal, told to a projector in parts, twice, with the accounts mixed as one likes: the history says of
 * cash and positions what the Book says, to the last digit, and what it keeps is the same as from one look at the journal.
 */

const PERP = defineInstrument({
  instrumentId: 'ETH-PERP',
  kind: 'linear',
  initialMarginFraction: '0.1',
  base: 'ETH',
  quote: 'USD',
  tick: '0.01',
  step: '0.03',
  multiplier: '7',
});
const EURO = defineInstrument({
  instrumentId: 'BTC-EUR',
  base: 'BTC',
  quote: 'EUR',
  tick: '0.01',
  step: '0.0007',
});
const INSTRUMENTS: readonly Instrument[] = [BTC, ETH, PERP, EURO];

const at = fc.nat({ max: 9 });
const amount = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('submit' as const),
      accountId: fc.constantFrom('acc', 'acc', 'other'),
      instrument: fc.constantFrom(...INSTRUMENTS),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      qty: amount,
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      at,
      amount,
      execution: fc.nat({ max: 30 }),
      price: fc.integer({ min: 1, max: 9_999_999 }),
      fee: fc.integer({ min: -50, max: 500 }),
      feeIn: fc.constantFrom('quote', 'quote', 'base', 'own', 'third'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('event' as const),
      type: fc.constantFrom('accepted', 'cancelled', 'timedOut', 'rejected', 'amended', 'expired'),
      at,
      amount,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('external' as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('adjust' as const), at, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flow' as const), at, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fund' as const), at, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nextDay' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const histories = fc.array(step, { minLength: 10, maxLength: 60, size: 'max' });

const BY = { by: { kind: 'person', id: 'ada' }, reason: 'test' } as const;

/** Whatever a desk would not write down leaves no trace. */
async function act(drive: JournalDrive, ids: string[], next: Step): Promise<void> {
  const { book, journal, clock } = drive;
  clock.advance(7);
  switch (next.do) {
    case 'submit':
      ids.push(`o${ids.length}`);
      await drive.submit(ids.at(-1) ?? '', next);
      return;
    case 'external':
      await drive.external(`e${next.at}`, '0.005');
      return;
    case 'adjust':
      await drive.adjust(`a${next.at}`, next.at % 2 === 0 ? next.amount : -next.amount, '-0.00000000001');
      return;
    case 'flow': {
      const flow = { flowId: `f${next.at}`, accountId: 'acc', amount: decimal(String(next.amount - 6)) };
      if (book.flowOnce(flow) === 'applied') await journal.flowed(flow, BY);
      return;
    }
    case 'fund': {
      const funding = {
        ...{ fundingId: `u${next.at}`, accountId: 'acc', instrument: PERP },
        amount: decimal('0.123456789').times(String(next.amount - 6)),
      };
      if (book.fund(funding) === 'applied') await journal.funded(funding);
      return;
    }
    case 'nextDay':
      await drive.nextDay();
      return;
    default:
      await happens(drive, ids[next.at % Math.max(ids.length, 1)], next);
  }
}

async function happens(
  drive: JournalDrive,
  clientOrderId: string | undefined,
  next: Extract<Step, { do: 'fill' | 'event' }>,
): Promise<void> {
  const order = drive.book.order(clientOrderId ?? '')?.order;
  if (order === undefined || clientOrderId === undefined) return;
  if (next.do === 'event') {
    const detail = {
      accepted: {},
      cancelled: { cumulative: lots(next.amount - 1) },
      timedOut: { reason: 'r' },
      rejected: { reason: 'r' },
      amended: { qty: lots(next.amount), worst: ticks(200) },
      expired: {},
    }[next.type as 'accepted'];
    await drive.event({ type: next.type, clientOrderId, ...detail } as never);
    return;
  }
  const { base, quote } = order.instrument;
  const currency = { quote, base, own: 'USD', third: 'BNB' }[next.feeIn] ?? quote;
  await drive.event({
    type: 'filled',
    clientOrderId,
    fill: {
      executionId: `x${next.execution}`,
      quantity: lots(next.amount),
      price: decimal(BigInt(next.price)).div('100000'),
      fee: { amount: decimal(BigInt(next.fee)).div('1000000'), currency },
      liquidity: 'taker',
    },
  });
}

async function run(steps: readonly Step[]) {
  const log = new MemoryAppendLog();
  const drive = await JournalDrive.open(log, { instruments: INSTRUMENTS });
  const ids: string[] = [];
  for (const next of steps) await act(drive, ids, next);
  const orders = new RelayedOrders(instrumentsById(INSTRUMENTS));
  const events: BusEvent[] = [];
  for await (const { seq, record: raw } of log.read()) {
    const record = raw as JournalRecord;
    for (const [index, { type, data }] of eventsOf(record, orders.take(record)).entries()) {
      events.push({
        specversion: '1.0',
        id: `journal-${seq}-${index}`,
        source: '/desk/paper',
        type: type.type,
        dataversion: type.version,
        time: new Date(record.atMs).toISOString(),
        data: JSON.parse(JSON.stringify(data)) as unknown,
      });
    }
  }
  return { drive, events };
}

const accountOf = ({ data }: BusEvent): string => (data as { readonly accountId: string }).accountId;

/** Those of an account in order, the accounts mixed, and some of what was there again. */
function disturbed(events: readonly BusEvent[], picks: readonly number[]): BusEvent[] {
  const queues = ['acc', 'other'].map((id) => events.filter((event) => accountOf(event) === id));
  const places = [0, 0];
  const told: BusEvent[] = [];
  for (let round = 0; places.some((place, of) => place < (queues[of]?.length ?? 0)); round += 1) {
    const pick = picks[round % picks.length] ?? 0;
    const isLeft = (one: number): boolean => (places[one] ?? 0) < (queues[one]?.length ?? 0);
    const of = isLeft(pick % 2) ? pick % 2 : 1 - (pick % 2);
    const place = places[of] ?? 0;
    // It goes back a bit sometimes, as a bus does that was not told how far somebody was.
    told.push(...(queues[of] ?? []).slice(Math.max(0, place - (pick % 5)), place + 1));
    places[of] = place + 1;
  }
  return told;
}

async function all(history: TradingHistory) {
  const pages = async <T>(
    ask: (cursor?: string) => Promise<{ readonly items: readonly T[]; readonly next?: string | undefined }>,
  ): Promise<T[]> => {
    const items: T[] = [];
    for (let page = await ask(); ; page = await ask(page.next)) {
      items.push(...page.items);
      if (page.next === undefined) return items;
    }
  };
  const ofAccounts = await Promise.all(
    ['acc', 'other'].map(async (accountId) => ({
      ledger: await pages((cursor) => history.ledger({ accountId, limit: 7, cursor })),
      balances: await history.balances({ accountId }),
      equity: await history.equity({ accountId }),
      gaps: await pages((cursor) => history.gaps({ accountId, cursor })),
    })),
  );
  return {
    ofAccounts,
    accounts: await history.accounts(),
    orders: await pages((cursor) => history.orders({ limit: 3, cursor })),
    fills: await pages((cursor) => history.fills({ limit: 3, cursor })),
    positions: await history.positions(),
  };
}

/** What the Book says of an account, as a history says it. */
function fromBook({ book }: JournalDrive, accountId: string) {
  const found = statement(book, accountId);
  if (found === undefined) throw new Error('no account');
  return {
    cash: Object.fromEntries(
      found.currencies
        .filter(({ cash }) => !cash.eq('0'))
        .map(({ currency, cash }) => [currency, cash.toFixed()]),
    ),
    positions: found.positions
      .map((one) => ({
        instrumentId: one.instrumentId,
        quantity: ZERO.plus(one.quantity).toFixed(),
        averagePrice: one.averagePrice?.toFixed(),
        realised: one.realised.toFixed(),
        fees: one.fees.toFixed(),
        funding: one.funding.toFixed(),
      }))
      .filter(({ quantity, realised, fees, funding }) =>
        [quantity, realised, fees, funding].some((n) => n !== '0'),
      )
      .sort((a, b) => (a.instrumentId < b.instrumentId ? -1 : 1)),
  };
}

async function fromHistory(history: TradingHistory, accountId: string) {
  const balances = await history.balances({ accountId });
  const positions = await history.positions({ accountId });
  return {
    cash: Object.fromEntries(
      balances.filter(({ amount: of }) => of !== '0').map(({ currency, amount: of }) => [currency, of]),
    ),
    positions: positions
      .map(({ instrumentId, quantity, averagePrice, realised, fees, funding }) => {
        return {
          instrumentId,
          quantity: ZERO.plus(quantity).toFixed(),
          averagePrice,
          realised,
          fees,
          funding,
        };
      })
      .filter(({ quantity, realised, fees, funding }) =>
        [quantity, realised, fees, funding].some((n) => n !== '0'),
      ),
  };
}

describe('a trading history', () => {
  test.prop([histories, fc.array(fc.nat({ max: 9 }), { minLength: 3, maxLength: 9 })], { numRuns: 40 })(
    'says what the Book says to the last digit, and the same however it was told',
    async (steps, picks) => {
      const { drive, events } = await run(steps);
      const once = await SqliteTradingHistory.open({ path: ':memory:' });
      const often = await SqliteTradingHistory.open({ path: ':memory:' });
      await new HistoryProjector({ history: once, instruments: INSTRUMENTS }).projectAll(events);
      for (const event of disturbed(events, picks)) {
        await new HistoryProjector({ history: often, instruments: INSTRUMENTS }).project(event);
      }
      for (const accountId of ['acc', 'other']) {
        expect(await fromHistory(once, accountId)).toEqual(fromBook(drive, accountId));
      }
      const kept = await all(once);
      expect(await all(often)).toEqual(kept);
      for (const { ledger, balances } of kept.ofAccounts) {
        for (const { currency, amount: balance } of balances) {
          const entries = ledger.filter((entry) => entry.currency === currency);
          expect(entries.reduce((sum, entry) => sum.plus(entry.amount), ZERO).toFixed()).toBe(balance);
        }
      }
      const stands = Array.from(drive.book.orders(), ({ order, state }) => [order.clientOrderId, state]);
      expect(new Map(kept.orders.map(({ clientOrderId, state }) => [clientOrderId, state]))).toEqual(
        new Map(stands as [string, string][]),
      );
      expect(
        kept.ofAccounts.flatMap(({ gaps }) => gaps).filter(({ code }) => code !== 'FEE_UNBOOKED'),
      ).toEqual([]);
      await once.close();
      await often.close();
    },
  );

  test('the histories are not idle', async () => {
    const seen = new Map<string, number>();
    for (const steps of fc.sample(histories, { numRuns: 40, seed: 1 })) {
      const { events } = await run(steps);
      for (const { type } of events) seen.set(type, (seen.get(type) ?? 0) + 1);
    }
    for (const type of ['order.executed', 'account.funded', 'account.adjusted', 'account.flowed']) {
      expect([type, (seen.get(type) ?? 0) > 10]).toEqual([type, true]);
    }
  });
});

describe('points of equity', () => {
  const samples = fc
    .array(fc.record({ afterMs: fc.nat({ max: 50 }), equity: fc.integer({ min: -999, max: 999 }) }), {
      minLength: 1,
      maxLength: 60,
    })
    .map((all): EquitySample[] => {
      let atMs = 0;
      return all.map(({ afterMs, equity }, index) => {
        atMs += afterMs;
        return { accountId: 'acc', atMs, sampleId: String(index), equity: String(equity) };
      });
    });

  test.prop([samples, fc.integer({ min: 1, max: 20 })])(
    'hold every sample, and its extremes',
    (all, points) => {
      const fromMs = all[0]?.atMs ?? 0;
      const toMs = all.at(-1)?.atMs ?? 0;
      const found = new EquityPoints({ fromMs, toMs, points });
      for (const sample of all) found.add(sample);
      const made = found.end();
      expect(made.length).toBeLessThanOrEqual(points);
      let taken = 0;
      for (const point of made) {
        const those = all.slice(taken, (taken += point.samples));
        const equities = those.map(({ equity }) => Number(equity));
        expect(point).toEqual({
          ...{ accountId: 'acc', samples: those.length },
          ...{ fromMs: those[0]?.atMs, toMs: those.at(-1)?.atMs },
          ...{ first: those[0]?.equity, last: those.at(-1)?.equity },
          ...{ min: String(Math.min(...equities)), max: String(Math.max(...equities)) },
        });
        const length = (toMs - fromMs + 1) / points;
        expect(point.toMs - point.fromMs).toBeLessThan(length + 1);
      }
      expect(taken).toBe(all.length);
    },
  );
});
