import type { Clock } from '../../core/clock.ts';
import type { BookedOrder, HeldOrder } from '../../trading/order-event.ts';
import type { OrderView } from '../../trading/order-view.ts';

/** What is remembered of an order, so that each of its turns counts once. Times are wall time in milliseconds. */
export interface Times {
  /** When it was decided; of an order of before a restart, when it was first seen after it. */
  readonly decidedMs: number;
  /** Whether `decidedMs` is when it was decided. */
  readonly isTimed: boolean;
  ackedMs: number | undefined;
  hasFilled: boolean;
  wasUnknown: boolean;
  isOver: boolean;
}

/** The times of orders, forgotten with the orders themselves. */
export class OrderTimes {
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly #times = new WeakMap<OrderView, Times>();

  constructor(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#clock = clock;
  }

  of(row: OrderView): Times {
    const known = this.#times.get(row);
    if (known !== undefined) return known;
    const nowMs = this.#clock.nowMs();
    const { decidedMonotonicMs } = asDecided(row.order);
    const ageMs = decidedMonotonicMs === undefined ? 0 : this.#clock.monotonicMs() - decidedMonotonicMs;
    const times: Times = {
      decidedMs: nowMs - ageMs,
      isTimed: decidedMonotonicMs !== undefined,
      ackedMs: undefined,
      hasFilled: false,
      wasUnknown: false,
      isOver: false,
    };
    this.#times.set(row, times);
    return times;
  }

  /** The mark, in ticks, of the view that it was decided on; `undefined` when there was none, or it is not known any more. */
  markOf(order: BookedOrder): number | undefined {
    const mark: number | undefined = asDecided(order).view?.mark;
    return mark !== undefined && mark > 0 ? mark : undefined;
  }
}

/** An order that this process has decided carries what it was decided on; one that was read from a journal does not. */
type Decided = BookedOrder & Partial<Pick<HeldOrder, 'view' | 'decidedMonotonicMs'>>;

const asDecided = (order: BookedOrder): Decided => order;
