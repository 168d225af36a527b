import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ManualClock, SeededRandom, decimal, lots, ticks } from 'portcullis/core';
import { type ExecutionFacts, ExecutionPolicy, type ExecutionLimitsInput } from 'portcullis/execution';
import {
  Correlations,
  KillSwitch,
  ReturnHistory,
  RiskGuard,
  type RiskLimitsInput,
  valueAtRiskGate,
} from 'portcullis/risk';
import { MemoryStateStore } from 'portcullis/storage';
import {
  Book,
  type Instrument,
  type MarketView,
  type OrderIntent,
  type PricedOrder,
  defineInstrument,
  priceOrder,
} from 'portcullis/trading';
import { type BenchResult, type Suite, quantile } from '../result.ts';
import { floatFloor } from './float-floor.ts';
import { Oracle, type OracleVerdict } from './risk-oracle.ts';

const SUITE = 'risk';
const INSTRUMENTS = 100;
const ACCOUNTS = 10;
/** Instruments that an account trades. */
const EACH = INSTRUMENTS / ACCOUNTS;
const CHUNK = 2_000;
const CHUNKS = 60;
const WARM_UP = 20;
const DAY_MS = 1_700_000_000_000;
const HEAP_DECISIONS = 10_000_000;

/** Money of the account: what may be held of one instrument, of all, and what is held. */
const POSITION = 60_000_000;
const TOTAL = 60_000_000;
const HELD = 40_000_000;

const LIMITS: RiskLimitsInput = {
  maxDailyLoss: '1000000000',
  maxDrawdownFraction: 0.9,
  maxPositions: INSTRUMENTS,
  maxPositionNotional: String(POSITION),
  maxTotalExposure: String(TOTAL),
  maxClusterExposure: '1000000000',
  buyingPower: 'none',
};

/** The fifteen gates against an oracle, on books that move: 70 % approved, 20 % denied, 10 % resized. */
export const risk: Suite = {
  name: SUITE,
  async run() {
    const floor = floatFloor(SUITE);
    const of = async (name: string, working: number, everything = false): Promise<BenchResult> => {
      const world = await createWorld(working, everything);
      const result = decisions(name, world);
      return { ...result, vs: { 'float-floor': floor.nsPerOp / result.nsPerOp } };
    };
    const results = [
      floor,
      await of('decision', 1_000),
      await of('decision-10-working', 10),
      await of('decision-10000-working', 10_000),
      await of('all-gates', 1_000, true),
    ];
    const [few, many] = [results[2], results[3]];
    if (few !== undefined && many !== undefined)
      console.log(`  10 against 10,000 working orders: ${(many.nsPerOp / few.nsPerOp).toFixed(2)}`);
    heap(await createWorld(1_000, false));
    return results;
  },
};

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

interface World {
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly book: Book;
  readonly clock: ManualClock;
  readonly oracle: Oracle;
  readonly random: SeededRandom;
  readonly instruments: readonly Instrument[];
  readonly mids: number[];
}

async function createWorld(working: number, everything: boolean): Promise<World> {
  const random = new SeededRandom(1);
  const clock = new ManualClock(DAY_MS);
  const book = new Book();
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const instruments = Array.from({ length: INSTRUMENTS }, (_, i) =>
    defineInstrument({ instrumentId: `I${i}-USD`, base: `I${i}`, quote: 'USD', tick: '0.01', step: '0.001' }),
  );
  const oracle = new Oracle(
    {
      maxPositions: INSTRUMENTS,
      maxPositionNotional: BigInt(POSITION),
      maxTotalExposure: BigInt(TOTAL),
      maxClusterExposure: 1_000_000_000n,
    },
    instruments,
  );
  const mids = instruments.map(() => 10_000 + random.integer(0, 90_000));
  const returns = everything ? returnsOf(instruments, random.fork()) : undefined;
  const guard = new RiskGuard(returns ? { ...LIMITS, ...ALL_CONTROLS } : LIMITS, {
    book,
    killSwitch,
    clock,
    ...(returns && {
      clusters: new Correlations({ method: 'ewma' }, { returns }),
      gates: [valueAtRiskGate({ maxValueAtRisk: '1000000000' }, { returns })],
    }),
  });
  const policy = new ExecutionPolicy(everything ? ALL_EXECUTION : {});
  const world = { guard, policy, book, clock, oracle, random, instruments, mids };
  for (let i = 0; i < ACCOUNTS; i += 1) book.openAccount(`account-${i}`, 'USD', '1000000000');
  show(world, moved(world));
  for (let i = 0; i < working; i += 1) {
    work(
      world,
      intentOf(world, `working-${i}`, `account-${i % ACCOUNTS}`, theirs(i % ACCOUNTS, random), 19_000 + i),
    );
  }
  // Each account holds one position that leaves the same room.
  for (let i = 0; i < ACCOUNTS; i += 1) {
    const accountId = `account-${i}`;
    const missing = HELD - (TOTAL - Number(oracle.room(accountId)) / 1e6);
    const intent = intentOf(world, `held-${i}`, accountId, i * EACH, missing);
    const { clientOrderId, qty, worst, instrument } = work(world, intent);
    book.apply({
      type: 'filled',
      clientOrderId,
      atMs: DAY_MS,
      fill: {
        executionId: `fill-${i}`,
        quantity: qty,
        price: instrument.grid.tick.value.times(String(worst)),
        fee: { amount: decimal('0'), currency: 'USD' },
        liquidity: 'taker',
      },
    });
  }
  return world;
}

const theirs = (account: number, random: SeededRandom): number =>
  account * EACH + random.integer(0, EACH - 1);

/** Every book moves by up to 0.2 %; one in twenty is wide. */
const moved = ({ instruments, mids, random, clock }: World): MarketView[] =>
  instruments.map(({ instrumentId }, i) => {
    const mid = Math.round((mids[i] ?? NaN) * (1 + (random.next() - 0.5) * 0.004));
    mids[i] = Math.min(110_000, Math.max(9_000, mid));
    const half = random.next() < 0.05 ? Math.ceil(mid / 100) : 1;
    return {
      instrumentId,
      bids: Array.from({ length: 10 }, (_, n) => ({ price: ticks(mid - half - n), quantity: lots(2e8) })),
      asks: Array.from({ length: 10 }, (_, n) => ({ price: ticks(mid + half + n), quantity: lots(2e8) })),
      mark: ticks(mid),
      recentVolume: lots(1e12),
      volumeWindowMs: 60_000,
      receivedMonotonicMs: clock.monotonicMs(),
      receivedMs: clock.nowMs(),
      recentSpread: { medianBps: 1, samples: 300, windowMs: 300_000 },
      recentMarks: { low: ticks(mid - 10), high: ticks(mid + 10), windowMs: 300_000 },
      problems: [],
    };
  });

function show({ book, oracle }: World, views: readonly MarketView[]): void {
  for (const view of views) {
    book.mark(view);
    oracle.see(view);
  }
}

/** A buy at the bid for about so much money. */
function intentOf(
  { instruments, book }: World,
  intentId: string,
  accountId: string,
  at: number,
  money: number,
): OrderIntent {
  const instrument = instruments[at % INSTRUMENTS];
  const bid = instrument && book.view(instrument.instrumentId)?.bids[0];
  if (instrument === undefined || bid === undefined) throw new Error('expected an instrument with a bid');
  return {
    intentId,
    accountId,
    strategyId: 'bench',
    instrumentId: instrument.instrumentId,
    side: 'buy',
    quantity: (money / (bid.price / 100)).toFixed(3),
    price: { type: 'limit', limit: (bid.price / 100).toFixed(2) },
  };
}

function price({ instruments, book }: World, intent: OrderIntent): PricedOrder {
  const instrument = instruments.find(({ instrumentId }) => instrumentId === intent.instrumentId);
  const order = priceOrder(intent, instrument, book.view(intent.instrumentId));
  if ('code' in order) throw new Error(`expected a price, got ${order.code}`);
  return order;
}

function work(world: World, intent: OrderIntent): PricedOrder {
  const order = price(world, intent);
  const verdict = world.guard.reserve(order);
  if (verdict.decision !== 'approve') throw new Error(`expected ${intent.intentId} to be approved`);
  verdict.reservation.keep();
  world.oracle.take(intent, order.qty);
  return order;
}

interface Case {
  readonly order: PricedOrder;
  readonly facts: ExecutionFacts;
  readonly expected: OracleVerdict;
}

/** Distinct intents for the books as they are now, priced and hashed, each with what the oracle says. */
function casesOf(world: World, chunk: number): Case[] {
  const { random, oracle } = world;
  return Array.from({ length: CHUNK }, (_, i) => {
    const draw = random.next();
    const money =
      draw < 0.72
        ? 1_000 + random.next() * 500_000
        : draw < 0.89
          ? 70_000_000
          : 25_000_000 + random.next() * 5e6;
    const accountId = `account-${random.integer(0, ACCOUNTS - 1)}`;
    const intent = intentOf(
      world,
      `${chunk}-${i}`,
      accountId,
      random.integer(ACCOUNTS, INSTRUMENTS - 1),
      money,
    );
    const order = price(world, intent);
    return { order, facts: factsOf(world, order), expected: oracle.decide(intent) };
  });
}

const SEEN = { has: () => false };

/** Guard with its hold, policy, and the hold given back. Its answer as a number: -1 denied, else the lots. */
function decide({ guard, policy }: World, { order, facts }: Case): number {
  const verdict = guard.reserve(order);
  if (verdict.decision === 'reject') return -1;
  const { reservation } = verdict;
  const denials = policy.evaluate(reservation.order, facts);
  reservation[Symbol.dispose]();
  return denials.length > 0 ? -1 : verdict.quantity;
}

/** What is asked on one state of the books. */
interface Chunk {
  readonly views: readonly MarketView[];
  readonly cases: readonly Case[];
}

/** Chunks are timed as a whole and one by one in turn; what is asked and expected is made before. */
function decisions(name: string, world: World): BenchResult {
  const chunks = Array.from({ length: WARM_UP + CHUNKS }, (_, chunk): Chunk => {
    const views = moved(world);
    show(world, views);
    return { views, cases: casesOf(world, chunk) };
  });
  gc();
  const chunkNs: number[] = [];
  const us = new Float64Array((CHUNK * CHUNKS) / 2);
  const answers = new Float64Array(CHUNK);
  for (const [index, { views, cases }] of chunks.entries()) {
    const timed = index - WARM_UP;
    for (const view of views) world.book.mark(view);
    let i = 0;
    const startedMs = performance.now();
    if (timed % 2 === 0) {
      for (const one of cases) answers[i++] = decide(world, one);
      if (timed >= 0) chunkNs.push(((performance.now() - startedMs) * 1e6) / CHUNK);
    } else {
      for (const one of cases) {
        const fromMs = performance.now();
        answers[i] = decide(world, one);
        if (timed >= 0) us[((timed - 1) / 2) * CHUNK + i] = (performance.now() - fromMs) * 1_000;
        i += 1;
      }
    }
    check(cases, answers);
  }
  const timed = chunks.slice(WARM_UP).flatMap(({ cases }) => cases);
  const share = (decision: OracleVerdict['decision']): string => {
    const count = timed.filter(({ expected }) => expected.decision === decision).length;
    return ((100 * count) / timed.length).toFixed(1);
  };
  console.log(
    `  ${name}: ${share('approve')} % approved, ${share('reject')} % denied, ${share('resize')} % resized, all as the oracle says`,
  );
  const nsPerOp = quantile(Float64Array.from(chunkNs), 0.5);
  const [p50Us, p99Us] = [quantile(us, 0.5), quantile(us, 0.99)];
  return { suite: SUITE, name, opsPerSec: 1e9 / nsPerOp, nsPerOp, p50Us, p99Us, vs: {} };
}

const factsOf = ({ clock }: World, { view }: PricedOrder): ExecutionFacts => ({
  nowMs: clock.nowMs(),
  monotonicMs: clock.monotonicMs(),
  dayId: '2023-11-14',
  mark: view.mark,
  seen: SEEN,
});

function check(cases: readonly Case[], answers: Float64Array): void {
  for (const [i, { order, expected }] of cases.entries()) {
    const wanted = expected.decision === 'reject' ? -1 : Number(expected.lots);
    if (answers[i] === wanted) continue;
    throw new Error(
      `order ${order.intent.intentId} of ${order.qty} lots: the oracle says ${expected.decision} ${wanted}, the engines ${String(answers[i])}`,
    );
  }
}

/** What ten million decisions leave behind. */
function heap(world: World): void {
  const cases = casesOf(world, 0);
  const run = (chunks: number): number => {
    for (let chunk = 0; chunk < chunks; chunk += 1) for (const one of cases) decide(world, one);
    gc();
    return process.memoryUsage().heapUsed / 1_048_576;
  };
  const before = run(50);
  const after = run(HEAP_DECISIONS / CHUNK);
  console.log(
    `  heap after ${HEAP_DECISIONS.toLocaleString('en')} decisions: ${before.toFixed(1)} to ${after.toFixed(1)} MB`,
  );
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** Every control, at limits that nothing here reaches. */
const ALL_CONTROLS: Partial<RiskLimitsInput> = {
  buyingPower: {},
  restricted: ['NONE-USD'],
  permissions: { bench: 'all' },
  tradingHours: { sessions: [{ days: [...DAYS], from: '00:00', to: '00:00' }] },
  maxOrderQuantity: '1000000000',
  maxOrderValue: '1000000000',
  maxCapital: '1000000000',
  selfTrade: 'cancel-newest',
  messageRate: { max: 100_000, windowMs: 1_000 },
  repeatedExecution: { max: 100_000, windowMs: 1_000 },
  duplicateWindowMs: 1_000,
};

const ALL_EXECUTION: ExecutionLimitsInput = {
  slippage: { perDay: '1000000000', perStrategyDay: '1000000000' },
  spreadMedian: { multiple: { entry: 200, exit: 'none' } },
  periodCollarBps: { entry: 1_000, exit: 'none' },
};

/** A year of daily returns that move a little together. */
function returnsOf(instruments: readonly Instrument[], random: SeededRandom): ReturnHistory {
  const dayMs = 86_400_000;
  const returns = new ReturnHistory({
    instrumentIds: instruments.map(({ instrumentId }) => instrumentId),
    barMs: dayMs,
  });
  const closes = instruments.map(() => 100);
  const firstMs = Math.floor(DAY_MS / dayMs - 260) * dayMs;
  for (let day = 0; day < 260; day += 1) {
    const common = random.normal() * 0.005;
    for (const [i, { instrumentId }] of instruments.entries()) {
      const close = (closes[i] ?? NaN) * (1 + common + random.normal() * 0.01);
      closes[i] = close;
      const openMs = firstMs + day * dayMs;
      const bar = {
        instrumentId,
        openMs,
        closeMs: openMs + dayMs,
        open: close,
        high: close,
        low: close,
        close,
      };
      returns.add({ ...bar, volume: 1, trades: 1 });
    }
  }
  return returns;
}
