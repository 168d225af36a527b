import type { AuditEvent } from '../audit/audit-log.ts';
import { toText } from '../core/increment.ts';
import { type Lots, sub } from '../core/units.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { type AmendDesk, amend } from './amend.ts';
import { answerInTime } from './answer-in-time.ts';
import { type CancelRoundDesk, cancel } from './cancel.ts';
import { type SelfTradeDeps, type SelfTradePlan, selfTradeGates, selfTradePlan } from './self-trade-plan.ts';

/** What prevention needs of its desk. */
export interface SelfTradeDesk extends CancelRoundDesk, AmendDesk {
  readonly guard: SelfTradeDeps['guard'];
  readonly path: Pick<SelfTradeDeps, 'wouldGo'> & { price(intent: OrderIntent): PricedOrder | Denial };
  readonly recorder: { audit(event: AuditEvent): void };
}

/** What is to be decided when the way is clear. */
export interface Prevented {
  /** As it was when it was asked. */
  readonly intent: OrderIntent;
  readonly atMost?: AtMost;
}

/** No more than that, and why. */
export interface AtMost {
  readonly qty: Lots;
  readonly because: Denial;
  /** Why it cannot be recorded what the verdict was made from. */
  readonly inputs: string;
}

const INPUTS = 'not to be had: self-trade prevention had taken a part off the order before';

/**
 * Clears the way for an order that would trade with live orders of our own, as the {@link selfTradePlan} says. Waits for
 * their ends as long as the venue may take; what still stands then leaves the guard to deny an entry, while an exit goes.
 * For an order that anything else of either engine denies nothing is done.
 *
 * @param overridden names of gates that need not let it pass
 * @returns `undefined`, in the same tick, where there is nothing to do
 */
export function preventSelfTrade(
  desk: SelfTradeDesk,
  intent: OrderIntent,
  overridden?: ReadonlySet<string>,
): Promise<Prevented> | undefined {
  const { guard, book, path } = desk;
  if (selfTradeGates(guard).size === 0) return undefined;
  const order = path.price(intent);
  if ('code' in order || book.order(order.clientOrderId) !== undefined) return undefined;
  const wouldGo: SelfTradeDeps['wouldGo'] = (one, but, cleared) => path.wouldGo(one, but, cleared);
  const plan = selfTradePlan({ book, guard, wouldGo }, order, overridden);
  return plan && clearWay(desk, order, plan);
}

async function clearWay(
  desk: SelfTradeDesk,
  order: PricedOrder,
  { cancels, reduces, quantity, left }: SelfTradePlan,
): Promise<Prevented> {
  const { intent } = order;
  const last = reduces?.row.order.clientOrderId;
  const isReduced = reduces !== undefined && (await reduce(desk, reduces));
  const reduced = last !== undefined && isReduced ? [last] : [];
  const cancelled = last !== undefined && !isReduced ? [...cancels, last] : cancels;
  await ended(desk, cancelled);
  if (left === quantity) {
    tell(desk, order, { cancelled });
    return { intent };
  }
  tell(desk, order, { cancelled, reduced });
  const note = [...cancelled, ...reduced].join(' ');
  const because = deny('self-trade', 'SELF_TRADE', { measured: quantity, limit: left, note });
  return { intent, atMost: { qty: left, because, inputs: INPUTS } };
}

/** Takes a part off a resting order; `false` when that is not to be had. */
async function reduce(
  desk: SelfTradeDesk,
  { row, by }: NonNullable<SelfTradePlan['reduces']>,
): Promise<boolean> {
  const { clientOrderId, qty, instrument } = row.order;
  const quantity = toText(sub(qty, by), instrument.grid.step);
  return (await amend(desk, clientOrderId, { quantity })).kind === 'amended';
}

/** Cancels orders and waits for their ends, in all as long as the venue may take. What it refuses to cancel is not waited for. */
async function ended(desk: SelfTradeDesk, ids: readonly string[]): Promise<void> {
  const cancels = ids.map(async (id) =>
    desk.isCancelling(id) || (await cancel(desk, id)).kind !== 'failed' ? [id] : [],
  );
  await answerInTime(desk.clock, desk.venueTimeoutMs, async (signal) =>
    desk.ended((await Promise.all(cancels)).flat(), signal),
  );
}

/** @param done what was done to which orders */
function tell(
  desk: SelfTradeDesk,
  { clientOrderId, accountId, strategyId, instrument }: PricedOrder,
  done: { readonly cancelled: readonly string[]; readonly reduced?: readonly string[] },
): void {
  const { instrumentId } = instrument;
  const left = done.cancelled.filter((id) => isOpen(desk.book.order(id)?.state ?? 'rejected'));
  const about = { clientOrderId, accountId, strategyId, instrumentId };
  desk.recorder.audit({ kind: 'self-trade.prevented', ...about, ...done, left });
}
