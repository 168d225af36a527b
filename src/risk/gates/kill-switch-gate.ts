import { deny } from '../../trading/denial.ts';
import type { Denial } from '../../trading/denial.ts';
import type { RiskGate } from '../risk-gate.ts';
import type { TradingState } from '../trading-state.ts';

/** Lets everything through when active, exits when reducing, nothing when halted. */
export const killSwitchGate = (): RiskGate => ({
  name: 'kill-switch',
  appliesTo: 'all',
  measure: (_order, { trading, restriction }) => ({
    measured: trading,
    ...(restriction !== undefined && { note: restriction }),
  }),
  check(_order, { trading, isExit, restriction }) {
    return restricted(trading, isExit, restriction);
  },
});

/**
 * The same question, asked again right before the send.
 *
 * @param why scope and reason of what restricts trading
 */
export function restricted(trading: TradingState, isExit: boolean, why?: string): Denial | undefined {
  if (trading === 'active' || (trading === 'reducing' && isExit)) return undefined;
  const facts = why === undefined ? {} : { note: why };
  return deny('kill-switch', trading === 'reducing' ? 'KILL_SWITCH_REDUCING' : 'KILL_SWITCH_HALTED', facts);
}
