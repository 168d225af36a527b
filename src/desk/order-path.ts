import { type Clock, onDispose } from '../core/clock.ts';
import { PortcullisError } from '../core/errors.ts';
import { clientOrderId } from '../core/ids.ts';
import { type DayId, TradingDay } from '../core/trading-day.ts';
import { type Lots, type Ticks, sub, ticks } from '../core/units.ts';
import { type ExecutionFacts, ExecutionPolicy } from '../execution/execution-policy.ts';
import { RiskGuard } from '../risk/risk-guard.ts';
import type { Book, DayRolled } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketView } from '../trading/market-view.ts';
import type { Fill } from '../trading/fill.ts';
import type { Applied, BookedOrder, HeldOrder, OrderEvent } from '../trading/order-event.ts';
import { type OrderIntent, copyIntent, sameIntent } from '../trading/order-intent.ts';
import { type PricedOrder, priceOrder } from '../trading/price-order.ts';
import type { Adjustment, SavedOrder } from '../trading/saved-book.ts';
import type { OrderChange } from '../trading/amend-outcome.ts';
import { type ChangeDecision, type ChangeDeps, decideChange } from './change-order.ts';
import type { SpentStamp } from './journal/journal-spent.ts';
import type { AtMost } from './self-trade.ts';
import { type ExplainDeps, type Explanation, explain } from './explain.ts';
import { wouldGo } from './would-go.ts';

export interface OrderPathDeps {
  readonly book: Book;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** Default: UTC days. */
  readonly tradingDay?: TradingDay;
  /** Why nothing may be let through that has to be audited, as long as there is a reason. */
  readonly noAudit?: () => Denial | undefined;
  /** The trading day that was open when the journal ended. Default: the day of now. */
  readonly dayId?: DayId;
}

/** @throws {PortcullisError} `ENGINE_NOT_GENUINE` for anything but a RiskGuard over this Book and an ExecutionPolicy */
export function checkEngines({
  book,
  guard,
  policy,
}: Pick<OrderPathDeps, 'book' | 'guard' | 'policy'>): void {
  if (RiskGuard.is(guard) && ExecutionPolicy.is(policy) && guard.book === book) return;
  throw new PortcullisError(
    'ENGINE_NOT_GENUINE',
    'OrderPath: expected a RiskGuard over the same Book and an ExecutionPolicy, both made by this copy of portcullis',
  );
}

/** An order that exists, in memory or not. */
export type KnownOrder = Pick<OrderView, 'order' | 'state'>;

/** What was found of an intent that is not in memory: an order of days ago, nothing, or why nobody can say. */
export type Older = KnownOrder | Denial | undefined;

/** What the synchronous part of the order path says. */
export type Decision =
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  | { readonly kind: 'duplicate'; readonly known: KnownOrder }
  /** Held, kept and counted. Only events end it now. */
  | { readonly kind: 'held'; readonly order: HeldOrder; readonly reduced: Denial | undefined };

const NO_MARK = ticks(NaN);

/**
 * The synchronous part of the way of an order, from intent to hold, without a gap in which anything could change. Live
 * desk and backtest drive the same object, so one code decides everywhere.
 */
export class OrderPath {
  readonly #book: Book;
  readonly #guard: RiskGuard;
  readonly #policy: ExecutionPolicy;
  readonly #instruments: ReadonlyMap<string, Instrument>;
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #tradingDay: TradingDay;
  readonly #seen: { has(id: string): boolean };
  readonly #day: { id: DayId };
  readonly #changing: ChangeDeps;
  readonly #explaining: ExplainDeps<KnownOrder>;

  /** @throws {PortcullisError} `ENGINE_NOT_GENUINE` for anything but a RiskGuard over this Book and an ExecutionPolicy */
  constructor({
    book,
    guard,
    policy,
    instruments,
    clock,
    tradingDay = new TradingDay(),
    noAudit = () => undefined,
    dayId,
  }: OrderPathDeps) {
    checkEngines({ book, guard, policy });
    this.#book = book;
    this.#guard = guard;
    this.#policy = policy;
    this.#instruments = new Map(instruments.map((instrument) => [instrument.instrumentId, instrument]));
    this.#clock = clock;
    this.#tradingDay = tradingDay;
    this.#seen = { has: (id) => book.order(id) !== undefined };
    this.#day = { id: dayId ?? tradingDay.dayOf(clock.nowMs()) };
    this.#changing = {
      book,
      guard,
      policy,
      factsOf: (order) => this.#factsOf(order),
      noAudit,
    };
    this.#explaining = {
      ...this.#changing,
      clock,
      instrument: (instrumentId) => this.#instruments.get(instrumentId),
      known: (intent, older, id) => this.#known(intent, older, id),
    };
    Object.freeze(this);
  }

  /** The trading day that is open. */
  get dayId(): DayId {
    return this.#day.id;
  }

  /**
   * Decides in one step, and holds what may go.
   *
   * @param overridden names of overridable gates of either engine that need not let it pass
   * @param atMost what is left of it after self-trade prevention
   */
  decide(intent: OrderIntent, older?: Older, overridden?: ReadonlySet<string>, atMost?: AtMost): Decision {
    if (older !== undefined && 'code' in older) return { kind: 'denied', denials: [older] };
    const priced = this.price(intent);
    if ('code' in priced)
      return this.#known(copyIntent(intent), older) ?? { kind: 'denied', denials: [priced] };
    const known = this.#known(priced.intent, older, priced.clientOrderId);
    if (known !== undefined) return known;

    if (atMost?.qty === 0) return { kind: 'denied', denials: [atMost.because] };
    const isLess = atMost !== undefined && atMost.qty < priced.qty;
    const asked = isLess ? { ...priced, qty: atMost.qty } : priced;
    const verdict = this.#guard.reserve(asked, overridden);
    if (verdict.decision === 'reject') return { kind: 'denied', denials: verdict.denials };
    using reservation = verdict.reservation; // any return, any throw: as if it never was
    const { order } = reservation;
    const facts = this.#factsOf(order);
    const denials = this.#policy.evaluate(order, facts, undefined, overridden);
    if (denials.length > 0) return { kind: 'denied', denials };
    const unaudited = order.isExit ? undefined : this.#changing.noAudit();
    if (unaudited !== undefined) return { kind: 'denied', denials: [unaudited] };
    reservation.keep(); // from here on only events end it
    this.#policy.spend(order, facts);
    const because = isLess ? atMost.because : undefined;
    return { kind: 'held', order, reduced: verdict.decision === 'resize' ? verdict.because : because };
  }

  /** The order that an intent is now. */
  price(intent: OrderIntent): PricedOrder | Denial {
    const instrument = this.#instruments.get(intent.instrumentId);
    return priceOrder(intent, instrument, this.#book.view(intent.instrumentId));
  }

  /**
   * Whether both engines would let an order go. Leaves no trace, and spends nothing.
   *
   * @param cleared names of gates of the guard that what is about to be done satisfies
   */
  wouldGo(
    order: PricedOrder,
    overridden: ReadonlySet<string> | undefined,
    cleared: ReadonlySet<string>,
  ): boolean {
    return wouldGo(this.#explaining, order, overridden, cleared);
  }

  /** What `decide` would say now, and what every gate measures against which limit. Leaves no trace. */
  explain(intent: OrderIntent, older?: Older): Explanation {
    return explain(this.#explaining, intent, older);
  }

  /** Decides whether an open order may become another. Leaves no trace. */
  decideChange(row: OrderView, change: OrderChange): ChangeDecision {
    return decideChange(this.#changing, row, change);
  }

  /** The last look before the send. */
  confirm(order: HeldOrder): Denial | undefined {
    return this.#guard.confirm(order);
  }

  /** Counts an event at once. What an amendment adds in slippage is spent with its hold. */
  apply(event: OrderEvent): Applied {
    if (event.type !== 'amendRequested') return this.#guard.apply(event);
    const row = this.#book.order(event.clientOrderId);
    const was = row && { ...row.order, qty: row.leaves };
    const applied = this.#guard.apply(event);
    if (row !== undefined && applied === 'applied') {
      const { qty, worst, isExit } = event.to;
      const to = { ...row.order, qty: sub(qty, row.cumulative), worst, isExit };
      this.#policy.spend(to, { dayId: this.#day.id, mark: this.#markOf(row.order) }, was);
    }
    return applied;
  }

  /** What was spent of the slippage budgets of the day, and of it by a strategy. */
  spentBy(strategyId: string): SpentStamp {
    return this.#policy.spentBy(this.#day.id, strategyId);
  }

  /** Holds a quantity on the side of an order until disposed, whatever becomes of the order. */
  holdOn(order: BookedOrder, qty: Lots): Disposable {
    const held = { ...order, qty };
    this.#book.hold(held);
    return onDispose(() => {
      this.#book.drop(held);
    });
  }

  /** Books a fill of an order that we never sent. */
  external(order: BookedOrder, fill: Fill, atMs: number): Applied {
    return this.#book.external(order, fill, atMs);
  }

  /** @throws {PortcullisError} `NUMBER_INVALID` for what would make money leave the range in which it is exact */
  adjust(adjustment: Adjustment): 'applied' | 'duplicate' {
    const adjusted = this.#book.adjust(adjustment);
    if (adjusted !== 'unsafe') return adjusted;
    throw new PortcullisError(
      'NUMBER_INVALID',
      `adjustment ${adjustment.adjustmentId}: expected money that can be counted exactly, up to 9 billion`,
    );
  }

  revive(saved: SavedOrder): void {
    this.#book.revive(saved);
  }

  /** Takes a view. Roll the day first. */
  mark(view: MarketView): void {
    this.#book.mark(view);
  }

  /** Rolls the trading day when its end has passed, at the last marks of the old day. Never rolls back. */
  rollIfDue(): DayRolled | undefined {
    const nowMs = this.#clock.nowMs();
    const today = this.#tradingDay.dayOf(nowMs);
    if (today <= this.#day.id) return undefined;
    const rolled = this.#book.planRoll(today, nowMs);
    this.#book.roll(rolled);
    this.#day.id = today;
    return rolled;
  }

  #factsOf(order: HeldOrder): ExecutionFacts {
    return {
      nowMs: this.#clock.nowMs(),
      monotonicMs: order.decidedMonotonicMs,
      dayId: this.#day.id,
      mark: this.#markOf(order),
      seen: this.#seen,
    };
  }

  #markOf({ instrument }: Pick<BookedOrder, 'instrument'>): Ticks {
    return this.#book.markOf(instrument.instrumentId)?.price ?? NO_MARK;
  }

  /** An id that exists is answered whatever the market does: same content is a duplicate, other content is denied. */
  #known(
    intent: OrderIntent,
    older: KnownOrder | undefined,
    id?: string,
  ): Exclude<Decision, { kind: 'held' }> | undefined {
    const { accountId, strategyId, intentId } = intent;
    const known = this.#book.order(id ?? clientOrderId(accountId, strategyId, intentId)) ?? older;
    if (known === undefined) return undefined;
    if (sameIntent(known.order.intent, intent)) return { kind: 'duplicate', known };
    return {
      kind: 'denied',
      denials: [deny('order', 'INTENT_CHANGED', { note: known.order.clientOrderId })],
    };
  }
}
Object.freeze(OrderPath.prototype);
