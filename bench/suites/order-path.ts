import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, SeededRandom, SystemClock, TradingDay, lots, ticks } from 'portcullis/core';
import { OrderPath } from 'portcullis/desk';
import { ExecutionPolicy } from 'portcullis/execution';
import { KillSwitch, RiskGuard } from 'portcullis/risk';
import { MemoryAppendLog, MemoryStateStore } from 'portcullis/storage';
import {
  Book,
  type Instrument,
  type MarketView,
  type OrderIntent,
  type PricedOrder,
  defineInstrument,
  priceOrder,
} from 'portcullis/trading';
import { replay, stopReplay } from '../../examples/demo/replay.ts';
import { recorded } from '../../examples/demo/scenario.ts';
import { TradingSystem } from '../../examples/demo/trading-system.ts';
import { type BenchResult, type Suite, measure, quantile } from '../result.ts';

const SUITE = 'order-path';
const RECORDING = join(
  process.env['PORTCULLIS_DATA'] ?? join(import.meta.dirname, '../../../shared/data'),
  'binance-spot-btcusdt-2024-08-08.log.gz',
);

const INSTRUMENTS = 100;
const ACCOUNTS = 10;
const WORKING = 1_000;
const DECISIONS = 200_000;
const DAY_MS = 1_700_000_000_000;
const SEEN = { has: () => false };

export const orderPath: Suite = {
  name: SUITE,
  async run() {
    const desk = await createWorld();
    const results = [decision(desk), intentToVerdict(desk)];
    if (!existsSync(RECORDING)) {
      console.log(`  replay skipped: ${RECORDING} is absent`);
      return results;
    }
    return [...results, await replayRecording()];
  },
};

interface World {
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly book: Book;
  readonly clock: ManualClock;
  readonly byId: ReadonlyMap<string, Instrument>;
  readonly intents: readonly OrderIntent[];
}

/** 100 instruments, 10 accounts that hold things, 1,000 working orders, and intents that all pass. */
async function createWorld(): Promise<World> {
  const random = new SeededRandom(1);
  const clock = new ManualClock(DAY_MS);
  const book = new Book();
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const guard = new RiskGuard(
    {
      maxDailyLoss: '1000000',
      maxDrawdownFraction: 0.5,
      maxPositions: INSTRUMENTS,
      maxPositionNotional: '10000000',
      maxTotalExposure: '1000000000',
      maxClusterExposure: '1000000000',
      buyingPower: 'none',
    },
    { book, killSwitch, clock },
  );
  const policy = new ExecutionPolicy();
  const instruments = Array.from({ length: INSTRUMENTS }, (_, i) =>
    defineInstrument({ instrumentId: `I${i}-USD`, base: `I${i}`, quote: 'USD', tick: '0.01', step: '0.001' }),
  );
  for (let i = 0; i < ACCOUNTS; i += 1) book.openAccount(`account-${i}`, 'USD', '100000000');
  for (const instrument of instruments) book.mark(view(instrument, 10_000 + random.integer(0, 90_000)));
  const path = new OrderPath({ book, guard, policy, instruments, clock, tradingDay: new TradingDay() });
  for (let i = 0; i < WORKING; i += 1) {
    const { kind } = path.decide(intent(`working-${i}`, random, book, instruments));
    if (kind !== 'held') throw new Error(`expected the working order ${i} to be held, it was ${kind}`);
  }
  const intents = Array.from({ length: 10_000 }, (_, i) => intent(`intent-${i}`, random, book, instruments));
  const byId = new Map(instruments.map((instrument) => [instrument.instrumentId, instrument]));
  return { guard, policy, book, clock, byId, intents };
}

const view = ({ instrumentId }: Instrument, mid: number): MarketView => ({
  instrumentId,
  bids: Array.from({ length: 10 }, (_, i) => ({ price: ticks(mid - 1 - i), quantity: lots(100_000) })),
  asks: Array.from({ length: 10 }, (_, i) => ({ price: ticks(mid + 1 + i), quantity: lots(100_000) })),
  mark: ticks(mid),
  recentVolume: lots(100_000_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: 0,
  receivedMs: DAY_MS,
  problems: [],
});

function intent(
  intentId: string,
  random: SeededRandom,
  book: Book,
  instruments: readonly Instrument[],
): OrderIntent {
  const instrument = instruments[random.integer(0, INSTRUMENTS - 1)];
  const bid = instrument && book.view(instrument.instrumentId)?.bids[0];
  if (instrument === undefined || bid === undefined) throw new Error('expected an instrument with a bid');
  return {
    intentId,
    accountId: `account-${random.integer(0, ACCOUNTS - 1)}`,
    strategyId: 'bench',
    instrumentId: instrument.instrumentId,
    side: 'buy',
    quantity: `${random.integer(1, 20)}.${random.integer(100, 999)}`,
    price: { type: 'limit', limit: (bid.price / 100).toFixed(2) },
  };
}

/** Guard with its hold, policy, and the hold given back; orders are priced beforehand. */
function decision(world: World): BenchResult {
  const priced = world.intents.map((one) => price(world, one));
  return measure(SUITE, 'decision', DECISIONS, (i) => {
    const order = priced[i % priced.length];
    if (order !== undefined) decide(world, order, SEEN);
  });
}

/** From strings to the verdict of both engines: parsing, grid, worst price, client order id, gates, hold given back. */
function intentToVerdict(world: World): BenchResult {
  const { intents, book } = world;
  const seen = { has: (id: string) => book.order(id) !== undefined };
  return measure(SUITE, 'intent-to-verdict', DECISIONS, (i) => {
    const one = intents[i % intents.length];
    if (one !== undefined) decide(world, price(world, one), seen);
  });
}

function price({ byId, book }: World, one: OrderIntent): PricedOrder {
  const order = priceOrder(one, byId.get(one.instrumentId), book.view(one.instrumentId));
  if ('code' in order) throw new Error(`expected a price, got ${order.code}`);
  return order;
}

function decide(
  { guard, policy, clock }: World,
  order: PricedOrder,
  seen: { has(id: string): boolean },
): void {
  const verdict = guard.reserve(order);
  if (verdict.decision === 'reject')
    throw new Error(`expected approval, got ${verdict.denials[0]?.code ?? ''}`);
  const { reservation } = verdict;
  const denials = policy.evaluate(reservation.order, {
    nowMs: clock.nowMs(),
    monotonicMs: clock.monotonicMs(),
    dayId: '2023-11-14',
    mark: order.view.mark,
    seen,
  });
  if (denials.length > 0) throw new Error(`expected approval, got ${denials[0]?.code ?? ''}`);
  reservation[Symbol.dispose]();
}

const ROUNDS = 9;
const WARM_UP_ROUNDS = 3;

/**
 * The recording end to end as the demo trades it, gunzip and JSON parsing included, in messages per second; the journal is in
 * memory, so that it is not the disk that is measured. The quantiles are over the rounds, per message.
 */
async function replayRecording(): Promise<BenchResult> {
  const usPerMessage = new Float64Array(ROUNDS);
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const scenario = await recorded(RECORDING, { verify: false });
    const dataDir = await mkdtemp(join(tmpdir(), 'portcullis-bench-'));
    const clock = new ManualClock(scenario.startMs);
    const system = await TradingSystem.open(scenario, dataDir, {
      clock,
      stopwatch: new SystemClock(),
      journalLog: new MemoryAppendLog(),
    });
    const started = process.hrtime.bigint();
    await replay(system, clock, scenario.batches());
    const ns = Number(process.hrtime.bigint() - started);
    await stopReplay(system, clock);
    const { snapshot, diff, quote, trade } = system.tally.events;
    if (system.tally.fills.count < 20)
      throw new Error(`expected 20 fills or more, got ${system.tally.fills.count}`);
    await system.close();
    await rm(dataDir, { recursive: true });
    if (round >= 0) usPerMessage[round] = ns / 1_000 / (snapshot + diff + quote + trade);
  }
  const p50Us = quantile(usPerMessage, 0.5);
  return {
    suite: SUITE,
    name: 'replay',
    opsPerSec: 1e6 / p50Us,
    nsPerOp: p50Us * 1_000,
    p50Us,
    p99Us: quantile(usPerMessage, 0.99),
    vs: {},
  };
}
