import type { Clock } from '../core/clock.ts';
import { type Lots, abs, add, lots } from '../core/units.ts';
import type { CancelRule } from '../risk/kill-switch.ts';
import { type Scope, inScope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderView } from '../trading/book-order.ts';
import type { OrderEvent } from '../trading/order-event.ts';
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
  /** Whether the order has been handed to the venue. */
  wasSent(clientOrderId: string): boolean;
  cancelAtVenue(clientOrderId: string, signal: AbortSignal): Promise<void>;
  record(event: OrderEvent): Promise<boolean>;
}

/** Cancels are never blocked: not by the kill switch, not by the disk. A finished order is answered from the table. */
export async function cancel(desk: CancelDesk, clientOrderId: string): Promise<CancelOutcome> {
  const order = desk.book.order(clientOrderId);
  if (order === undefined) return { kind: 'not-found', clientOrderId };
  if (!isOpen(order.state)) return { kind: 'finished', clientOrderId, state: order.state };
  void desk.record({ type: 'cancelRequested', clientOrderId, atMs: desk.clock.nowMs() });
  if (!desk.wasSent(clientOrderId)) return { kind: 'requested', clientOrderId };
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
 * that together fit into it stay, the rest goes, so that whatever fills, the position only shrinks.
 */
export function ordersToCancel(
  book: BookReader,
  scope: Scope,
  rule: CancelRule,
  venue: string,
): readonly string[] {
  const open = [...book.orders()].filter(({ order, state }) => isOpen(state) && inScope(scope, order, venue));
  if (rule === 'all') return open.map(({ order }) => order.clientOrderId);
  const kept = new Map<string, Lots>();
  return open.filter((row) => !stays(book, row, kept)).map(({ order }) => order.clientOrderId);
}

function stays(book: BookReader, { order, leaves, side }: OrderView, kept: Map<string, Lots>): boolean {
  const { instrumentId } = order.instrument;
  const pos = book.cell(order.accountId, instrumentId)?.pos ?? lots(0);
  if (side === 'sell' ? pos <= 0 : pos >= 0) return false;
  const key = `${order.accountId} ${instrumentId}`;
  const together = add(kept.get(key) ?? lots(0), leaves);
  if (together > abs(pos)) return false;
  kept.set(key, together);
  return true;
}
