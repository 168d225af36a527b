import { deny } from '../../trading/denial.ts';
import type { ExecutionGate } from '../execution-gate.ts';

export interface CollarLimits {
  readonly entry: number;
  readonly exit: number;
}

/** The worst price stays near the last good mark, on either side of it. Cannot be turned off. */
export const priceCollarGate = (limits: CollarLimits): ExecutionGate => ({
  name: 'price-collar',
  check({ isExit, worst }, { mark }) {
    const limit = isExit ? limits.exit : limits.entry;
    const distanceBps = (Math.abs(worst - mark) * 10_000) / mark;
    if (distanceBps >= 0 && distanceBps <= limit) return undefined;
    return deny('price-collar', 'PRICE_COLLAR', { measured: distanceBps, limit });
  },
});
