import { onDispose } from '../../src/core/clock.ts';
import { ManualClock } from '../../src/core/manual-clock.ts';
import { clientOrderId, lots, ticks } from '../../src/core/index.ts';
import { TradingDay } from '../../src/core/trading-day.ts';
import {
  type AccountOptions,
  type DeskEvent,
  Journal,
  type JournalRecord,
  type JournalTenure,
  OrderDesk,
  type OrderDeskDeps,
  type OrderDeskOptions,
  type Reconciliation,
  Venue,
} from '../../src/desk/index.ts';
import { ExecutionPolicy, type ExecutionLimitsInput } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard, type RiskLimitsInput } from '../../src/risk/index.ts';
import { type AppendLog, MemoryStateStore } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import {
  Book,
  type Instrument,
  type MarketView,
  type OrderIntent,
  defineInstrument,
} from '../../src/trading/index.ts';
import type { VenueFill, VenueOrderReport } from '../../src/desk/venue/venue-driver.ts';
import { ScriptedDriver, never } from './scripted-driver.ts';

/** One lot at one tick is worth 1 USDT, a million units. */
export const GOLD = defineInstrument({
  instrumentId: 'GOLD',
  base: 'XAU',
  quote: 'USDT',
  tick: '1',
  step: '1',
});
const SILVER = defineInstrument({
  instrumentId: 'SILVER',
  base: 'XAG',
  quote: 'USDT',
  tick: '1',
  step: '1',
});
export const INSTRUMENTS: readonly Instrument[] = [GOLD, SILVER];

export const ONE = 1_000_000;
/** Noon of 2 January 2026, UTC. */
export const NOON_MS = Date.UTC(2026, 0, 2, 12);
export const DAY_MS = 86_400_000;

/** Wide enough to be out of the way. */
export const WIDE_RISK: RiskLimitsInput = {
  maxDailyLoss: '1000000',
  maxDrawdownFraction: 1,
  maxPositions: 10,
  maxPositionNotional: '1000000',
  maxTotalExposure: '1000000',
  maxClusterExposure: '1000000',
  buyingPower: 'none',
  maxDataAgeMs: 60_000,
};
export const WIDE_EXECUTION: ExecutionLimitsInput = {
  spreadBps: { entry: 'none' },
  depth: { multiple: { entry: 'none' } },
  volumeFraction: { entry: 'none' },
  slippage: { perOrderBps: { entry: 'none' } },
  collarBps: { entry: 9_000, exit: 9_000 },
};

export interface WorldOptions {
  readonly risk?: Partial<RiskLimitsInput>;
  readonly execution?: ExecutionLimitsInput;
  readonly accounts?: readonly AccountOptions[];
  readonly instruments?: readonly Instrument[];
  readonly log?: ScriptedAppendLog;
  readonly clock?: ManualClock;
  readonly tradingDay?: TradingDay;
  readonly venueTimeoutMs?: number;
  /** The venue of the world before a restart. Default: one that knows nothing. */
  readonly driver?: ScriptedDriver;
  readonly desk?: OrderDeskOptions;
  /** Of journal and desk. */
  readonly tenure?: JournalTenure;
  readonly deps?: Partial<Pick<OrderDeskDeps, 'audit' | 'overrides' | 'stopwatch' | 'tracing'>>;
}

export const view = (mark: number, overrides: Partial<MarketView> = {}): MarketView => ({
  instrumentId: 'GOLD',
  bids: [{ price: ticks(mark - 1), quantity: lots(50) }],
  asks: [{ price: ticks(mark + 1), quantity: lots(50) }],
  mark: ticks(mark),
  recentVolume: lots(1_000),
  volumeWindowMs: 60_000,
  receivedMonotonicMs: 0,
  receivedMs: 0,
  problems: [],
  ...overrides,
});

/** A limit order to buy 10 lots of gold at 100, unless said otherwise. */
export const intent = (overrides: Partial<OrderIntent> = {}): OrderIntent => ({
  intentId: 'one',
  accountId: 'acc',
  strategyId: 'strat',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: { type: 'limit', limit: '100' },
  ...overrides,
});

/** The id under which the venue knows an intent of the builder above. */
export const idOf = (intentId: string, accountId = 'acc', strategyId = 'strat'): string =>
  clientOrderId(accountId, strategyId, intentId);
export const ONE_ID = idOf('one');

/** The order of the builder above as the venue has it: working, nothing filled. */
export const report = (overrides: Partial<VenueOrderReport> = {}): VenueOrderReport => ({
  clientOrderId: ONE_ID,
  accountId: 'acc',
  instrumentId: 'GOLD',
  side: 'buy',
  quantity: '10',
  price: '100',
  cumulative: '0',
  state: 'working',
  ...overrides,
});

/** A fill of 4 lots of that order as the venue lists it. */
export const venueFill = (overrides: Partial<VenueFill> = {}): VenueFill => ({
  clientOrderId: ONE_ID,
  accountId: 'acc',
  instrumentId: 'GOLD',
  side: 'buy',
  executionId: 'x',
  quantity: '4',
  price: '100',
  fee: { amount: '0', currency: 'USDT' },
  liquidity: 'maker',
  atMs: NOON_MS,
  ...overrides,
});

/** How long the desk of a world waits for its venue, unless told otherwise. */
export const TIMEOUT_MS = 5_000;

const ACCOUNTS: readonly AccountOptions[] = [{ accountId: 'acc', currency: 'USDT', balance: '100000' }];

/** Opens a journal whose disk is driven by hand: its first record is committed on the way. */
export function openJournal(
  log: AppendLog,
  book: Book,
  clock: ManualClock,
  {
    accounts = ACCOUNTS,
    instruments = INSTRUMENTS,
    tradingDay = new TradingDay(),
    tenure,
  }: WorldOptions = {},
): Promise<Journal> {
  if (log instanceof ScriptedAppendLog) void commitSoon(log, clock, tenure === undefined ? 1 : 2);
  const deps = { log, book, instruments, clock, tradingDay, ...(tenure && { tenure }) };
  return Journal.open({ input: { seed: 1 }, accounts }, deps);
}

async function commitSoon(log: ScriptedAppendLog, clock: ManualClock, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await clock.turn();
    log.commit();
  }
}

/** A desk with everything it needs, a venue and a disk that do what the test says, and all that the desk told. */
export class DeskWorld {
  readonly clock: ManualClock;
  readonly log: ScriptedAppendLog;
  readonly driver: ScriptedDriver;
  readonly venue: Venue;
  readonly book: Book;
  readonly journal: Journal;
  readonly killSwitch: KillSwitch;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly desk: OrderDesk;
  readonly told: DeskEvent[] = [];

  private constructor(
    options: WorldOptions,
    parts: Pick<DeskWorld, 'clock' | 'log' | 'book' | 'journal' | 'killSwitch'>,
  ) {
    this.clock = parts.clock;
    this.log = parts.log;
    this.book = parts.book;
    this.journal = parts.journal;
    this.killSwitch = parts.killSwitch;
    this.driver = options.driver ?? new ScriptedDriver();
    this.driver.disconnectListeners();
    this.venue = new Venue(this.driver);
    this.guard = new RiskGuard({ ...WIDE_RISK, ...options.risk }, parts);
    this.policy = new ExecutionPolicy(options.execution ?? WIDE_EXECUTION);
    this.desk = new OrderDesk(
      { venueTimeoutMs: options.venueTimeoutMs ?? TIMEOUT_MS, ...options.desk },
      this.deps(options),
    );
    this.desk.onEvent((event) => this.told.push(event));
  }

  /** Opens a world; gold and silver are quoted at 100, unless the options say `unquoted`. */
  static async open(
    options: WorldOptions & {
      readonly unquoted?: boolean;
      readonly unstarted?: boolean;
      readonly tripsCancelNothing?: boolean;
    } = {},
  ): Promise<DeskWorld> {
    const clock = options.clock ?? new ManualClock(NOON_MS);
    const log = options.log ?? new ScriptedAppendLog();
    const book = new Book();
    const killSwitch = await KillSwitch.open(
      { store: new MemoryStateStore({ clock }), clock, venue: 'scripted' },
      true,
    );
    if (options.tripsCancelNothing === true)
      Object.assign(killSwitch, { attach: () => onDispose(() => undefined) });
    const journal = await openJournal(log, book, clock, options);
    const world = new DeskWorld(options, { clock, log, book, journal, killSwitch });
    if (options.unstarted !== true) await world.started();
    world.told.length = 0;
    world.driver.asked.length = 0;
    if (options.unquoted !== true) {
      world.mark(100);
      world.mark(100, 'SILVER');
    }
    return world;
  }

  deps({ instruments = INSTRUMENTS, tradingDay, tenure, deps }: WorldOptions = {}): OrderDeskDeps {
    const { book, guard, policy, killSwitch, venue, journal, clock } = this;
    return {
      book,
      guard,
      policy,
      killSwitch,
      venue,
      journal,
      clock,
      instruments,
      ...(tradingDay && { tradingDay }),
      ...(tenure && { tenure }),
      ...deps,
    };
  }

  mark(price: number, instrumentId = 'GOLD', overrides: Partial<MarketView> = {}): void {
    const { clock } = this;
    this.desk.mark(
      view(price, {
        instrumentId,
        receivedMonotonicMs: clock.monotonicMs(),
        receivedMs: clock.nowMs(),
        ...overrides,
      }),
    );
  }

  /** Lets everything that is ready to run go first. The disk does nothing. */
  turn(): Promise<void> {
    return this.clock.turn();
  }

  /** The disk takes everything, until nothing is waiting for it. */
  async drain(): Promise<void> {
    do {
      this.log.commit();
      await this.turn();
    } while (this.log.pending > 0);
  }

  /** Waits for something while the disk takes everything. */
  async drained<T>(waiting: Promise<T>): Promise<T> {
    const wait = { isOver: false };
    const over = (): void => {
      wait.isOver = true;
    };
    void waiting.then(over, over);
    // More than once: an audit log on a real disk lets the desk go on to its next record in its own time.
    do {
      await this.turn();
      await this.drain();
    } while (!wait.isOver);
    return waiting;
  }

  /** Starts the desk while the disk takes everything. Where holdings differ the clock has to be moved as well. */
  async started(desk = this.desk): Promise<Reconciliation> {
    const started = await this.throughTurns(desk.start());
    if (started === undefined) throw new Error('the desk waits for the clock before it has started');
    return started;
  }

  /** Compares with the venue while disk and clock move on. */
  async reconciled(): Promise<Reconciliation> {
    const waiting = this.desk.reconcile();
    for (let seconds = 0; seconds < 30; seconds += 1) {
      const result = await this.throughTurns(waiting);
      if (result !== undefined) return result;
      this.clock.advance(1_000);
    }
    throw new Error('the comparison does not end');
  }

  /** What a comparison found, as code and whether it is settled. */
  async differences(): Promise<readonly string[]> {
    const result = await this.reconciled();
    if (result.kind === 'failed') return [`failed: ${result.reason}`];
    return result.differences.map(({ code, settled }) => (settled ? code : `${code} open`));
  }

  /** Gives a wait some turns, the disk taking everything; `undefined` when it is not over then. */
  async throughTurns<T>(waiting: Promise<T>): Promise<T | undefined> {
    let result: T | undefined;
    void waiting.then((done) => (result = done));
    for (let turns = 0; turns < 20 && result === undefined; turns += 1) await this.drain();
    return result;
  }

  /** Moves the clock step by step, so that what a timer starts has gone on before the next is due. */
  async later(ms: number, stepMs = 50): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await this.drain();
      await this.drain();
    }
  }

  /** An order that was sent, and of which the venue has said nothing in time. */
  async unanswered(overrides: Partial<OrderIntent> = {}): Promise<void> {
    const { onPlace } = this.driver;
    this.driver.onPlace = never;
    void this.desk.submit(intent(overrides));
    await this.drain();
    this.clock.advance(TIMEOUT_MS);
    await this.drain();
    this.driver.onPlace = onPlace;
    this.driver.asked.length = 0;
  }

  /** Buys and is filled, so that there is a position of `quantity`. */
  async position(quantity: string, instrumentId = 'GOLD', intentId = `entry-${instrumentId}`): Promise<void> {
    await this.drained(this.desk.submit(intent({ intentId, instrumentId, quantity })));
    this.driver.fill(idOf(intentId), `fill-${intentId}`, quantity);
    await this.drain();
    this.driver.placed.length = 0;
    this.told.length = 0;
  }

  /** What a restart would find. */
  get records(): readonly JournalRecord[] {
    return this.log.durable.map(({ record }) => record as JournalRecord);
  }

  /** The records after the first, as type and order. */
  get history(): readonly string[] {
    return this.records.slice(1).map(({ type }) => type);
  }

  cell(instrumentId = 'GOLD') {
    const { pos, buy, sell } = this.book.cell('acc', instrumentId) ?? { pos: 0, buy: 0, sell: 0 };
    return { pos, buy, sell };
  }

  /** What was told of orders, by type. */
  get orderEvents(): readonly string[] {
    return this.told.flatMap((event) => (event.kind === 'order' ? [event.event.type] : []));
  }

  get anomalies() {
    return this.told.flatMap((event) => (event.kind === 'anomaly' ? [event] : []));
  }

  get trading() {
    return this.killSwitch.tradingState();
  }
}
