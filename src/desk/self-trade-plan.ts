import { type Lots, min, sub } from '../core/units.ts';
import { selfCrossing } from '../risk/gates/self-crossing.ts';
import type { SelfTradeMode } from '../risk/order-controls.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import { inScope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { PricedOrder } from '../trading/price-order.ts';

/** What self-trade prevention does to orders of our own that rest in the way, before the order is decided. */
export interface SelfTradePlan {
  /** The first of `cancel-newest`, `cancel-oldest` and `decrement` that any limit asks for. */
  readonly mode: SelfTradeMode;
  /** Ids of the resting orders to cancel, oldest first. */
  readonly cancels: readonly string[];
  /** The one to make smaller, after those. */
  readonly reduces?: { readonly row: OrderView; readonly by: Lots };
  /** What the guard lets through of the order. */
  readonly quantity: Lots;
  /** What is left of that. */
  readonly left: Lots;
}

export interface SelfTradeDeps {
  readonly book: Pick<BookReader, 'workingOn'>;
  readonly guard: Pick<RiskGuard, 'basis' | 'evaluate' | 'venueName'>;
  /** Whether both engines would let it go, once the gates named are satisfied. */
  wouldGo(
    order: PricedOrder,
    overridden: ReadonlySet<string> | undefined,
    cleared: ReadonlySet<string>,
  ): boolean;
}

/** The first of these that any limit asks for is how orders that meet are dealt with. */
const MODES: readonly SelfTradeMode[] = ['cancel-newest', 'cancel-oldest', 'decrement'];

const GATE = 'self-trade';

export const isSelfTrade = (gate: string): boolean => gate === GATE || gate.startsWith(`${GATE}@`);

/** Names of the gates of self-trade of a guard: of all orders, and of scopes. */
export const selfTradeGates = ({ basis }: Pick<RiskGuard, 'basis'>): ReadonlySet<string> =>
  new Set(basis.gates.filter(isSelfTrade));

/**
 * Clears the way of an order through live orders of our own, where limits say so: `cancel-oldest` cancels those,
 * `decrement` takes the smaller of the two quantities off both, an exit cancels them in every mode. Changes nothing.
 *
 * @param overridden names of gates that need not let it pass. No limit of self-trade can be overridden
 * @returns `undefined` where nothing is to be done: nothing rests in the way, or something else denies the order
 */
export function selfTradePlan(
  deps: SelfTradeDeps,
  order: PricedOrder,
  overridden?: ReadonlySet<string>,
): SelfTradePlan | undefined {
  const { book, guard } = deps;
  const cleared = selfTradeGates(guard);
  if (cleared.size === 0) return undefined;
  const mode = modeFor(guard, order);
  const crossing = [...selfCrossing(book, order)];
  if (mode === undefined || crossing.length === 0) return undefined;
  const verdict = guard.evaluate(order, overridden, cleared);
  if (verdict.decision === 'reject' || (mode === 'cancel-newest' && !verdict.isExit)) return undefined;
  const { quantity, isExit } = verdict;
  const plan =
    mode === 'decrement' && !isExit
      ? decrement(quantity, crossing)
      : { cancels: crossing.map(({ order: { clientOrderId } }) => clientOrderId), left: quantity };
  // Where nothing would be left, the order has to be one that could go as it is.
  const goes = { ...order, qty: plan.left === 0 ? quantity : plan.left };
  return deps.wouldGo(goes, overridden, cleared) ? { mode, quantity, ...plan } : undefined;
}

/** As far as the quantity reaches: only of the last one can anything be left. */
function decrement(
  quantity: Lots,
  crossing: readonly OrderView[],
): Pick<SelfTradePlan, 'cancels' | 'reduces' | 'left'> {
  const cancels: string[] = [];
  let left = quantity;
  for (const row of crossing) {
    if (left === 0) break;
    const by = min(left, row.leaves);
    left = sub(left, by);
    if (by < row.leaves) return { cancels, reduces: { row, by }, left };
    cancels.push(row.order.clientOrderId);
  }
  return { cancels, left };
}

function modeFor(
  { basis, venueName }: Pick<RiskGuard, 'basis' | 'venueName'>,
  order: PricedOrder,
): SelfTradeMode | undefined {
  const asked = basis.limits.flatMap(({ selfTrade, scopes }) => [
    selfTrade,
    ...scopes.filter(({ scope }) => inScope(scope, order, venueName)).map((scoped) => scoped.selfTrade),
  ]);
  return MODES.find((mode) => asked.includes(mode));
}
