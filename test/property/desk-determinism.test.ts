import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { lots, ticks } from '../../src/core/index.ts';
import { OrderDesk, PaperVenue, Venue } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../src/risk/index.ts';
import {
  type AppendLog,
  type JsonValue,
  MemoryAppendLog,
  MemoryStateStore,
} from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book, type Side } from '../../src/trading/index.ts';
import {
  INSTRUMENTS,
  NOON_MS,
  WIDE_EXECUTION,
  WIDE_RISK,
  intent,
  openJournal,
  view,
} from '../support/desk-world.ts';

const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('submit' as const),
      side: fc.constantFrom<Side>('buy', 'buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 9 }),
      /** Orders in one tick. */
      times: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({
      do: fc.constant('trade' as const),
      aggressor: fc.constantFrom<Side>('buy', 'sell'),
      quantity: fc.integer({ min: 1, max: 20 }),
    }),
    fc.record({ do: fc.constant('cancelAll' as const) }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 10, 25, 40_000_000) }),
  ),
  { minLength: 5, maxLength: 30, size: 'max' },
);
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

/** How a disk works: how many records at a time, after how many turns of the event loop. */
interface Disk {
  readonly batch: number;
  readonly delay: number;
}

/** Runs a history on a paper venue, with a listener that trades on what it is told, and waits for the disk at each step. */
async function run(history: readonly Step[], disk: Disk | 'memory'): Promise<JsonValue[]> {
  const clock = new ManualClock(NOON_MS);
  const log: AppendLog = disk === 'memory' ? new MemoryAppendLog() : new ScriptedAppendLog();
  const book = new Book();
  const killSwitch = await KillSwitch.open(
    { store: new MemoryStateStore({ clock }), clock, venue: 'paper' },
    true,
  );
  const journal = await openJournal(log, book, clock);
  const venue = new PaperVenue({ latencyMs: 10 }, { clock, instruments: INSTRUMENTS });
  const desk = new OrderDesk(
    { reconcileEveryMs: 10_000_000 },
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
  let ids = 0;
  const submit = (side: Side, quantity: number): void => {
    void desk.submit(
      intent({
        intentId: `i${(ids += 1)}`,
        side,
        quantity: String(quantity),
        price: { type: 'limit', limit: '100' },
      }),
    );
  };
  desk.onEvent((event) => {
    if (event.kind === 'order' && event.event.type === 'filled' && event.order.side === 'buy')
      submit('sell', event.event.fill.quantity);
  });
  // The disk works in the background, and time stands still until it is done, as in a replay.
  let stopped = false;
  const works = async (): Promise<void> => {
    while (!stopped) {
      for (let turns = 0; turns <= (disk === 'memory' ? 0 : disk.delay); turns += 1) await clock.turn();
      if (log instanceof ScriptedAppendLog && disk !== 'memory') log.commit(disk.batch);
    }
  };
  const working = works();
  let started = false;
  void desk.start().then(() => (started = true));
  while (!started) {
    clock.advance(10); // as long as the venue takes to answer
    await clock.turn();
  }
  const advance = async (ms: number): Promise<void> => {
    const untilMs = clock.nowMs() + ms;
    while (clock.nextDueMs <= untilMs) {
      clock.advanceTo(clock.nextDueMs);
      await desk.settled();
    }
    clock.advanceTo(untilMs);
  };
  venue.onMarket({
    type: 'snapshot',
    instrumentId: 'GOLD',
    receivedMs: NOON_MS,
    updateId: 1,
    bids: [{ price: ticks(99), quantity: lots(10) }],
    asks: [{ price: ticks(101), quantity: lots(10) }],
  });
  desk.mark(view(100));
  let trades = 0;
  for (const next of history) {
    if (next.do === 'submit') for (let i = 0; i < next.times; i += 1) submit(next.side, next.quantity);
    else if (next.do === 'cancelAll') void desk.cancelAll();
    else if (next.do === 'advance') await advance(next.ms);
    else
      venue.onMarket({
        type: 'trade',
        instrumentId: 'GOLD',
        receivedMs: clock.nowMs(),
        tradeId: (trades += 1),
        price: ticks(next.aggressor === 'sell' ? 99 : 101),
        quantity: lots(next.quantity),
        aggressor: next.aggressor,
      });
    await desk.settled();
    desk.mark(view(100, { receivedMonotonicMs: clock.monotonicMs() }));
    await desk.settled();
  }
  await advance(10_000);
  stopped = true;
  await working;
  const records: JsonValue[] = [];
  for await (const { record } of log.read()) records.push(record);
  return records;
}

test.prop([steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 4 })], { numRuns: 150 })(
  'one history has one journal, whether the disk takes records one by one, in batches, at once or late',
  async (history, batch, delay) => {
    const records = await run(history, { batch: 1, delay: 0 });
    for (const disk of ['memory', { batch: Infinity, delay: 0 }, { batch, delay }] as const)
      expect(await run(history, disk)).toEqual(records);
  },
);

test('the histories fill', async () => {
  const [first = []] = await Promise.all(
    fc.sample(steps, { numRuns: 30, seed: 1 }).map((history) => run(history, 'memory')),
  ).then((all) => [all.flat()]);
  const types = first.map((record) => (record as { type: string }).type);
  for (const type of ['filled', 'cancelled', 'dayRolled', 'accepted'])
    expect(types.filter((found) => found === type).length).toBeGreaterThan(5);
});
