import type { Clock } from '../../core/clock.ts';
import type { OrderView } from '../../trading/order-view.ts';
import { isOpen } from '../../trading/order-life-cycle.ts';
import { Holdings, compareBalances, comparePositions } from './compare-holdings.ts';
import { type Difference, type Reconciliation, differenceKey } from './difference.ts';
import type { Investigator, InvestigatorDesk } from './investigator.ts';
import { LookCount } from './look-count.ts';
import { asWas, inDoubt } from './order-evidence.ts';
import type { VenueOrderReport } from '../venue/venue-driver.ts';
import type { VenueQuestions } from '../venue/venue-questions.ts';
import { messageOf } from '../../core/message-of.ts';

/** What comparing with the venue needs of its desk. */
export interface ReconcileDesk extends InvestigatorDesk {
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'deadline' | 'sleep'>;
  readonly instrumentIds: ReadonlySet<string>;
  readonly questions: VenueQuestions;
  readonly stopping: AbortSignal;
  readonly investigator: Investigator;
  /** Whether the order has not been answered yet, so that the venue need not know it. */
  isUnderWay(clientOrderId: string): boolean;
  /** Brings an order back that is not in memory any more; `undefined` when there is none to ask. */
  revive(clientOrderId: string): Promise<boolean> | undefined;
}

/** How often holdings that differ are looked at before they count, and how long apart: fills may be on their way. */
const LOOKS = 3;
const RECHECK_MS = 1_000;

/** A question of the venue that was not answered. */
class NoAnswer extends Error {}

/**
 * Compares open orders, fills, positions and balances with the venue's records, takes over what the venue can prove, and
 * lists what differed. A second pass right after finds nothing but what takes a person.
 */
export async function reconcile(desk: ReconcileDesk): Promise<Reconciliation> {
  const atMs = desk.clock.nowMs();
  const differences: Difference[] = [];
  try {
    await compareOrders(desk, differences);
    await compareHoldings(desk, differences);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { kind: 'failed', atMs, reason: error.message };
  }
  const doubtful = [...desk.book.liveOrders()].filter((row) => inDoubt(row));
  return {
    kind: 'reconciled',
    atMs,
    // What takes a person is found by every question of the pass.
    differences: [...new Map(differences.map((one) => [differenceKey(one), one])).values()],
    inDoubt: doubtful.map(({ order }) => order.clientOrderId),
  };
}

async function compareOrders(desk: ReconcileDesk, found: Difference[]): Promise<void> {
  const { book, questions, investigator } = desk;
  // Only what the venue has answered before it is asked can be missing in its answer.
  const ours = [...book.liveOrders()]
    .map(({ order }) => order.clientOrderId)
    .filter((id) => !desk.isUnderWay(id));
  const were = new Map([...book.liveOrders()].map((row) => [row.order.clientOrderId, asWas(row)]));
  const open = answered('open orders', await questions.openOrders());
  refuse('fills', await desk.catchUp(found));
  const listed = new Map<string, VenueOrderReport>();
  for (const report of open) {
    const { clientOrderId } = report;
    if (clientOrderId !== undefined) listed.set(clientOrderId, report);
    const row = await orderOf(desk, clientOrderId);
    if (row === undefined) {
      found.push(...foreign(desk, report));
      continue;
    }
    const id = row.order.clientOrderId;
    const was = were.get(id);
    // What is over for us may have ended since the venue was asked.
    if (was === undefined || !isOpen(row.state)) refuse('order', await investigator.look(id, found));
    else if (!desk.isUnderWay(id)) await investigator.learn(row, was, report, found);
  }
  for (const clientOrderId of ours) {
    const row = book.order(clientOrderId);
    if (row === undefined || listed.has(clientOrderId) || (!isOpen(row.state) && !inDoubt(row))) continue;
    refuse('order', await investigator.look(clientOrderId, found));
  }
}

async function orderOf(desk: ReconcileDesk, id: string | undefined): Promise<OrderView | undefined> {
  if (id === undefined) return undefined;
  if (desk.book.order(id) === undefined) await desk.revive(id);
  return desk.book.order(id);
}

function foreign(desk: ReconcileDesk, report: VenueOrderReport): Difference[] {
  const { accountId, instrumentId, clientOrderId, venueOrderId, side, quantity, price } = report;
  if (desk.book.account(accountId) === undefined) return []; // somebody else's
  const detail = `order ${clientOrderId ?? venueOrderId ?? 'without an id'}: ${side} ${quantity} at ${price}`;
  return [{ code: 'ORDER_FOREIGN', settled: false, detail, accountId, instrumentId }];
}

/**
 * What differs must differ by the same amount at each look, and our side of it must not have moved while the venue was
 * asked: fills may be on their way.
 */
async function compareHoldings(desk: ReconcileDesk, found: Difference[]): Promise<void> {
  const looks = new LookCount(desk.clock, { looks: LOOKS, graceMs: 0 });
  for (let look = 1; ; look += 1) {
    const differences = await lookAtHoldings(desk);
    const lasting = differences.filter((one) => looks.more(differenceKey(one), undefined) !== undefined);
    if (differences.length === 0 || look === LOOKS) {
      found.push(...lasting);
      return;
    }
    await desk.clock.sleep(RECHECK_MS, desk.stopping).catch((error: unknown) => {
      throw new NoAnswer(messageOf(error));
    });
    refuse('fills', await desk.catchUp(found));
  }
}

/** What differs and has not moved since the question: an answer may be of any moment since. */
async function lookAtHoldings({ book, questions, instrumentIds }: ReconcileDesk): Promise<Difference[]> {
  const still = new Holdings(book);
  const positions = answered('positions', await questions.positions());
  const ofPositions = comparePositions(book, positions, instrumentIds).filter((one) => still.are(one));
  const alsoStill = new Holdings(book);
  const balances = answered('balances', await questions.balances());
  const ofBalances = compareBalances(book, balances).filter((one) => alsoStill.are(one));
  return [...ofPositions, ...ofBalances];
}

function answered<T>(
  what: string,
  answer: { kind: 'answer'; value: T } | { kind: 'none'; reason: string },
): T {
  if (answer.kind === 'answer') return answer.value;
  throw new NoAnswer(`${what}: ${answer.reason}`);
}

function refuse(what: string, reason: string | undefined): void {
  if (reason !== undefined) throw new NoAnswer(`${what}: ${reason}`);
}
