import assert from 'node:assert/strict';
import { type Decimal, ZERO } from '../../core/decimal.ts';
import { TradingDay } from '../../core/trading-day.ts';
import { ticks } from '../../core/units.ts';
import type { DeskEvent } from '../../desk/desk-event.ts';
import { Journal } from '../../desk/journal/journal.ts';
import { OrderDesk, Venue } from '../../desk/order-desk.ts';
import { ExecutionPolicy } from '../../execution/execution-policy.ts';
import { KillSwitch } from '../../risk/kill-switch.ts';
import { RiskGuard } from '../../risk/risk-guard.ts';
import { MemoryAppendLog } from '../../storage/memory-append-log.ts';
import { MemoryStateStore } from '../../storage/memory-state-store.ts';
import { Book } from '../../trading/book.ts';
import type { OrderOutcome } from '../../trading/order-outcome.ts';
import { type AskedOrder, VenueSession } from './venue-session.ts';
import type { VenueUnderTest } from './venue-under-test.ts';

/** Wide enough to be out of the way. */
const LARGE = '1000000000';
const RISK = {
  maxDailyLoss: LARGE,
  maxDrawdownFraction: 1,
  maxPositions: 10,
  maxPositionNotional: LARGE,
  maxTotalExposure: LARGE,
  maxClusterExposure: LARGE,
  maxDataAgeMs: 60_000,
};
const EXECUTION = {
  spreadBps: { entry: 'none' },
  depth: { multiple: { entry: 'none' } },
  volumeFraction: { entry: 'none' },
  slippage: { perOrderBps: { entry: 'none' } },
  collarBps: { entry: 9_000, exit: 9_000 },
} as const;

/** A whole desk on the venue under test: what is sent goes the way that every order goes. */
export class DeskSession extends VenueSession {
  readonly venue: Venue;
  readonly desk: OrderDesk;
  readonly events: DeskEvent[] = [];
  readonly #book: Book;
  #stopped = false;

  private constructor(
    subject: VenueUnderTest,
    parts: { readonly book: Book; readonly killSwitch: KillSwitch; readonly journal: Journal },
  ) {
    super(subject);
    const { clock, instrument } = subject;
    this.#book = parts.book;
    this.venue = new Venue(this.driver);
    this.desk = new OrderDesk(
      {},
      {
        ...parts,
        clock,
        instruments: [instrument],
        venue: this.venue,
        guard: new RiskGuard(RISK, { ...parts, clock }),
        policy: new ExecutionPolicy(EXECUTION),
      },
    );
    this.desk.onEvent((event) => this.events.push(event));
  }

  static async open(subject: VenueUnderTest): Promise<DeskSession> {
    const { clock, instrument, accountId, balance, driver } = subject;
    const book = new Book();
    const store = new MemoryStateStore({ clock });
    const killSwitch = await KillSwitch.open({ store, clock, venue: driver.name }, true);
    const journal = await Journal.open(
      { input: {}, accounts: [{ accountId, currency: instrument.quote, balance }] },
      { log: new MemoryAppendLog(), book, clock, instruments: [instrument], tradingDay: new TradingDay() },
    );
    const session = new DeskSession(subject, { book, killSwitch, journal });
    const first = await session.arrives(session.desk.start());
    assert.ok(first.kind === 'reconciled' && first.differences.length === 0, JSON.stringify(first));
    return session;
  }

  /** Shows the market to the venue, and to the desk. */
  override async quote(bid = -10, ask = 10, count = 10): Promise<void> {
    await super.quote(bid, ask, count);
    this.mark(bid, ask, count);
  }

  /** Shows a market to the desk alone. */
  mark(bid = -10, ask = 10, count = 10): void {
    const { clock, instrument } = this.subject;
    const [best, far] = [this.level(bid, count), this.level(ask, count)];
    this.desk.mark({
      instrumentId: instrument.instrumentId,
      bids: [best],
      asks: [far],
      mark: ticks(Math.floor((best.price + far.price) / 2)),
      recentVolume: this.level(0, 1_000).quantity,
      volumeWindowMs: 60_000,
      receivedMonotonicMs: clock.monotonicMs(),
      receivedMs: clock.nowMs(),
      problems: [],
    });
  }

  /** Submits an intent of this name: to buy 4 units at the middle, unless said otherwise. */
  submit(name: string, asked: AskedOrder = {}): Promise<OrderOutcome> {
    const { accountId, instrument } = this.subject;
    const { side = 'buy', quantity = 4, price = 0, postOnly = false, timeInForce = 'GTC' } = asked;
    return this.arrives(
      this.desk.submit({
        intentId: name,
        accountId,
        strategyId: 'contract',
        instrumentId: instrument.instrumentId,
        side,
        quantity: this.quantity(quantity),
        price: { type: 'limit', limit: this.price(price), postOnly, timeInForce },
      }),
    );
  }

  /** Submits what the venue has to accept. */
  async accepted(name: string, asked: AskedOrder = {}): Promise<void> {
    const outcome = await this.submit(name, asked);
    assert.equal(outcome.kind, 'accepted', `${name}: ${JSON.stringify(outcome)}`);
  }

  /** Position, and what is held for each side, in units. */
  get held() {
    const { accountId, instrument } = this.subject;
    const cell = this.#book.cell(accountId, instrument.instrumentId);
    const { pos = 0, buy = 0, sell = 0 } = cell ?? {};
    return { pos: this.ofLots(pos), buy: this.ofLots(buy), sell: this.ofLots(sell) };
  }

  get cash(): Decimal {
    return this.#book.account(this.subject.accountId)?.cash ?? ZERO;
  }

  /** Waits until the Book holds this; afterwards nothing may change it. */
  async holds(expected: {
    readonly pos?: number;
    readonly buy?: number;
    readonly sell?: number;
  }): Promise<void> {
    const { pos = 0, buy = 0, sell = 0 } = expected;
    const isSo = (): boolean => {
      const now = this.held;
      return now.pos === pos && now.buy === buy && now.sell === sell;
    };
    for (let n = 0; n < 100 && !isSo(); n += 1) await this.subject.settle();
    await this.quiet();
    assert.deepEqual(this.held, { pos, buy, sell });
  }

  /** The desk stops, and compares no more: `agrees` then looks at what was told only. */
  async stops(): Promise<void> {
    this.#stopped = true;
    await this.arrives(this.desk.stop());
  }

  /** The venue's records and the Book agree, and nothing was told that should not have happened. */
  async agrees(): Promise<void> {
    await this.quiet();
    if (!this.#stopped) await this.#compares();
    assert.deepEqual(
      this.events.filter(({ kind }) => kind === 'anomaly'),
      [],
    );
  }

  async #compares(): Promise<void> {
    const found = await this.arrives(this.desk.reconcile());
    assert.ok(found.kind === 'reconciled', JSON.stringify(found));
    assert.deepEqual([found.differences, found.inDoubt], [[], []]);
  }

  override async close(): Promise<void> {
    // What an unfinished case has left is not asked about here.
    await this.arrives(this.desk.stop()).catch(() => undefined);
    await super.close();
  }
}
