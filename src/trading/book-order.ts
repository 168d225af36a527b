import type { Decimal } from '../core/decimal.ts';
import { type Lots, type Ticks, type Units, add, lots, max, min, sub, ticks } from '../core/units.ts';
import type { Side } from './order-intent.ts';
import type { DayId } from '../core/trading-day.ts';
import type { OrderView } from './order-view.ts';
import { claimOf } from './claim.ts';
import type { SavedOrder } from './saved-book.ts';
import type { Fill } from './fill.ts';
import type { Amendment, Applied, BookedOrder, OrderEvent } from './order-event.ts';
import { type OrderState, isOpen, nextState } from './order-life-cycle.ts';

const NONE: readonly string[] = [];

/** The writable order. Only the Book has it. */
export class OrderRow implements OrderView {
  order: BookedOrder;
  state: OrderState = 'submitting';
  leaves: Lots;
  cumulative = lots(0);
  finalCumulative: Lots | undefined;
  amendment: Amendment | undefined;
  /** The worst of the prices that it had before it was changed. */
  formerWorst: Ticks | undefined;
  dayId: DayId;
  /** Its place among all orders, oldest first. */
  readonly place: number;
  /** Most orders have few fills, many have none. */
  #executions: Set<string> | undefined;
  /** What it is, until something happens to it. */
  #saved: SavedOrder | undefined;

  constructor(order: BookedOrder, dayId: DayId, place: number) {
    this.order = order;
    this.leaves = order.qty;
    this.dayId = dayId;
    this.place = place;
  }

  /** The row as it was when the snapshot was taken. */
  static restore(was: SavedOrder, place: number): OrderRow {
    const row = new OrderRow(was.order, was.dayId, place);
    row.state = was.state;
    row.leaves = was.leaves;
    row.cumulative = was.cumulative;
    row.finalCumulative = was.finalCumulative;
    row.amendment = was.amendment;
    row.formerWorst = was.formerWorst;
    if (was.executionIds.length > 0) row.#executions = new Set(was.executionIds);
    row.#saved = was;
    return row;
  }

  /** Never changes, and is the same as long as nothing happens to the order. */
  snapshot(): SavedOrder {
    if (this.#saved !== undefined) return this.#saved;
    const { order, state, leaves, cumulative, finalCumulative, amendment, formerWorst, dayId } = this;
    const saved = { order, state, leaves, cumulative, finalCumulative, amendment, dayId };
    this.#saved = {
      ...saved,
      executionIds: [...this.executionIds],
      ...(formerWorst !== undefined && { formerWorst }),
    };
    return this.#saved;
  }

  get executionIds(): Iterable<string> {
    return this.#executions ?? NONE;
  }

  /** Something has happened to it on a trading day. */
  touch(dayId: DayId): void {
    this.dayId = dayId;
    this.#saved = undefined;
  }

  get side(): Side {
    return this.order.side;
  }

  /** Whether something may still happen to it that counts. */
  get isLive(): boolean {
    return isOpen(this.state) || this.leaves > 0;
  }

  /** What it may still cost, at the worst price that a fill may have, in quote currency. */
  get claim(): Units {
    const { side, order, leaves } = this;
    const { instrument } = order;
    if (instrument.kind === 'spot') return claimOf({ side, instrument, worst: this.#worst }, leaves);
    return claimOf({ side, instrument, worst: this.#worst, ...this.#markAt(this.amendment) }, leaves);
  }

  /** Takes what happened to the order itself; `touch` has to follow, unless it was an `ILLEGAL_TRANSITION`. */
  apply(event: Exclude<OrderEvent, { type: 'filled' }>): Applied {
    const before = this.state;
    const next = nextState(before, event.type);
    // Of two changes at once nobody could say which is in force.
    const second = event.type === 'amendRequested' && this.amendment !== undefined;
    if (next === undefined || second) return { anomaly: 'ILLEGAL_TRANSITION' };
    this.state = next;
    switch (event.type) {
      case 'abandoned':
      case 'rejected':
      case 'absent':
        // What had an end already has it here: a fill that comes after all contradicts it.
        if (!isOpen(before) && event.type === 'absent') this.finalCumulative = this.cumulative;
        this.amendment = undefined;
        this.leaves = lots(0);
        return 'applied';
      case 'accepted':
        if (before !== 'rejected') return 'applied';
        this.leaves = this.#leavesAt(this.cumulative, next);
        return { anomaly: 'RESURRECTED' };
      case 'cancelled':
      case 'expired':
        return this.#final(event.cumulative);
      case 'amendRequested':
        this.amendment = event.to;
        this.leaves = this.#leavesAt(this.cumulative, next);
        return 'applied';
      case 'amended':
        return this.#amended(event);
      case 'amendFailed':
        this.#settle(this.order);
        return 'applied';
      default:
        return 'applied';
    }
  }

  hasExecution(executionId: string): boolean {
    return this.#executions?.has(executionId) === true;
  }

  /** Takes a fill that is sound and new. It is a fact, whatever is wrong with it. */
  fill({ executionId, quantity, price }: Fill): Applied {
    (this.#executions ??= new Set()).add(executionId);
    const before = this.state;
    const legal = nextState(before, 'filled');
    const isBeyond = this.#isBeyond(price);
    const cumulative = add(this.cumulative, quantity);
    this.leaves = this.#leavesAt(cumulative, legal ?? before);
    this.cumulative = cumulative;
    this.state = legal ?? before;
    this.#complete();
    if (legal === undefined) return { anomaly: 'ILLEGAL_TRANSITION' };
    if (cumulative > this.#most) return { anomaly: 'OVERFILL' };
    if (this.finalCumulative !== undefined && cumulative > this.finalCumulative)
      return { anomaly: 'VENUE_CONTRADICTION' };
    if (before === 'rejected') return { anomaly: 'RESURRECTED' };
    return isBeyond ? { anomaly: 'FILL_PRICE' } : 'applied';
  }

  /**
   * Whether a price is worse than any that the order has allowed. What it is to become counts while nobody knows whether
   * it did; what it was before it was changed counts for good, since the report of a fill may be older than the change.
   */
  #isBeyond(price: Decimal): boolean {
    const limit = this.order.instrument.grid.tick.value.times(String(this.#worst));
    return this.side === 'buy' ? price.gt(limit) : price.lt(limit);
  }

  /** The worst of what it is, may have become, and was. */
  get #worst(): Ticks {
    const { order, amendment, formerWorst } = this;
    if (amendment === undefined && formerWorst === undefined) return order.worst;
    const worse = order.side === 'buy' ? max<Ticks> : min<Ticks>;
    return worse(worse(order.worst, amendment?.worst ?? order.worst), formerWorst ?? order.worst);
  }

  /** On margin: of the marks of its decisions, the one at which it loses most. */
  #markAt(amendment: Amendment | undefined): { readonly mark?: Ticks } {
    const marks = [this.order.mark, amendment?.mark].filter((mark) => mark !== undefined);
    if (marks.length === 0) return {};
    return { mark: ticks(this.side === 'buy' ? Math.min(...marks) : Math.max(...marks)) };
  }

  /** The venue's last word: the hold shrinks to the fills that are still to arrive. Without a quantity it stays. */
  #final(cumulative: Lots | undefined): Applied {
    if (cumulative === undefined) return 'applied';
    if (!(Number.isSafeInteger(cumulative) && cumulative >= 0)) return { anomaly: 'VENUE_CONTRADICTION' };
    const contradicts =
      cumulative < this.cumulative ||
      cumulative > this.#most ||
      (this.finalCumulative !== undefined && cumulative !== this.finalCumulative);
    this.finalCumulative =
      this.finalCumulative === undefined || cumulative > this.finalCumulative
        ? cumulative
        : this.finalCumulative;
    this.leaves = this.#leavesAt(this.cumulative, this.state);
    return contradicts ? { anomaly: 'VENUE_CONTRADICTION' } : 'applied';
  }

  /** What the order is now, asked for or not. */
  #amended({ qty, worst }: Pick<Amendment, 'qty' | 'worst'>): Applied {
    const { amendment, order } = this;
    const expected = amendment?.qty === qty && amendment.worst === worst;
    const known = order.qty === qty && order.worst === worst;
    // The last change told again: the one that waits may still come into force.
    if (amendment !== undefined && known && !expected) return 'applied';
    const isExit = expected ? amendment.isExit : order.isExit;
    const mark = this.#markAt(expected ? amendment : undefined);
    this.#settle({ ...order, qty, worst, isExit, ...mark });
    return (expected || known) && this.cumulative <= qty ? 'applied' : { anomaly: 'VENUE_CONTRADICTION' };
  }

  /** It is known what the order is. */
  #settle(order: BookedOrder): void {
    const { worst } = this.order;
    if (order.worst !== worst) {
      const worse = order.side === 'buy' ? max<Ticks> : min<Ticks>;
      this.formerWorst = worse(worst, this.formerWorst ?? worst);
    }
    this.order = order;
    this.amendment = undefined;
    if (isOpen(this.state)) this.leaves = this.#leavesAt(this.cumulative, this.state);
    this.#complete();
  }

  /** Nothing is left to fill: then it is over. */
  #complete(): void {
    if (isOpen(this.state) && this.cumulative >= this.#most) this.state = 'filled';
  }

  /** What may still fill once `cumulative` has been, in the state `state`. */
  #leavesAt(cumulative: Lots, state: OrderState): Lots {
    const none = lots(0);
    if (this.finalCumulative !== undefined) return max(sub(this.finalCumulative, cumulative), none);
    if (isOpen(state)) return max(sub(this.#most, cumulative), none);
    return max(sub(this.leaves, sub(cumulative, this.cumulative)), none);
  }

  /** The most that it may ask for in all: the larger of what it is and what it may have become. */
  get #most(): Lots {
    return this.amendment === undefined ? this.order.qty : max(this.order.qty, this.amendment.qty);
  }
}
