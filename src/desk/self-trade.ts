import type { AuditEvent } from '../audit/audit-log.ts';
import { toText } from '../core/increment.ts';
import { type Lots, min, sub } from '../core/units.ts';
import { selfCrossing } from '../risk/gates/self-crossing.ts';
import type { SelfTradeMode } from '../risk/order-controls.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import { inScope } from '../risk/trading-state.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { type AmendDesk, amend } from './amend.ts';
import { answerInTime } from './answer-in-time.ts';
import { type CancelRoundDesk, cancel } from './cancel.ts';

/** What prevention needs of its desk. */
export interface SelfTradeDesk extends CancelRoundDesk, AmendDesk {
  readonly guard: Pick<RiskGuard, 'basis' | 'evaluate' | 'venueName'>;
  readonly path: {
    price(intent: OrderIntent): PricedOrder | Denial;
    wouldGo(
      order: PricedOrder,
      overridden: ReadonlySet<string> | undefined,
      cleared: ReadonlySet<string>,
    ): boolean;
  };
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

/** How orders that meet in a scope are dealt with. The first of these that any limit asks for. */
const MODES: readonly SelfTradeMode[] = ['cancel-newest', 'cancel-oldest', 'decrement'];

/**
 * Clears the way for an order that would trade with live orders of our own, where limits say so: `cancel-oldest` cancels
 * those, `decrement` takes the smaller of the two quantities off both, an exit cancels them in every mode. Waits for their
 * ends as long as the venue may take; what still stands then leaves the guard to deny an entry, while an exit goes. For
 * an order that anything else of either engine denies nothing is done: no limit of self-trade can be overridden.
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
  const gates = guard.basis.gates.filter(isSelfTrade);
  if (gates.length === 0) return undefined;
  const order = path.price(intent);
  if ('code' in order || book.order(order.clientOrderId) !== undefined) return undefined;
  const mode = modeFor(desk, order);
  const crossing = [...selfCrossing(book, order)];
  if (mode === undefined || crossing.length === 0) return undefined;
  const cleared = new Set(gates);
  const verdict = guard.evaluate(order, overridden, cleared);
  if (verdict.decision === 'reject' || (mode === 'cancel-newest' && !verdict.isExit)) return undefined;
  const { quantity, isExit } = verdict;
  const decrements = mode === 'decrement' && !isExit;
  const left = decrements ? leftOf(quantity, crossing) : quantity;
  // Where nothing would be left, the order has to be one that could go as it is.
  if (!path.wouldGo({ ...order, qty: left === 0 ? quantity : left }, overridden, cleared)) return undefined;
  return decrements ? decrement(desk, order, quantity, crossing) : giveWay(desk, order, crossing);
}

const GATE = 'self-trade';

const isSelfTrade = (gate: string): boolean => gate === GATE || gate.startsWith(`${GATE}@`);

function modeFor({ guard }: SelfTradeDesk, order: PricedOrder): SelfTradeMode | undefined {
  const asked = guard.basis.limits.flatMap(({ selfTrade, scopes }) => [
    selfTrade,
    ...scopes.filter(({ scope }) => inScope(scope, order, guard.venueName)).map((scoped) => scoped.selfTrade),
  ]);
  return MODES.find((mode) => asked.includes(mode));
}

/** What decrementing would leave of a quantity. */
const leftOf = (quantity: Lots, crossing: readonly OrderView[]): Lots =>
  crossing.reduce((left, { leaves }) => sub(left, min(left, leaves)), quantity);

async function giveWay(
  desk: SelfTradeDesk,
  order: PricedOrder,
  crossing: readonly OrderView[],
): Promise<Prevented> {
  const ids = crossing.map(({ order: { clientOrderId } }) => clientOrderId);
  await ended(desk, ids);
  tell(desk, order, { cancelled: ids });
  return { intent: order.intent };
}

async function decrement(
  desk: SelfTradeDesk,
  order: PricedOrder,
  quantity: Lots,
  crossing: readonly OrderView[],
): Promise<Prevented> {
  const cancelled: string[] = [];
  const reduced: string[] = [];
  let left = quantity;
  for (const row of crossing) {
    if (left === 0) break;
    const { leaves, order: resting } = row;
    const off = min(left, leaves);
    left = sub(left, off);
    const isReduced = off < leaves && (await reduce(desk, row, off));
    (isReduced ? reduced : cancelled).push(resting.clientOrderId);
  }
  await ended(desk, cancelled);
  tell(desk, order, { cancelled, reduced });
  const because = deny(GATE, 'SELF_TRADE', {
    measured: quantity,
    limit: left,
    note: [...cancelled, ...reduced].join(' '),
  });
  return { intent: order.intent, atMost: { qty: left, because, inputs: INPUTS } };
}

/** Takes a part off a resting order; `false` when that is not to be had. */
async function reduce(desk: SelfTradeDesk, { order }: OrderView, off: Lots): Promise<boolean> {
  const { clientOrderId, qty, instrument } = order;
  const quantity = toText(sub(qty, off), instrument.grid.step);
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
