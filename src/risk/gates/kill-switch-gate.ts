import { deny } from '../../trading/denial.ts';
import type { RiskGate } from '../risk-gate.ts';

/** Lets everything through when active, exits when reducing, nothing when halted. */
export const killSwitchGate = (): RiskGate => ({
  name: 'kill-switch',
  appliesTo: 'all',
  check(_order, { trading, isExit }) {
    if (trading === 'active') return undefined;
    if (trading === 'reducing' && isExit) return undefined;
    return deny('kill-switch', trading === 'reducing' ? 'KILL_SWITCH_REDUCING' : 'KILL_SWITCH_HALTED');
  },
});
