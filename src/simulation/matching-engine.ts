import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type Lots, type Ticks, add, lots, max, min, sub } from '../core/units.ts';
import type { Instrument } from '../trading/instrument.ts';
import type { MarketEvent, PublicTrade } from '../trading/market-event.ts';
import { type BookSideName, ExternalBook, reaches } from './external-book.ts';
import { FeeSchedule, feeSchema } from './fees.ts';
import type { AmendRefusal, MatchEvent, MatchOrder, RejectReason } from './match-event.ts';
import { type OpenOrder, RestingOrders, openOrder } from './resting-orders.ts';

const NONE = lots(0);

/** How our orders meet the market of others, but for the fees. */
export const matchingShape = {
  /** Share of each displayed quantity that our orders may take, to six places. What a printed trade brings is not cut. */
  participationFraction: z.number().min(0.000001).max(1).default(1),
  /**
   * Who leaves when less is displayed at a price of ours than before, and no trade was seen there. `behind`: those behind
   * us first, the conservative answer. `pro-rata`: those ahead as well, in proportion. It needs trades that come before the
   * book that shows them: one that comes after is counted twice.
   */
  queueCancels: z.enum(['behind', 'pro-rata']).default('behind'),
};

const schema = z.strictObject({ ...feeSchema.shape, ...matchingShape });

/** @interface */
export type MatchingOptions = z.input<typeof schema>;

/**
 * Matches our orders of one instrument against a market that others make, given as market events: simulated, recorded or
 * live. Price-time priority, and every fill is backed by quantity that the market displayed or printed:
 *
 * - An incoming order takes displayed levels, best first, up to its limit. What it took stays gone until the market shows
 *   another quantity at that price. The market does not move because of us.
 * - A resting order queues behind the quantity displayed at its price when it came. A trade of the opposite aggressor at
 *   that price eats the queue ahead, then fills us; a smaller displayed quantity shortens the queue ahead to it (or more,
 *   see `queueCancels`), a larger one joins behind us. Outside the displayed depth nobody is ahead.
 * - A trade beyond our price, and quantity displayed at or beyond it on the other side, fill us at our price as far as
 *   their quantity reaches.
 * - Orders of ours never trade with each other: each meets the market of others alone, in priority among themselves.
 * - While the market's own book is crossed, nothing trades against it.
 */
export class MatchingEngine {
  readonly #instrument: Instrument;
  readonly #fees: FeeSchedule;
  readonly #proRata: boolean;
  readonly #book: ExternalBook;
  readonly #resting = { buy: new RestingOrders('buy'), sell: new RestingOrders('sell') };
  readonly #open = new Map<string, OpenOrder>();
  readonly #seen = new Set<string>();

  /** @throws {PortcullisError} `OPTION_INVALID` */
  constructor(options: MatchingOptions, deps: { readonly instrument: Instrument }) {
    const parsed = parseOptions('MatchingEngine', schema, options);
    this.#instrument = deps.instrument;
    this.#fees = new FeeSchedule(parsed, deps.instrument);
    this.#proRata = parsed.queueCancels === 'pro-rata';
    this.#book = new ExternalBook(parsed.participationFraction);
  }

  /** Half way between the best prices of others, in ticks, or the one there is; `undefined` without any. */
  get middle(): number | undefined {
    const [bid, ask] = [this.#book.touch('bids'), this.#book.touch('asks')];
    if (bid === undefined || ask === undefined) return bid ?? ask;
    return (bid + ask) / 2;
  }

  /**
   * Takes the next market event and says what it did to our resting orders.
   *
   * @throws {PortcullisError} `INSTRUMENT_UNKNOWN` for the event of another instrument
   */
  onMarket(event: MarketEvent): readonly MatchEvent[] {
    if (event.instrumentId !== this.#instrument.instrumentId) {
      throw new PortcullisError(
        'INSTRUMENT_UNKNOWN',
        `MatchingEngine: expected an event of ${this.#instrument.instrumentId}, got one of ${event.instrumentId}`,
      );
    }
    const events: MatchEvent[] = [];
    if (event.type === 'trade') {
      this.#onTrade(event, events);
    } else {
      this.#book.apply(event);
      this.#shortenQueues('buy', 'bids');
      this.#shortenQueues('sell', 'asks');
      this.#meet('buy', 'asks', events);
      this.#meet('sell', 'bids', events);
    }
    return events;
  }

  /**
   * Takes an order: `rejected`, or `accepted` followed by its fills. What is left of a GTC order rests; of an IOC order it
   * is cancelled. A FOK order that cannot be filled whole is cancelled with nothing filled.
   */
  place(order: MatchOrder): readonly MatchEvent[] {
    const { orderId, side } = order;
    const reason = this.#refusal(order);
    if (reason !== undefined) return [{ type: 'rejected', orderId, reason }];
    this.#seen.add(orderId);
    const events: MatchEvent[] = [{ type: 'accepted', orderId }];
    const open = openOrder(order);
    const far = side === 'buy' ? 'asks' : 'bids';
    const whole = (): boolean => this.#book.within(far, order.price, order.quantity) === order.quantity;
    if (order.timeInForce !== 'FOK' || whole()) this.#take(open, far, events);
    if (open.leaves === 0) return events;
    if (order.timeInForce === 'GTC') {
      this.#rest(open);
      this.#open.set(orderId, open);
    } else {
      events.push({ type: 'cancelled', orderId, cumulative: open.cumulative });
    }
    return events;
  }

  cancel(orderId: string): readonly MatchEvent[] {
    const open = this.#open.get(orderId);
    if (open === undefined) return [{ type: 'cancelRefused', orderId }];
    this.#drop(open);
    return [{ type: 'cancelled', orderId, cumulative: open.cumulative }];
  }

  /**
   * Changes a working order: `amended` followed by its fills, or `amendRefused` and the order is as it was. A quantity that
   * is not larger, at the same price, keeps the place in the queue; everything else goes to the back of it, and takes
   * what it reaches first.
   *
   * @param quantity in all, what has been filled included
   */
  amend(orderId: string, quantity: Lots, price: Ticks): readonly MatchEvent[] {
    const open = this.#open.get(orderId);
    if (open === undefined) return [{ type: 'amendRefused', orderId, reason: 'ORDER_NOT_WORKING' }];
    const keepsPlace = price === open.order.price && quantity <= open.order.quantity;
    const reason = this.#amendRefusal(open, quantity, price, keepsPlace);
    if (reason !== undefined) return [{ type: 'amendRefused', orderId, reason }];
    const events: MatchEvent[] = [{ type: 'amended', orderId, quantity, price }];
    const { side } = open.order;
    open.order = { ...open.order, quantity, price };
    open.leaves = sub(quantity, open.cumulative);
    if (keepsPlace) return events;
    this.#resting[side].remove(open);
    this.#take(open, side === 'buy' ? 'asks' : 'bids', events);
    if (open.leaves > 0) this.#rest(open);
    return events;
  }

  /** What rests, in the order in which it came. */
  openOrders(): readonly Readonly<OpenOrder>[] {
    return [...this.#open.values()];
  }

  #refusal(order: MatchOrder): RejectReason | undefined {
    if (order.instrumentId !== this.#instrument.instrumentId) return 'INSTRUMENT_UNKNOWN';
    if (this.#seen.has(order.orderId)) return 'DUPLICATE_ORDER_ID';
    if (!isCount(order.quantity)) return 'QUANTITY_INVALID';
    if (!isCount(order.price)) return 'PRICE_INVALID';
    if (order.postOnly && order.timeInForce !== 'GTC') return 'TIME_IN_FORCE_CONFLICT';
    if (!this.#book.known) return 'MARKET_UNAVAILABLE';
    return this.#mayRest(order) ? undefined : 'WOULD_CROSS';
  }

  #amendRefusal(
    { order, cumulative }: OpenOrder,
    quantity: Lots,
    price: Ticks,
    keepsPlace: boolean,
  ): AmendRefusal | undefined {
    if (!isCount(quantity)) return 'QUANTITY_INVALID';
    if (!isCount(price)) return 'PRICE_INVALID';
    if (quantity <= cumulative) return 'QUANTITY_FILLED';
    return keepsPlace || this.#mayRest({ ...order, price }) ? undefined : 'WOULD_CROSS';
  }

  /** Whether it may take what it reaches, or reaches nothing. */
  #mayRest({ side, price, postOnly }: MatchOrder): boolean {
    const far = side === 'buy' ? 'asks' : 'bids';
    const touch = this.#book.touch(far);
    return !postOnly || touch === undefined || !reaches(far, price, touch);
  }

  /** Joins the queue at its price, behind what is displayed there and behind ours. */
  #rest(open: OpenOrder): void {
    const { side, price } = open.order;
    open.ahead = this.#book.shown(side === 'buy' ? 'bids' : 'asks', price);
    open.displayed = open.ahead;
    this.#resting[side].add(open);
  }

  #take(open: OpenOrder, far: BookSideName, events: MatchEvent[]): void {
    if (this.#book.crossed) return;
    while (open.leaves > 0) {
      const level = this.#book.best(far);
      if (level === undefined || !reaches(far, open.order.price, level.price)) return;
      const quantity = min(open.leaves, level.quantity);
      this.#book.take(far, level.price, quantity);
      events.push(this.#fill(open, quantity, level.price, 'taker'));
    }
  }

  /** The other side has come to, or beyond, orders of ours that rest. */
  #meet(side: 'buy' | 'sell', far: BookSideName, events: MatchEvent[]): void {
    for (;;) {
      const open = this.#resting[side].first;
      if (open === undefined || this.#book.crossed) return;
      const level = this.#book.best(far);
      if (level === undefined || !reaches(far, open.order.price, level.price)) return;
      const quantity = min(open.leaves, level.quantity);
      this.#book.take(far, level.price, quantity);
      events.push(this.#fill(open, quantity, open.order.price, 'maker'));
    }
  }

  #onTrade({ aggressor, price, quantity }: PublicTrade, events: MatchEvent[]): void {
    const mine = this.#resting[aggressor === 'sell' ? 'buy' : 'sell'];
    let left = quantity;
    let eaten = NONE; // of the queue at the traded price
    for (const open of mine.upTo(price)) {
      if (open.order.price === price) {
        const before = min(left, max(sub(open.ahead, eaten), NONE));
        eaten = add(eaten, before);
        left = sub(left, before);
        open.ahead = max(sub(open.ahead, eaten), NONE);
        open.displayed = max(sub(open.displayed, quantity), open.ahead);
      }
      const filled = min(left, open.leaves);
      if (filled === 0) continue;
      left = sub(left, filled);
      events.push(this.#fill(open, filled, open.order.price, 'maker'));
    }
  }

  #shortenQueues(side: 'buy' | 'sell', near: BookSideName): void {
    for (const open of this.#resting[side]) {
      const shown = this.#book.shown(near, open.order.price);
      const left = this.#proRata ? afterCancels(open, shown) : open.ahead;
      open.ahead = min(left, shown);
      open.displayed = shown;
    }
  }

  #fill(open: OpenOrder, quantity: Lots, price: Ticks, liquidity: 'maker' | 'taker'): MatchEvent {
    const { orderId, side } = open.order;
    open.leaves = sub(open.leaves, quantity);
    open.cumulative = add(open.cumulative, quantity);
    open.fills += 1;
    if (open.leaves === 0) this.#drop(open);
    const executionId = `${orderId}-${open.fills}`;
    const fee = this.#fees.fee(liquidity, side, quantity, price);
    return { type: 'filled', orderId, executionId, side, quantity, price, fee, liquidity };
  }

  #drop(open: OpenOrder): void {
    this.#open.delete(open.order.orderId);
    this.#resting[open.order.side].remove(open);
  }
}

/** What is left ahead when others leave in proportion, rounded up. */
const afterCancels = ({ ahead, displayed }: OpenOrder, shown: Lots): Lots =>
  shown < displayed ? lots(Math.ceil((ahead * shown) / displayed)) : ahead;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
