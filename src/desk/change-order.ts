import { toText } from '../core/increment.ts';
import { lots, sub } from '../core/units.ts';
import type { ExecutionFacts, ExecutionPolicy } from '../execution/execution-policy.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import type { Book } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { Amendment, HeldOrder } from '../trading/order-event.ts';
import type { OrderIntent } from '../trading/order-intent.ts';
import { priceOrder } from '../trading/price-order.ts';
import type { OrderChange } from '../trading/amend-outcome.ts';

export type ChangeDecision =
  | { readonly kind: 'denied'; readonly denials: readonly Denial[] }
  /** The order as it is to be; nothing has been held for it yet. */
  | { readonly kind: 'changed'; readonly order: HeldOrder; readonly to: Amendment };

export interface ChangeDeps {
  readonly book: Book;
  readonly guard: RiskGuard;
  readonly policy: ExecutionPolicy;
  factsOf(order: HeldOrder): ExecutionFacts;
  /** Why nothing may be let through that has to be audited. */
  noAudit(): Denial | undefined;
}

/** Whether what is left of an order risks no more when it has changed: an exit, or no more of it at no other price. */
export function tightens({ order }: OrderView, to: Amendment): boolean {
  return to.isExit || (to.qty <= order.qty && to.worst === order.worst);
}

/**
 * Decides whether an open order may become another: all gates look at what would be left of it, as if the old one were
 * not there. Leaves no trace; whoever goes on holds the larger of the two, and spends what it adds, in the same tick.
 */
export function decideChange(deps: ChangeDeps, row: OrderView, change: OrderChange): ChangeDecision {
  const { book, guard, policy } = deps;
  const { order, state, amendment, cumulative } = row;
  if (state !== 'working' || amendment !== undefined) {
    const measured = amendment === undefined ? state : 'being amended';
    return denied(deny('amend', 'AMEND_NOT_WORKING', { measured }));
  }
  const { instrument } = order;
  const priced = priceOrder(intentOf(row, change), instrument, book.view(instrument.instrumentId));
  if ('code' in priced) return denied(priced);
  if (!(priced.qty > cumulative)) {
    return denied(deny('amend', 'AMEND_BELOW_FILLED', { measured: priced.qty, limit: cumulative }));
  }
  const old = { ...order, qty: row.leaves };
  book.drop(old);
  try {
    const asked = sub(priced.qty, cumulative);
    const verdict = guard.reserve({ ...priced, qty: asked });
    if (verdict.decision === 'reject') return { kind: 'denied', denials: verdict.denials };
    using reservation = verdict.reservation;
    // All of it or nothing.
    if (verdict.decision === 'resize') return denied(verdict.because);
    const left = reservation.order;
    if (left.qty !== asked) {
      return denied(deny('amend', 'NOTHING_TO_REDUCE', { measured: asked, limit: left.qty }));
    }
    const denials = policy.evaluate(left, { ...deps.factsOf(left), seen: NOTHING }, old);
    if (denials.length > 0) return { kind: 'denied', denials };
    const { worst, isExit, mark } = left;
    const to = { qty: priced.qty, worst, isExit, ...(mark !== undefined && { mark }) };
    const unaudited = tightens(row, to) ? undefined : deps.noAudit();
    if (unaudited !== undefined) return denied(unaudited);
    return { kind: 'changed', order: { ...left, qty: priced.qty }, to };
  } finally {
    book.hold(old);
  }
}

const denied = (denial: Denial): ChangeDecision => ({ kind: 'denied', denials: [denial] });

/** It is the same order: its id has been seen, of course. */
const NOTHING = { has: () => false };

/** The intent as it would have been; a market order has become a limit order at its worst price. */
function intentOf({ order }: OrderView, { quantity, limit }: OrderChange): OrderIntent {
  const { instrument, intent, qty, worst, postOnly, timeInForce } = order;
  return {
    ...intent,
    quantity: quantity ?? toText(lots(qty), instrument.grid.step),
    price: {
      type: 'limit',
      limit: limit ?? toText(worst, instrument.grid.tick),
      postOnly,
      timeInForce,
    },
  };
}
