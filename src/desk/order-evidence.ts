import { toGrid } from '../core/increment.ts';
import { type Lots, lots, ticks } from '../core/units.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { OrderEvent } from '../trading/order-event.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import type { VenueOrderReport } from './venue-driver.ts';

/** What taking over a report needs of its desk. */
export interface EvidenceDesk {
  readonly book: BookReader;
  readonly clock: { nowMs(): number };
  record(event: OrderEvent): Promise<boolean>;
  /** Books the fills that the venue lists; says why when they could not be asked for. */
  catchUp(found: Difference[]): Promise<string | undefined>;
  cancelAtVenue(clientOrderId: string): void;
  /** Whether an order that is as it was before its amendment will stay so. Each call counts as a look. */
  isUnamended(row: OrderView): boolean;
}

/** What was known of an order when the venue was asked. */
export type OrderWas = Pick<OrderView, 'order' | 'amendment' | 'state'>;

export const asWas = ({ order, amendment, state }: OrderView): OrderWas => ({ order, amendment, state });

/** Whether nothing has been heard of the order since, but fills: then what the venue answers is no older. */
const isAsWas = (row: OrderView, was: OrderWas): boolean =>
  row.order === was.order && row.amendment === was.amendment && row.state === was.state;

/** Whether only the venue can tell what became of it, or of its last fills. */
export const inDoubt = ({ state, leaves }: OrderView): boolean =>
  state === 'unknown' || (!isOpen(state) && leaves > 0);

/**
 * Takes over what the venue says about an order of ours: first its fills, then its state. Nothing but evidence ends a
 * hold.
 *
 * @param was what was known when the venue was asked
 * @param found what was different is added here
 */
export async function learn(
  desk: EvidenceDesk,
  row: OrderView,
  was: OrderWas,
  report: VenueOrderReport,
  found: Difference[],
): Promise<void> {
  const { clientOrderId, instrument } = row.order;
  const { step } = instrument.grid;
  const cumulative = lots(toGrid(report.cumulative, step, 'exact'));
  const tell = (code: DifferenceCode, settled: boolean, detail: string): void => {
    const { accountId } = row.order;
    found.push({ code, settled, detail, accountId, instrumentId: instrument.instrumentId, clientOrderId });
  };
  if (!isSame(row, report)) {
    const { side, instrumentId, accountId } = report;
    tell('ORDER_CHANGED', false, `${side} ${instrumentId} of account ${accountId} at the venue`);
    return;
  }
  if (!(cumulative >= 0)) {
    tell('ORDER_CHANGED', false, `cumulative: expected a multiple of the step, got ${report.cumulative}`);
    return;
  }
  if (cumulative > row.cumulative && (await desk.catchUp(found)) !== undefined) return;
  if (cumulative > row.cumulative) {
    tell('FILL_UNLISTED', false, `${report.cumulative} filled in all, ${row.cumulative} lots listed`);
  }
  const before = row.state;
  if (report.state === 'working') {
    if (!isAsWas(row, was)) return; // the answer may be older than what we know; an end never is
    if (!isOpen(before)) {
      tell('ORDER_STILL_OPEN', false, `${before} for us, working at the venue`);
      if (before === 'rejected') await desk.record(accepted(desk, report, clientOrderId));
      desk.cancelAtVenue(clientOrderId);
      return;
    }
    if (before === 'unknown' || before === 'submitting') {
      await desk.record(accepted(desk, report, clientOrderId));
      tell('ORDER_SETTLED', true, `${before} for us, working at the venue`);
    }
    // The venue took the request and nothing came of it: an order that was to go must not stay for that.
    if (before === 'cancelPending') desk.cancelAtVenue(clientOrderId);
    await learnTerms(desk, row, report, tell);
    return;
  }
  const event = ending(desk, row, report, cumulative);
  if (event === undefined) return;
  await desk.record(event);
  if (isOpen(before)) tell('ORDER_SETTLED', true, `${before} for us, ${report.state} at the venue`);
}

const isSame = ({ order, side }: OrderView, report: VenueOrderReport): boolean =>
  report.side === side &&
  report.accountId === order.accountId &&
  report.instrumentId === order.instrument.instrumentId;

/** Whether an amendment came into force, or the order is another one than we think. */
async function learnTerms(
  desk: EvidenceDesk,
  row: OrderView,
  { quantity, price }: VenueOrderReport,
  tell: (code: DifferenceCode, settled: boolean, detail: string) => void,
): Promise<void> {
  const { order, amendment } = row;
  const { clientOrderId, instrument } = order;
  const qty = lots(toGrid(quantity, instrument.grid.step, 'exact'));
  const worst = ticks(toGrid(price, instrument.grid.tick, 'exact'));
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  if (order.qty === qty && order.worst === worst) {
    if (amendment === undefined || !desk.isUnamended(row)) return;
    await desk.record({ type: 'amendFailed', ...about, reason: 'the venue has the order as it was' });
    tell('ORDER_SETTLED', true, 'the amendment did not come into force');
    return;
  }
  const asked = amendment?.qty === qty && amendment.worst === worst;
  if (qty > 0 && worst > 0) await desk.record({ type: 'amended', ...about, qty, worst });
  const detail = `${quantity} at ${price} at the venue`;
  if (asked) tell('ORDER_SETTLED', true, `amended: ${detail}`);
  else tell('ORDER_CHANGED', qty > 0 && worst > 0, detail);
}

const accepted = (
  desk: EvidenceDesk,
  { venueOrderId }: VenueOrderReport,
  clientOrderId: string,
): OrderEvent => ({
  type: 'accepted',
  clientOrderId,
  atMs: desk.clock.nowMs(),
  ...(venueOrderId !== undefined && { venueOrderId }),
});

/** The event that says of an order that it is over; `undefined` where we know it already. */
function ending(
  desk: EvidenceDesk,
  row: OrderView,
  { state, reason }: VenueOrderReport,
  cumulative: Lots,
): OrderEvent | undefined {
  const about = { clientOrderId: row.order.clientOrderId, atMs: desk.clock.nowMs() };
  if (!isOpen(row.state) && row.leaves === 0) return undefined;
  switch (state) {
    case 'rejected':
      return row.state === 'rejected'
        ? undefined
        : { type: 'rejected', ...about, reason: reason ?? 'no reason given' };
    case 'cancelled':
    case 'expired':
      return { type: state, ...about, cumulative };
    default:
      // What the venue has not listed stays held.
      return row.cumulative === cumulative ? filledThere(row, about, cumulative) : undefined;
  }
}

/** It is filled there, and so are our books: what is still held was asked for, and is not in force. */
function filledThere(
  { order, amendment, state }: OrderView,
  about: { readonly clientOrderId: string; readonly atMs: number },
  cumulative: Lots,
): OrderEvent | undefined {
  if (!isOpen(state)) return undefined;
  if (amendment?.qty === cumulative) {
    return { type: 'amended', ...about, qty: cumulative, worst: amendment.worst };
  }
  return amendment !== undefined && order.qty === cumulative
    ? { type: 'amendFailed', ...about, reason: 'the order has been filled as it was' }
    : { type: 'cancelled', ...about, cumulative };
}
