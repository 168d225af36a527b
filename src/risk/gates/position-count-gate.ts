import { deny } from '../../trading/denial.ts';
import type { RiskGate } from '../risk-gate.ts';

/**
 * At most `maxPositions` instruments with a position or a working order. One that is counted already costs nothing; an
 * account over the limit takes exits only.
 */
export const positionCountGate = (maxPositions: number): RiskGate => ({
  name: 'position-count',
  appliesTo: 'entries',
  check(_order, { account, cell }) {
    const counted = cell !== undefined && (cell.pos !== 0 || cell.buy > 0 || cell.sell > 0);
    const count = account.count + (counted ? 0 : 1);
    if (count <= maxPositions) return undefined;
    return deny('position-count', 'POSITION_COUNT_LIMIT', { measured: count, limit: maxPositions });
  },
});
