import type { AuditEvent } from '../../audit/audit-log.ts';
import { PortcullisError } from '../../core/errors.ts';
import { toText } from '../../core/increment.ts';
import { type Principal, requirePerson } from '../../core/principal.ts';
import { type Lots, sub } from '../../core/units.ts';
import type { BookReader } from '../../trading/book.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { BookedOrder, OrderEvent } from '../../trading/order-event.ts';
import { type OrderState, isOpen } from '../../trading/order-life-cycle.ts';
import { inDoubt } from './order-evidence.ts';

/** Who says that nothing more will come of an order, and how that was found out. */
export interface WriteOffOrder {
  /** A person. */
  readonly by: Principal;
  readonly reason: string;
}

/** What became of a write-off. */
export type WriteOffOutcome =
  /** The doubt is over, by the word of that person. */
  | {
      readonly kind: 'written-off';
      readonly clientOrderId: string;
      /** What was held for it until now, in units of the base. */
      readonly released: string;
    }
  /** It works, it is still waited for, or nothing is held for it any more: nothing has changed. */
  | { readonly kind: 'not-in-doubt'; readonly clientOrderId: string; readonly state: OrderState }
  | { readonly kind: 'not-found'; readonly clientOrderId: string };

/** What the verb needs of its desk. */
export interface WriteOffDesk {
  readonly book: BookReader;
  readonly clock: { nowMs(): number };
  /** Whether an amendment of it has been sent and is still waited for. */
  isAmending(clientOrderId: string): boolean;
  /** Counts an event at once; resolves to whether it is on disk. */
  record(event: OrderEvent): Promise<boolean>;
  /** Holds a quantity on the side of an order until disposed, whatever becomes of the order. */
  holdOn(order: BookedOrder, qty: Lots): Disposable;
  /** Resolves to whether the audit log keeps it. Never rejects. */
  audit(event: AuditEvent): Promise<boolean>;
}

/** Ends a doubt that the venue does not end. What it frees is free when that is on disk, in the journal and in the audit log. */
export async function writeOff(
  desk: WriteOffDesk,
  clientOrderId: string,
  { by, reason }: WriteOffOrder,
): Promise<WriteOffOutcome> {
  requirePerson(by, reason, `writeOff ${clientOrderId}`);
  const row = desk.book.order(clientOrderId);
  if (row === undefined) return { kind: 'not-found', clientOrderId };
  const { order, state, leaves } = row;
  const event = endOf(desk, row, `written off by ${by.id}: ${reason}`);
  if (event === undefined) return { kind: 'not-in-doubt', clientOrderId, state };
  const { accountId, instrument } = order;
  const { instrumentId, grid } = instrument;

  const written = desk.record(event);
  const freed = sub(leaves, row.leaves);
  const held = desk.holdOn(order, freed);
  const released = toText(freed, grid.step);
  const kept = desk.audit({
    kind: 'order.written-off',
    by,
    reason,
    clientOrderId,
    accountId,
    instrumentId,
    state,
    released,
  });
  const [isWritten, isKept] = await Promise.all([written, kept]);
  if (!isWritten || !isKept) {
    const where = isWritten ? 'in the audit log' : 'on disk';
    throw new PortcullisError(
      'LOG_WRITE_FAILED',
      `the write-off of order ${clientOrderId} is not ${where}: ${released} of ${instrumentId} stays held`,
    );
  }
  held[Symbol.dispose]();
  return { kind: 'written-off', clientOrderId, released };
}

/** The event that ends the doubt; `undefined` where there is none. */
function endOf(desk: WriteOffDesk, row: OrderView, reason: string): OrderEvent | undefined {
  const { clientOrderId } = row.order;
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  if (inDoubt(row)) return { type: 'absent', ...about };
  const isChanging = isOpen(row.state) && row.amendment !== undefined && !desk.isAmending(clientOrderId);
  return isChanging ? { type: 'amendFailed', ...about, reason } : undefined;
}
