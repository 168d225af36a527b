import type { Clock } from '../core/clock.ts';
import { FIRM, type Scope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import { type OrderState, isOpen } from '../trading/order-life-cycle.ts';
import { answerInTime } from './answer-in-time.ts';
import type { InFlight } from './in-flight.ts';
import type { Journal } from './journal/journal.ts';

/** What becomes of what works when a desk stops. */
export interface StopOptions {
  /** `leave`: it goes on working at the venue, for the desk that goes on from this journal. Default `cancel`. */
  readonly workingOrders?: 'cancel' | 'leave';
}

/** What the verb needs of its desk. */
export interface StopDesk {
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'deadline' | 'turn'>;
  readonly venueTimeoutMs: number;
  readonly journal: Pick<Journal, 'settled' | 'checkpoint'>;
  readonly inFlight: Pick<InFlight, 'quiet'>;
  /** Whether it may not act any more: then there is nothing to cancel, and nothing to wait for. */
  isDeposed(): boolean;
  cancelAll(scope: Scope): Promise<unknown>;
  /** Resolves when none of these orders is in such a state, or the venue has had its time. */
  ended(clientOrderIds: readonly string[], isAwaited: (state: OrderState) => boolean): Promise<void>;
  /** Listens to the venue no more; nothing is sent after it. */
  close(): void;
}

/** How many answers of the venue are waited for one after the other: an order, and a cancel that waited for it. */
const ANSWERS = 2;

/** Ends what is under way, with the venue and with the disk, then saves the Book. Takes no longer than the venue may. */
export async function stop(desk: StopDesk, { workingOrders = 'cancel' }: StopOptions): Promise<void> {
  const { book, clock, journal, inFlight, venueTimeoutMs } = desk;
  if (!desk.isDeposed()) {
    if (workingOrders === 'leave') {
      await answerInTime(clock, ANSWERS * venueTimeoutMs, (signal) => inFlight.quiet(signal));
    } else {
      await desk.cancelAll(FIRM);
      const ids = Array.from(book.liveOrders(), ({ order }) => order.clientOrderId);
      // The unknown ones are not waited for.
      await desk.ended(ids, (state) => isOpen(state) && state !== 'unknown');
    }
  }
  await journal.settled(clock);
  desk.close();
  await journal.settled(clock); // what came meanwhile
  await journal.checkpoint();
}
