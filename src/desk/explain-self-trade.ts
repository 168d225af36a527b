import { type Lots, min, sub } from '../core/units.ts';
import { selfCrossing } from '../risk/gates/self-crossing.ts';
import type { SelfTradeMode } from '../risk/order-controls.ts';
import type { RiskGuard } from '../risk/risk-guard.ts';
import { inScope } from '../risk/trading-state.ts';
import type { BookReader } from '../trading/book.ts';
import type { GateExplanation } from '../trading/measurement.ts';
import type { PricedOrder } from '../trading/price-order.ts';

/** What self-trade prevention would do to orders of our own that rest in the way, before the order is decided. */
export interface ExplainedSelfTrade {
  /** The strictest that any limit asks for. */
  readonly mode: SelfTradeMode;
  /** Ids of the resting orders that would be cancelled. */
  readonly cancels: readonly string[];
  /** Ids of those that would be made smaller. */
  readonly reduces: readonly string[];
  /** What would be left of the order, in lots; 0 where nothing would go. */
  readonly left: Lots;
}

export interface ExplainSelfTradeDeps {
  readonly book: BookReader;
  readonly guard: RiskGuard;
  /** Whether both engines would let it go, once the gates named are satisfied. */
  wouldGo(order: PricedOrder, cleared: ReadonlySet<string>): boolean;
}

const MODES: readonly SelfTradeMode[] = ['cancel-newest', 'cancel-oldest', 'decrement'];
const isSelfTrade = (gate: string): boolean => gate === 'self-trade' || gate.startsWith('self-trade@');

/** `undefined` where prevention would touch nothing: nothing rests in the way, or the order is denied all the same. */
export function selfTradeOf(deps: ExplainSelfTradeDeps, order: PricedOrder): ExplainedSelfTrade | undefined {
  const { book, guard } = deps;
  const cleared = new Set(guard.basis.gates.filter(isSelfTrade));
  if (cleared.size === 0) return undefined;
  const mode = modeFor(guard, order);
  const crossing = [...selfCrossing(book, order)];
  if (mode === undefined || crossing.length === 0) return undefined;
  const verdict = guard.evaluate(order, undefined, cleared);
  if (verdict.decision === 'reject' || (mode === 'cancel-newest' && !verdict.isExit)) return undefined;
  const { quantity, isExit } = verdict;
  const cancels: string[] = [];
  const reduces: string[] = [];
  let left = quantity;
  for (const { leaves, order: resting } of crossing) {
    const off = min(left, leaves);
    const isCancelled = mode !== 'decrement' || isExit || off === leaves;
    if (!isCancelled && off === 0) break;
    (isCancelled ? cancels : reduces).push(resting.clientOrderId);
    if (mode === 'decrement' && !isExit) left = sub(left, off);
  }
  if (!deps.wouldGo({ ...order, qty: left === 0 ? quantity : left }, cleared)) return undefined;
  return { mode, cancels, reduces, left };
}

/** The explanation of a gate of self-trade, with what would be done first. */
export function withSelfTrade(
  entry: GateExplanation,
  { mode, cancels, reduces }: ExplainedSelfTrade,
): GateExplanation {
  if (!isSelfTrade(entry.gate) || entry.outcome !== 'denied') return entry;
  const done = [
    ...(cancels.length > 0 ? [`cancels ${cancels.join(' ')}`] : []),
    ...(reduces.length > 0 ? [`reduces ${reduces.join(' ')}`] : []),
  ];
  return { ...entry, note: `${mode} first ${done.join(', ')}` };
}

function modeFor({ basis, venueName }: RiskGuard, order: PricedOrder): SelfTradeMode | undefined {
  const asked = basis.limits.flatMap(({ selfTrade, scopes }) => [
    selfTrade,
    ...scopes.filter(({ scope }) => inScope(scope, order, venueName)).map((scoped) => scoped.selfTrade),
  ]);
  return MODES.find((mode) => asked.includes(mode));
}
