import type { BookReader } from '../../trading/book.ts';
import type { OrderEvent } from '../../trading/order-event.ts';
import type { DeskAnomaly } from '../desk-event.ts';
import { readReport } from './venue-report.ts';

/** What taking in the venue's events needs of its desk. */
export interface InboxDesk {
  readonly book: BookReader;
  readonly clock: { nowMs(): number };
  /** Whether the order has not been handed to the venue. */
  isUnsent(clientOrderId: string): boolean;
  record(event: OrderEvent): Promise<boolean>;
  anomaly(anomaly: DeskAnomaly): void;
  /** Brings an order back that is not in memory any more; `false` when there never was one, `undefined` when there is none to ask. */
  revive(clientOrderId: string): Promise<boolean> | undefined;
  /** Asks for the fills that the venue lists. */
  catchUp(): void;
  lost(reason: string): void;
  regained(): void;
}

/** Takes in whatever a driver tells: it is not ours to trust. Never throws. */
export function takeIn(desk: InboxDesk, event: unknown): void {
  const told = (event ?? {}) as { clientOrderId?: unknown; type?: unknown; reason?: unknown };
  if (told.type === 'disconnected') {
    desk.lost(typeof told.reason === 'string' ? told.reason : 'no reason given');
    return;
  }
  if (told.type === 'connected') {
    desk.regained();
    return;
  }
  const clientOrderId = typeof told.clientOrderId === 'string' ? told.clientOrderId : '(none)';
  if (takeOver(desk, clientOrderId, event)) return;
  const stranger = (): void => {
    const what = typeof told.type === 'string' ? told.type : 'something';
    const detail = `the venue tells ${what} of an order we never sent`;
    desk.anomaly({ code: 'ORDER_UNKNOWN', clientOrderId, detail });
    // Its list of fills says whose it is: what we never sent is booked as such.
    if (what === 'filled') desk.catchUp();
  };
  const reviving = desk.revive(clientOrderId);
  if (reviving === undefined) stranger();
  else {
    void reviving.then((revived) => {
      if (!revived || !takeOver(desk, clientOrderId, event)) stranger();
    }, stranger);
  }
}

/** `false` when we have no such order. */
function takeOver(desk: InboxDesk, clientOrderId: string, event: unknown): boolean {
  const order = desk.isUnsent(clientOrderId) ? undefined : desk.book.order(clientOrderId)?.order;
  if (order === undefined) return false;
  const report = readReport(event, order.instrument, desk.clock.nowMs());
  if (typeof report === 'string') desk.anomaly({ code: 'REPORT_INVALID', clientOrderId, detail: report });
  else void desk.record(report);
  return true;
}
