import type { Clock } from '../core/clock.ts';
import { type Lots, abs, add, lots } from '../core/units.ts';
import { toText } from '../core/increment.ts';
import type { CancelResult, CancelRound, CancelRule, UnprotectedPosition } from '../risk/working-orders.ts';
import { type Scope, inScope } from '../risk/trading-state.ts';
import type { Denial } from '../trading/denial.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import type { Side } from '../trading/order-intent.ts';
import { type OrderState, isOpen } from '../trading/order-life-cycle.ts';
import { answerInTime } from './answer-in-time.ts';

/** What became of a cancel. The end of the order itself arrives as an event. */
export type CancelOutcome =
  /** The venue has taken the request, or the order had not been sent yet and never will be. */
  | { readonly kind: 'requested'; readonly clientOrderId: string }
  | { readonly kind: 'finished'; readonly clientOrderId: string; readonly state: OrderState }
  | { readonly kind: 'failed'; readonly clientOrderId: string; readonly reason: string }
  | { readonly kind: 'not-found'; readonly clientOrderId: string };

/** What the verb needs of its desk. */
export interface CancelDesk {
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
  readonly venueTimeoutMs: number;
  /** Why nothing is sent or written any more, if so. */
  deposed(): Denial | undefined;
  /** Whether the order has been handed to the venue. */
  wasSent(clientOrderId: string): boolean;
  /** While the venue has not answered for the order yet: until it has, it may not know what to cancel. */
  placed(clientOrderId: string): Promise<void> | undefined;
  cancelAtVenue(clientOrderId: string, signal: AbortSignal): Promise<void>;
  record(event: OrderEvent): Promise<boolean>;
}

/** Cancels are never blocked: not by the kill switch, not by the disk; only a desk that has lost its lease asks for none. A finished order is answered from the table. */
export async function cancel(desk: CancelDesk, clientOrderId: string): Promise<CancelOutcome> {
  // What it knows of its orders may be outdated.
  const deposed = desk.deposed();
  if (deposed !== undefined) return { kind: 'failed', clientOrderId, reason: deposed.code };
  const order = desk.book.order(clientOrderId);
  if (order === undefined) return { kind: 'not-found', clientOrderId };
  if (!isOpen(order.state)) return { kind: 'finished', clientOrderId, state: order.state };
  void desk.record({ type: 'cancelRequested', clientOrderId, atMs: desk.clock.nowMs() });
  if (!desk.wasSent(clientOrderId)) return { kind: 'requested', clientOrderId };
  const placing = desk.placed(clientOrderId);
  if (placing !== undefined) {
    await placing;
    if (!isOpen(order.state)) return { kind: 'finished', clientOrderId, state: order.state };
  }
  const answer = await answerInTime(desk.clock, desk.venueTimeoutMs, (signal) =>
    desk.cancelAtVenue(clientOrderId, signal),
  );
  if (answer.kind === 'answer') return { kind: 'requested', clientOrderId };
  const { reason } = answer;
  await desk.record({ type: 'cancelFailed', clientOrderId, atMs: desk.clock.nowMs(), reason });
  return { kind: 'failed', clientOrderId, reason };
}

/**
 * The open orders that a rule cancels. `not-reducing`: looked at oldest first against the position as it is now, those
 * that together fit into it stay, the rest goes, so that whatever fills, the position only shrinks. What the rule cannot
 * cancel, because it is out of scope or over already, but may still fill, takes its part of the position first.
 */
export function ordersToCancel(
  book: BookReader,
  scope: Scope,
  rule: CancelRule,
  venue: string,
): readonly string[] {
  const rows = [...book.liveOrders()];
  const open = rows.filter(({ order, state }) => isOpen(state) && inScope(scope, order, venue));
  const cancellable = new Set(open);
  const room = new PositionRoom(book);
  if (rule === 'not-reducing') for (const row of rows) if (!cancellable.has(row)) room.take(row);
  const gone = open.filter((row) => rule === 'all' || !room.fits(row));
  return gone.map(({ order }) => order.clientOrderId);
}

/** What a round of cancels needs of its desk. */
export interface CancelRoundDesk extends CancelDesk {
  readonly venue: string;
  /** Whether it was asked for a moment ago. */
  isCancelling(clientOrderId: string): boolean;
  /** Resolves when none of these is open. */
  ended(clientOrderIds: readonly string[], signal: AbortSignal): Promise<void>;
}

/** Cancels that have been asked for. */
export interface CancelsAsked {
  /** All that the rule cancels. */
  readonly requested: readonly string[];
  /** Resolves when the venue has answered, or its time for that is over. */
  readonly answered: Promise<unknown>;
}

/** Cancels by a rule, but what was asked a moment ago: a trip may be the answer to a cancel. Never throws. */
export function cancelBy(desk: CancelRoundDesk, scope: Scope, rule: CancelRule): CancelsAsked {
  const requested = ordersToCancel(desk.book, scope, rule, desk.venue);
  const asked = requested.filter((id) => !desk.isCancelling(id)).map((id) => cancel(desk, id));
  return { requested, answered: Promise.all(asked) };
}

/** Cancels by a rule, then sees whether they are gone, for as long as the venue may take. Never throws. */
export function cancelRound(desk: CancelRoundDesk, scope: Scope, rule: CancelRule): CancelRound {
  const { book, clock, venue, venueTimeoutMs } = desk;
  const { requested, answered } = cancelBy(desk, scope, rule);
  const settle = async (): Promise<CancelResult> => {
    await answered;
    await answerInTime(clock, venueTimeoutMs, (signal) => desk.ended(requested, signal));
    const left = requested.filter((id) => isOpen(book.order(id)?.state ?? 'rejected'));
    return { left, unprotected: unprotectedIn(book, scope, venue) };
  };
  return { requested, settled: settle() };
}

/** The positions in a scope that no working order reduces. */
function unprotectedIn(book: BookReader, scope: Scope, venue: string): UnprotectedPosition[] {
  return Array.from(book.accounts()).flatMap((account) =>
    Array.from(account.cells()).flatMap(({ instrument, pos, buy, sell }) => {
      const { accountId } = account;
      const isIn =
        scope.kind === 'strategy' || inScope(scope, { accountId, strategyId: '', instrument }, venue);
      if (pos === 0 || !isIn || (pos > 0 ? sell > 0 : buy > 0)) return [];
      const position = toText(pos, instrument.grid.step);
      return [{ accountId, instrumentId: instrument.instrumentId, position }];
    }),
  );
}

/** How much of each position is spoken for by orders that reduce it. */
class PositionRoom {
  readonly #book: BookReader;
  readonly #taken = new Map<string, Lots>();

  constructor(book: BookReader) {
    this.#book = book;
  }

  /** Takes what an order may still fill, if it reduces and fits. */
  fits(row: OrderView): boolean {
    const { pos, together } = this.#with(row);
    if (!reduces(row.side, pos) || together > abs(pos)) return false;
    this.take(row);
    return true;
  }

  take(row: OrderView): void {
    const { pos, key, together } = this.#with(row);
    if (reduces(row.side, pos)) this.#taken.set(key, together);
  }

  #with({ order: { accountId, instrument }, leaves }: OrderView) {
    const { instrumentId } = instrument;
    const key = `${accountId} ${instrumentId}`;
    const pos = this.#book.cell(accountId, instrumentId)?.pos ?? lots(0);
    return { pos, key, together: add(this.#taken.get(key) ?? lots(0), leaves) };
  }
}

const reduces = (side: Side, pos: Lots): boolean => (side === 'sell' ? pos > 0 : pos < 0);
