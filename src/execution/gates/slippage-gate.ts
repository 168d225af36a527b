import { moneyText } from '../../core/money-text.ts';
import { type Ticks, type Units, add, max, notional, sub, ticks, units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate, ExecutionView } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

/** One amount for every strategy, or one by strategy id; entries of a strategy without an amount are denied. */
export type StrategyBudget = Units | 'none' | Readonly<Record<string, Units | 'none'>>;

export interface SlippageLimits {
  readonly perOrderBps: LimitPair;
  readonly perDay: Units | 'none';
  /** Default: none. */
  readonly perStrategyDay?: StrategyBudget;
}

const BOUNDS = ['order', 'day', 'strategy'] as const;
type Bound = (typeof BOUNDS)[number];

/**
 * How much worse than the mark an order may trade: per order in bps, per day in money, and per day and strategy in money.
 * Exits spend no budget. What is measured is shown for the first bound that denies; of an order that passes, for the one
 * it comes nearest to.
 */
export function slippageGate({
  perOrderBps,
  perDay,
  perStrategyDay = 'none',
}: SlippageLimits): ExecutionGate {
  const budgetOf = budgets(perStrategyDay);
  const limitOf = (bound: Bound, order: HeldOrder): number | 'none' => {
    if (bound === 'order') return order.isExit ? perOrderBps.exit : perOrderBps.entry;
    if (order.isExit) return 'none';
    return bound === 'day' ? perDay : budgetOf(order.strategyId);
  };
  // One by one: a loop over them would be a sixth of the decision.
  const brokenBy = (order: HeldOrder, view: ExecutionView): Bound | undefined => {
    const limit = order.isExit ? perOrderBps.exit : perOrderBps.entry;
    if (limit !== 'none' && !(slippageBps(order, view.mark) <= limit)) return 'order';
    if (order.isExit) return undefined;
    if (perDay !== 'none' && !(used('day', order, view) <= perDay)) return 'day';
    if (perStrategyDay === 'none') return undefined;
    const budget = budgetOf(order.strategyId);
    return budget === 'none' || used('strategy', order, view) <= budget ? undefined : 'strategy';
  };
  const nearest = (order: HeldOrder, view: ExecutionView): Bound => {
    const shares = BOUNDS.map((bound) => shareOf(used(bound, order, view), limitOf(bound, order)));
    return BOUNDS[shares.indexOf(Math.max(...shares))] ?? 'order';
  };
  const measure = (order: HeldOrder, view: ExecutionView) => {
    const bound = brokenBy(order, view) ?? nearest(order, view);
    const measured = used(bound, order, view);
    const limit = limitOf(bound, order);
    if (bound === 'order' || limit === 'none') return { measured, limit };
    const note = bound === 'day' ? 'of the day' : `of the day, of strategy ${order.strategyId}`;
    return { measured: moneyText(units(measured)), limit: moneyText(units(limit)), note };
  };
  return {
    name: 'slippage-budget',
    measure,
    check(order, view) {
      if (brokenBy(order, view) === undefined) return undefined;
      return deny('slippage-budget', 'SLIPPAGE_BUDGET', measure(order, view));
    },
  };
}

/** What of an order says how much it may cost beyond the mark, and whom. */
export type SlippageTerms = Pick<
  HeldOrder,
  'instrument' | 'strategyId' | 'side' | 'qty' | 'worst' | 'isExit'
>;

/** The money by which an order may trade worse than the mark; 0 for one that cannot. */
export const slippageMoney = (order: SlippageTerms, mark: Ticks): Units =>
  notional(order.instrument.grid, order.qty, beyond(order, mark));

/** How far beyond the mark the worst price is, against the trader; 0 on the near side, NaN without a mark. */
const beyond = ({ side, worst }: SlippageTerms, mark: Ticks): Ticks => {
  if (!(mark > 0)) return ticks(NaN);
  return max(side === 'buy' ? sub(worst, mark) : sub(mark, worst), ticks(0));
};

const slippageBps = (order: SlippageTerms, mark: Ticks): number => (beyond(order, mark) * 10_000) / mark;

/** What would be used of a limit, the order included: bps of the order, or money of the day. */
function used(bound: Bound, order: HeldOrder, view: ExecutionView): number {
  const { mark, spentSlippage, spentSlippageByStrategy = units(NaN) } = view;
  if (bound === 'order') return slippageBps(order, mark);
  return add(bound === 'day' ? spentSlippage : spentSlippageByStrategy, slippageMoney(order, mark));
}

const shareOf = (amount: number, limit: number | 'none'): number => {
  if (limit === 'none') return -1;
  return limit === 0 ? 1 : amount / limit;
};

function budgets(perStrategyDay: StrategyBudget): (strategyId: string) => Units | 'none' {
  if (typeof perStrategyDay !== 'object') return () => perStrategyDay;
  const byStrategy = new Map(Object.entries(perStrategyDay));
  return (strategyId) => byStrategy.get(strategyId) ?? units(NaN);
}
