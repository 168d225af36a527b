import { moneyText } from '../../core/money-text.ts';
import { type Ticks, type Units, add, max, notional, sub, ticks } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { HeldOrder } from '../../trading/order-event.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

export interface SlippageLimits {
  readonly perOrderBps: LimitPair;
  readonly perDay: Units | 'none';
}

/** How much worse than the mark an order may trade, per order in bps and per day in money. Exits spend no budget. */
export const slippageGate = ({ perOrderBps, perDay }: SlippageLimits): ExecutionGate => ({
  name: 'slippage-budget',
  check(order, { mark, spentSlippage }) {
    const limit = order.isExit ? perOrderBps.exit : perOrderBps.entry;
    if (limit !== 'none') {
      const slippageBps = (beyond(order, mark) * 10_000) / mark;
      if (!(slippageBps <= limit))
        return deny('slippage-budget', 'SLIPPAGE_BUDGET', { measured: slippageBps, limit });
    }
    if (perDay === 'none' || order.isExit) return undefined;
    const spent = add(spentSlippage, slippageMoney(order, mark));
    if (spent <= perDay) return undefined;
    return deny('slippage-budget', 'SLIPPAGE_BUDGET', {
      measured: moneyText(spent),
      limit: moneyText(perDay),
      note: 'of the day',
    });
  },
});

/** What of an order says how much it may cost beyond the mark. */
export type SlippageTerms = Pick<HeldOrder, 'instrument' | 'side' | 'qty' | 'worst' | 'isExit'>;

/** The money by which an order may trade worse than the mark; 0 for one that cannot. */
export const slippageMoney = (order: SlippageTerms, mark: Ticks): Units =>
  notional(order.instrument.grid, order.qty, beyond(order, mark));

/** How far beyond the mark the worst price is, against the trader; 0 on the near side, NaN without a mark. */
const beyond = ({ side, worst }: SlippageTerms, mark: Ticks): Ticks => {
  if (!(mark > 0)) return ticks(NaN);
  return max(side === 'buy' ? sub(worst, mark) : sub(mark, worst), ticks(0));
};
