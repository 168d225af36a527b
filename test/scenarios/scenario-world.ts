import { ManualClock } from '../../src/core/manual-clock.ts';
import { clientOrderId, lots, ticks, toGrid, toText } from '../../src/core/index.ts';
import { TradingDay } from '../../src/core/trading-day.ts';
import { type DeskEvent, Journal, OrderDesk, Venue } from '../../src/desk/index.ts';
import { ExecutionPolicy } from '../../src/execution/index.ts';
import { KillSwitch, RiskGuard } from '../../src/risk/index.ts';
import { MemoryStateStore, type StateStore } from '../../src/storage/index.ts';
import { ScriptedAppendLog } from '../../src/testing/index.ts';
import { Book, type MarketView, type OrderIntent, type OrderOutcome } from '../../src/trading/index.ts';
import type { PlaceReply } from '../../src/desk/venue/venue-driver.ts';
import { CLUSTERS, INSTRUMENTS, type Settings, WIDE_RISK } from './scenario-settings.ts';
import { ScenarioVenue, VenueLine } from './scenario-venue.ts';
import { never } from '../support/scripted-driver.ts';

/** Ten in the morning of 2 January 2026, UTC. */
const START_MS = Date.UTC(2026, 0, 2, 10);
export const VENUE_TIMEOUT_MS = 5_000;

/** The answer of the venue, and what submit makes of it. */
interface Owed {
  readonly reply: PromiseWithResolvers<PlaceReply>;
  readonly outcome: Promise<OrderOutcome>;
  /** Nobody waits for it any more. */
  isLate: boolean;
}

/** What dies with a process. */
interface Process {
  readonly log: ScriptedAppendLog;
  readonly line: VenueLine;
  readonly killSwitch: KillSwitch;
  readonly book: Book;
  readonly desk: OrderDesk;
  alive: boolean;
}

/** A desk with everything it needs, the venue that it trades at, and the disk that both outlive it. */
export class ScenarioWorld {
  readonly clock = new ManualClock(START_MS);
  readonly venue = new ScenarioVenue(this.clock);
  settings: Settings;
  /** What the desk has told since the step began. */
  readonly told: DeskEvent[] = [];
  /** What becomes of what is written. */
  disk: 'takes' | 'holds' | 'refuses' = 'takes';
  /** The last price of each instrument, for a tick that does not name one. */
  readonly prices = new Map<string, string>();
  /** Orders that the venue has not answered yet, by name. */
  readonly owed = new Map<string, Owed>();
  #store: Pick<StateStore, 'get' | 'set'> = new MemoryStateStore({ clock: this.clock });
  #process: Process | undefined;
  /** Orders sent before the table began. */
  #sentBefore = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  get process(): Process {
    if (this.#process === undefined) throw new Error('no process');
    return this.#process;
  }

  get desk(): OrderDesk {
    return this.process.desk;
  }

  get book(): Book {
    return this.process.book;
  }

  /** Starts a process over what is on disk, ending the one before it in the middle of whatever it did. */
  async boot({ loseSwitch = false } = {}): Promise<void> {
    const before = this.#process;
    if (before !== undefined) {
      before.alive = false;
      before.line.cut();
      if (this.disk === 'refuses') this.disk = 'takes';
      this.owed.clear();
    }
    if (loseSwitch) this.#store = new MemoryStateStore({ clock: this.clock });
    const { clock, settings } = this;
    const log = new ScriptedAppendLog(before?.log.durable);
    const line = new VenueLine(this.venue.driver);
    const life = { alive: true };
    const store = this.#store;
    const own: Pick<StateStore, 'get' | 'set'> = {
      get: (key) => store.get(key),
      set: (key, value, options) => (life.alive ? store.set(key, value, options) : never()),
    };
    const { coolDownMs, secondPerson } = settings;
    const killSwitch = await KillSwitch.open({ store: own, clock, venue: line.name }, before === undefined, {
      coolDownMs,
      secondPerson,
    });
    const book = new Book();
    const accounts = [
      { accountId: 'acc', currency: 'USDT', balance: settings.cash },
      { accountId: 'other', currency: 'USDT', balance: settings.cash },
    ];
    const opening = Journal.open(
      { input: { table: 1 }, accounts },
      { log, book, instruments: INSTRUMENTS, clock, tradingDay: new TradingDay() },
    );
    const journal = await this.#pumped(log, opening);
    const guard = new RiskGuard(
      { ...WIDE_RISK, ...settings.risk },
      { book, killSwitch, clock, clusters: CLUSTERS },
    );
    const desk = new OrderDesk(
      { venueTimeoutMs: VENUE_TIMEOUT_MS, reconcileEveryMs: settings.reconcileEveryMs },
      {
        book,
        guard,
        policy: new ExecutionPolicy(settings.execution),
        killSwitch,
        venue: new Venue(settings.canAmend ? line : line.withoutAmend()),
        journal,
        clock,
        instruments: INSTRUMENTS,
      },
    );
    this.#process = Object.assign(life, { log, line, killSwitch, book, desk });
    desk.onEvent((event) => {
      if (life.alive) this.told.push(event);
    });
  }

  /** From here on `sent` counts. */
  begin(): void {
    this.#sentBefore = this.venue.driver.placed.length;
  }

  mark(price: string, instrumentId = 'GOLD', overrides: Partial<MarketView> = {}): void {
    const instrument = INSTRUMENTS.find((one) => one.instrumentId === instrumentId);
    if (instrument === undefined) throw new Error(`no instrument ${instrumentId}`);
    this.prices.set(instrumentId, price);
    const { tick, step } = instrument.grid;
    const at = toGrid(price, tick, 'exact');
    const quantity = lots(toGrid('50', step, 'exact'));
    this.desk.mark({
      instrumentId,
      bids: [{ price: ticks(at - 1), quantity }],
      asks: [{ price: ticks(at + 1), quantity }],
      mark: ticks(at),
      recentVolume: lots(toGrid('1000', step, 'exact')),
      volumeWindowMs: 60_000,
      receivedMonotonicMs: this.clock.monotonicMs(),
      receivedMs: this.clock.nowMs(),
      problems: [],
      ...overrides,
    });
  }

  idOf(name: string, accountId = 'acc', strategyId = 'strat'): string {
    const intents = [...this.book.orders()].filter(({ order }) => order.intent.intentId === name);
    return intents[0]?.order.clientOrderId ?? clientOrderId(accountId, strategyId, name);
  }

  submit(intent: OrderIntent) {
    return this.desk.submit(intent);
  }

  /** Lets everything run that can, while the disk does what it does. */
  async settle(): Promise<void> {
    const { log } = this.process;
    for (let idle = 0; idle < 4; idle += 1) {
      if (log.pending > 0 && this.disk !== 'holds') idle = 0;
      if (this.disk === 'takes') log.commit();
      if (this.disk === 'refuses') log.fail();
      await this.clock.turn();
    }
  }

  /** Lets time pass, and everything that falls due on the way. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.settle();
    while (this.clock.nextDueMs <= untilMs) {
      this.clock.advanceTo(this.clock.nextDueMs);
      await this.settle();
    }
    this.clock.advanceTo(untilMs);
    await this.settle();
  }

  /** Waits for something as long as it takes by the clock, but not for ever. */
  async outcome<T>(promise: Promise<T>): Promise<T | undefined> {
    let result: { value: T } | { error: unknown } | undefined;
    promise.then(
      (value) => (result = { value }),
      (error: unknown) => (result = { error }),
    );
    await this.settle();
    for (let waits = 0; result === undefined && waits < 20; waits += 1) {
      const { nextDueMs } = this.clock;
      if (nextDueMs > this.clock.nowMs() + 2 * VENUE_TIMEOUT_MS) break;
      this.clock.advanceTo(nextDueMs);
      await this.settle();
    }
    if (result === undefined) return undefined;
    if ('error' in result) throw result.error;
    return result.value;
  }

  get sent(): number {
    return this.venue.driver.placed.length - this.#sentBefore;
  }

  /** What a row can be held against, beside its verdict. */
  observe() {
    const hold: string[] = [];
    const position: string[] = [];
    for (const account of this.book.accounts()) {
      for (const { instrument, pos, buy, sell } of account.cells()) {
        const { instrumentId, grid } = instrument;
        const isUsual = account.accountId === 'acc' && instrumentId === 'GOLD';
        const who = account.accountId === 'acc' ? '' : `${account.accountId} `;
        const place = isUsual ? '' : `${who}${instrumentId} `;
        if (buy !== 0) hold.push(`${place}buy ${toText(buy, grid.step)}`);
        if (sell !== 0) hold.push(`${place}sell ${toText(sell, grid.step)}`);
        if (pos !== 0) position.push(`${place}${toText(pos, grid.step)}`);
      }
    }
    const rows = [...this.book.orders()].filter(({ order }) => !order.intent.intentId.startsWith('seed-'));
    return {
      hold: hold.join('; ') || 'none',
      position: position.join('; ') || 'flat',
      trading: this.process.killSwitch.tradingState(),
      orders: rows.map(({ order, state }) => `${order.intent.intentId} ${state}`).join('; ') || 'none',
      sent: String(this.sent),
      cash: this.book.account('acc')?.cash.toFixed() ?? '',
    };
  }

  async #pumped<T>(log: ScriptedAppendLog, waiting: Promise<T>): Promise<T> {
    let done = false;
    const settled = waiting.finally(() => (done = true));
    settled.catch(() => undefined);
    while (!done) {
      log.commit();
      await this.clock.turn();
    }
    return settled;
  }
}
