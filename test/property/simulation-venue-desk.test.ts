import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { decimal, lots, ticks } from '../../src/core/index.ts';
import {
  type DeskEvent,
  type Latency,
  OrderDesk,
  PaperVenue,
  type PaperVenueOptions,
  type Reconciliation,
  Venue,
} from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../src/risk/index.ts';
import { MemoryAppendLog, MemoryStateStore } from '../../src/storage/index.ts';
import { Book, type OrderOutcome, type Side } from '../../src/trading/index.ts';
import {
  GOLD,
  INSTRUMENTS,
  NOON_MS,
  WIDE_EXECUTION,
  WIDE_RISK,
  intent,
  openJournal,
  view,
} from '../support/desk-world.ts';

const latency = fc.constantFrom<Latency>(
  0,
  15,
  { kind: 'log-normal' as const, medianMs: 15, p99Ms: 300 },
  { kind: 'shifted-exponential' as const, medianMs: 30, p99Ms: 150 },
  { kind: 'empirical' as const, samplesMs: [1, 2, 300] },
);

/** A venue at its worst: late, out of order, full of refusals. */
const venueOptions = fc.record({
  seed: fc.integer(),
  latencyMsByLeg: fc.record({
    entry: latency,
    cancel: latency,
    amend: latency,
    query: latency,
    report: latency,
  }),
  participationFraction: fc.constantFrom(1, 0.4),
  feeCurrency: fc.constantFrom('quote' as const, 'base' as const, 'received' as const),
  rejections: fc.record({
    rates: fc.constantFrom<Record<string, number>>({}, { OVERLOADED: 0.3 }),
    priceBandFraction: fc.constantFrom(0.01, 0.5),
    maxOpenOrders: fc.constantFrom(1, 3, 100),
    maintenance: fc.constantFrom<{ fromMs: number; toMs: number }[]>(
      [],
      [{ fromMs: NOON_MS + 500, toMs: NOON_MS + 1_500 }],
    ),
  }),
});

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('submit' as const),
      side: fc.constantFrom<Side>('buy', 'buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 9 }),
      limit: fc.integer({ min: 97, max: 103 }),
    }),
    fc.record({
      do: fc.constant('trade' as const),
      aggressor: fc.constantFrom<Side>('buy', 'sell'),
      price: fc.integer({ min: 97, max: 103 }),
      quantity: fc.integer({ min: 1, max: 20 }),
    }),
    fc.record({ do: fc.constant('cancel' as const), which: fc.nat(30) }),
    fc.record({
      do: fc.constant('amend' as const),
      which: fc.nat(30),
      quantity: fc.integer({ min: 1, max: 12 }),
      limit: fc.integer({ min: 97, max: 103 }),
    }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 60, 400) }),
  ),
  { minLength: 15, maxLength: 60, size: 'max' },
);
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

interface Ended {
  readonly book: Book;
  readonly venue: PaperVenue;
  readonly events: readonly DeskEvent[];
  readonly outcomes: readonly OrderOutcome[];
  readonly reconciled: Reconciliation;
  readonly state: string;
}

async function run(history: readonly Step[], options: PaperVenueOptions): Promise<Ended> {
  const clock = new ManualClock(NOON_MS);
  const book = new Book();
  const killSwitch = await KillSwitch.open(
    { store: new MemoryStateStore({ clock }), clock, venue: 'paper' },
    true,
  );
  const journal = await openJournal(new MemoryAppendLog(), book, clock);
  const venue = new PaperVenue(options, { clock, instruments: INSTRUMENTS });
  const desk = new OrderDesk(
    // Longer than the longest tail of a latency: what is doubtful for want of time is not what this is about.
    { reconcileEveryMs: 10_000_000, venueTimeoutMs: 60_000 },
    {
      book,
      guard: new RiskGuard({ ...WIDE_RISK, maxDataAgeMs: 100_000_000 }, { book, killSwitch, clock }),
      policy: new ExecutionPolicy(WIDE_EXECUTION),
      killSwitch,
      venue: new Venue(venue),
      journal,
      instruments: INSTRUMENTS,
      clock,
    },
  );
  const events: DeskEvent[] = [];
  desk.onEvent((event) => void events.push(event));
  const pass = async (ms: number): Promise<void> => {
    const untilMs = clock.nowMs() + ms;
    while (clock.nextDueMs <= untilMs) {
      clock.advanceTo(clock.nextDueMs);
      await desk.settled();
    }
    clock.advanceTo(untilMs);
    await desk.settled();
  };
  const arrives = async <T>(waiting: Promise<T>): Promise<T> => {
    const wait = { over: false };
    void waiting.finally(() => (wait.over = true));
    while (!wait.over) await pass(50);
    return waiting;
  };
  await arrives(desk.start());
  venue.onMarket({
    type: 'snapshot',
    instrumentId: 'GOLD',
    receivedMs: NOON_MS,
    updateId: 1,
    bids: [{ price: ticks(99), quantity: lots(10) }],
    asks: [{ price: ticks(101), quantity: lots(10) }],
  });
  desk.mark(view(100));
  const outcomes: OrderOutcome[] = [];
  const ids: string[] = [];
  for (const [n, next] of history.entries()) {
    if (next.do === 'submit') {
      const { side, quantity, limit } = next;
      const price = { type: 'limit', limit: String(limit), postOnly: false } as const;
      void desk
        .submit(intent({ intentId: `i${n}`, side, quantity: String(quantity), price }))
        .then((outcome) => {
          outcomes.push(outcome);
          if ('clientOrderId' in outcome) ids.push(outcome.clientOrderId);
        });
    } else if (next.do === 'trade') {
      const { aggressor, price, quantity } = next;
      const about = { type: 'trade', instrumentId: 'GOLD', receivedMs: clock.nowMs(), tradeId: n } as const;
      venue.onMarket({ ...about, price: ticks(price), quantity: lots(quantity), aggressor });
    } else if (next.do === 'advance') await pass(next.ms);
    else {
      const id = ids[next.which];
      if (id !== undefined && next.do === 'cancel') void desk.cancel(id);
      if (id !== undefined && next.do === 'amend')
        void desk.amend(id, { quantity: String(next.quantity), limit: String(next.limit) });
    }
    await desk.settled();
    desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs() }));
    await desk.settled();
  }
  await pass(30_000);
  const reconciled = await arrives(desk.reconcile());
  return { book, venue, events, outcomes, reconciled, state: killSwitch.tradingState() };
}

test.prop([steps, venueOptions], { numRuns: 150 })(
  'a desk on a venue that is late, out of order and refuses has the same books in the end, and stays active',
  async (history, options) => {
    const { book, venue, outcomes, events, reconciled, state } = await run(history, options);
    const signed = (side: Side, quantity: string) => (side === 'buy' ? quantity : `-${quantity}`);
    const held = venue
      .executions()
      .reduce(
        (sum, { side, quantity, fee }) =>
          sum.plus(signed(side, quantity)).minus(fee.currency === GOLD.base ? fee.amount : '0'),
        decimal('0'),
      );
    const cell = book.cell('acc', 'GOLD');
    const lotsHeld = decimal(String(cell?.pos ?? 0));
    expect(lotsHeld.plus(cell?.dust ?? '0').toFixed()).toBe(held.toFixed());
    const leaves = { buy: 0, sell: 0 };
    for (const { order, cumulative } of venue.resting())
      leaves[order.side] += Number(order.quantity) - Number(cumulative);
    expect({ buy: cell?.buy ?? 0, sell: cell?.sell ?? 0 }).toEqual(leaves);
    expect(outcomes.filter(({ kind }) => kind === 'unknown')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'anomaly')).toEqual([]);
    expect(reconciled).toMatchObject({ kind: 'reconciled', differences: [], inDoubt: [] });
    expect(state).toBe('active');
  },
);

test('such histories fill, refuse and cancel', async () => {
  const histories = fc.sample(fc.tuple(steps, venueOptions), { numRuns: 60, seed: 1 });
  const all = await Promise.all(histories.map(([history, options]) => run(history, options)));
  const kinds = all.flatMap(({ outcomes }) => outcomes.map(({ kind }) => kind));
  const reasons = all.flatMap(({ outcomes }) =>
    outcomes.flatMap((outcome) => (outcome.kind === 'rejected' ? [outcome.reason] : [])),
  );
  expect(all.flatMap(({ venue }) => venue.executions()).length).toBeGreaterThan(50);
  expect(kinds.filter((kind) => kind === 'accepted').length).toBeGreaterThan(50);
  for (const reason of ['OVERLOADED', 'PRICE_OFF_BAND', 'TOO_MANY_OPEN_ORDERS', 'VENUE_MAINTENANCE'])
    expect(reasons.filter((one) => one === reason).length, reason).toBeGreaterThan(0);
});
