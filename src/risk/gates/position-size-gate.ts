import type { Units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import { moneyText } from '../../core/money-text.ts';
import type { RiskGate } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/** Worst-case exposure in one instrument. What does not grow passes, so an account over its limit can shrink. */
export const positionSizeGate = (maxPositionNotional: Units): RiskGate => ({
  name: 'position-size',
  appliesTo: 'entries',
  check(_order, view) {
    const { worstAfter } = view;
    if (maySpan(maxPositionNotional, worstAfter, view)) return undefined;
    return deny('position-size', 'POSITION_SIZE_LIMIT', {
      measured: moneyText(worstAfter),
      limit: moneyText(maxPositionNotional),
    });
  },
});
