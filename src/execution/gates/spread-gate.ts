import { deny } from '../../trading/denial.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

/** The spread in bps of the middle. A crossed or one-sided book has none, and denies. */
export const spreadGate = (limits: LimitPair): ExecutionGate => ({
  name: 'spread',
  check({ isExit, view: { bids, asks } }) {
    const limit = isExit ? limits.exit : limits.entry;
    if (limit === 'none') return undefined;
    const bid = bids[0]?.price ?? NaN;
    const ask = asks[0]?.price ?? NaN;
    const spreadBps = ((ask - bid) * 20_000) / (ask + bid);
    if (spreadBps >= 0 && spreadBps <= limit) return undefined;
    return deny('spread', 'SPREAD_TOO_WIDE', { measured: spreadBps, limit });
  },
});
