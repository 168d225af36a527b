import { toGrid, toText } from '../../core/increment.ts';
import { type Lots, lots, max, ticks } from '../../core/units.ts';
import type { BookReader } from '../../trading/book.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { OrderEvent } from '../../trading/order-event.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import type { Difference, DifferenceCode } from './difference.ts';
import type { VenueOrderReport } from '../venue/venue-driver.ts';

/** What counts only when several looks have said it: one alone may be older than what we know. */
export type Doubt =
  /** The amendment is not in force: the order is as it was, or another one. */
  | 'unamended'
  /** More was filled than is listed. */
  | 'unlisted'
  /** What is over for us works. */
  | 'still-open';

/** What taking over a report needs of its desk. */
export interface EvidenceDesk {
  readonly book: BookReader;
  readonly clock: { nowMs(): number };
  record(event: OrderEvent): Promise<boolean>;
  /** Books the fills that the venue lists; says why when they could not be asked for. */
  catchUp(found: Difference[]): Promise<string | undefined>;
  /** As `catchUp`, however old they are. */
  catchUpAll(found: Difference[]): Promise<string | undefined>;
  cancelAtVenue(clientOrderId: string): void;
  /**
   * Whether it has been said often enough. Each call counts as a look.
   *
   * @param about what it is: when that has changed since the look before, counting begins again
   */
  isSure(clientOrderId: string, doubt: Doubt, about: unknown): boolean;
  /** It is not so. */
  clear(clientOrderId: string, doubt: Doubt): void;
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

/** One look at one order, and where its differences go. */
interface Look {
  readonly desk: EvidenceDesk;
  readonly row: OrderView;
  readonly report: VenueOrderReport;
  /** What the venue says was filled in all. */
  readonly cumulative: Lots;
  readonly found: Difference[];
  readonly tell: (code: DifferenceCode, settled: boolean, detail: string) => void;
}

/**
 * Takes over what the venue says about an order of ours: its fills, then what it asks for or how it ended. Nothing but
 * evidence ends a hold.
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
  const cumulative = lots(toGrid(report.cumulative, instrument.grid.step, 'exact'));
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
  const look = { desk, row, report, cumulative, found, tell };
  if (!(await takeFills(look))) return;
  if (report.state !== 'working') await takeEnd(look);
  // It may be older than what we know; an end never is.
  else if (isAsWas(row, was)) await takeWorking(look);
}

/** Books what the venue lists; `false` when it could not be asked. */
async function takeFills({ desk, row, cumulative, found, tell }: Look): Promise<boolean> {
  const { clientOrderId } = row.order;
  // What it has said before, in a final report, it has said.
  const all = max(cumulative, row.finalCumulative ?? cumulative);
  if (all > row.cumulative && (await desk.catchUp(found)) !== undefined) return false;
  if (all > row.cumulative && (await desk.catchUpAll(found)) !== undefined) return false;
  if (all <= row.cumulative) desk.clear(clientOrderId, 'unlisted');
  else if (desk.isSure(clientOrderId, 'unlisted', `${all} ${row.cumulative}`)) {
    const { step } = row.order.instrument.grid;
    tell('FILL_UNLISTED', false, unlisted(toText(all, step), toText(row.cumulative, step)));
  }
  return true;
}

export const unlisted = (all: string, listed: string): string => `${all} filled in all, ${listed} listed`;

async function takeWorking(look: Look): Promise<void> {
  const { desk, row, report, tell } = look;
  const { clientOrderId } = row.order;
  const before = row.state;
  if (!isOpen(before)) {
    await takeStillOpen(look);
    return;
  }
  if (before === 'unknown' || before === 'submitting') {
    await desk.record(accepted(desk, report, clientOrderId));
    tell('ORDER_SETTLED', true, `${before} for us, working at the venue`);
  }
  // The venue took the request and nothing came of it: an order that was to go must not stay for that.
  if (before === 'cancelPending') desk.cancelAtVenue(clientOrderId);
  await takeTerms(look);
}

/** Over for us, working there. */
async function takeStillOpen({ desk, row, report, tell }: Look): Promise<void> {
  const { clientOrderId } = row.order;
  const { state } = row;
  // At once: where it is over there as well, that does nothing.
  desk.cancelAtVenue(clientOrderId);
  if (!desk.isSure(clientOrderId, 'still-open', state)) return;
  tell('ORDER_STILL_OPEN', false, `${state} for us, working at the venue`);
  if (state === 'rejected') await desk.record(accepted(desk, report, clientOrderId));
}

async function takeEnd({ desk, row, report, cumulative, tell }: Look): Promise<void> {
  const before = row.state;
  desk.clear(row.order.clientOrderId, 'still-open');
  const event = isOpen(before)
    ? ending(desk, row, report, cumulative)
    : lastWord(desk, row, report, cumulative);
  if (event === undefined) return;
  await desk.record(event);
  if (isOpen(before)) tell('ORDER_SETTLED', true, `${before} for us, ${report.state} at the venue`);
}

const isSame = ({ order, side }: OrderView, report: VenueOrderReport): boolean =>
  report.side === side &&
  report.accountId === order.accountId &&
  report.instrumentId === order.instrument.instrumentId;

/** Whether an amendment came into force, or the order is another one than we think. */
async function takeTerms({ desk, row, report, tell }: Look): Promise<void> {
  const { order, amendment } = row;
  const { clientOrderId, instrument } = order;
  const { quantity, price } = report;
  const qty = lots(toGrid(quantity, instrument.grid.step, 'exact'));
  const worst = ticks(toGrid(price, instrument.grid.tick, 'exact'));
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  const isAsWas = order.qty === qty && order.worst === worst;
  if (isAsWas && amendment === undefined) return;
  const isAsked = !isAsWas && amendment?.qty === qty && amendment.worst === worst;
  // It may still be on its way, and what is held covers these terms as well.
  const isHeld = amendment !== undefined && !isAsked && !(qty > max(order.qty, amendment.qty));
  if (isHeld && !desk.isSure(clientOrderId, 'unamended', amendment)) return;
  if (isAsWas) {
    await desk.record({ type: 'amendFailed', ...about, reason: 'the venue has the order as it was' });
    tell('ORDER_SETTLED', true, 'the amendment did not come into force');
    return;
  }
  if (qty > 0 && worst > 0) await desk.record({ type: 'amended', ...about, qty, worst });
  const detail = `${quantity} at ${price} at the venue`;
  if (isAsked) tell('ORDER_SETTLED', true, `amended: ${detail}`);
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

/** The event that ends an order that is open for us; `undefined` while its fills are not all listed. */
function ending(
  desk: EvidenceDesk,
  row: OrderView,
  { state, reason }: VenueOrderReport,
  cumulative: Lots,
): OrderEvent | undefined {
  const about = { clientOrderId: row.order.clientOrderId, atMs: desk.clock.nowMs() };
  switch (state) {
    case 'rejected':
      return { type: 'rejected', ...about, reason: reason ?? 'no reason given' };
    case 'cancelled':
    case 'expired':
      return { type: state, ...about, cumulative };
    default:
      // What the venue has not listed stays held.
      return row.cumulative === cumulative ? filledThere(row, about, cumulative) : undefined;
  }
}

/** How much was filled in all of an order that is over for us; `undefined` where we know it. */
function lastWord(
  desk: EvidenceDesk,
  { order, leaves, cumulative, finalCumulative }: OrderView,
  { state }: VenueOrderReport,
  said: Lots,
): OrderEvent | undefined {
  if (leaves === 0 || (finalCumulative !== undefined && said <= finalCumulative)) return undefined;
  const about = { clientOrderId: order.clientOrderId, atMs: desk.clock.nowMs() };
  // A rejection speaks of nothing that was filled before.
  return { type: 'cancelled', ...about, cumulative: state === 'rejected' ? max(said, cumulative) : said };
}

/** It is filled there, and so are our books: what is still held was asked for, and is not in force. */
function filledThere(
  { order, amendment }: OrderView,
  about: { readonly clientOrderId: string; readonly atMs: number },
  cumulative: Lots,
): OrderEvent {
  if (amendment?.qty === cumulative) {
    return { type: 'amended', ...about, qty: cumulative, worst: amendment.worst };
  }
  return amendment !== undefined && order.qty === cumulative
    ? { type: 'amendFailed', ...about, reason: 'the order has been filled as it was' }
    : { type: 'cancelled', ...about, cumulative };
}
