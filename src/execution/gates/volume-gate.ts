import { deny } from '../../trading/denial.ts';
import type { ExecutionGate } from '../execution-gate.ts';
import type { LimitPair } from '../execution-limits.ts';

/** The order as a fraction of what was traded in the view's volume window. */
export const volumeGate = (limits: LimitPair): ExecutionGate => ({
  name: 'volume',
  check({ isExit, qty, view: { recentVolume, volumeWindowMs } }) {
    const limit = isExit ? limits.exit : limits.entry;
    if (limit === 'none') return undefined;
    const fraction = qty / recentVolume;
    if (fraction >= 0 && fraction <= limit) return undefined;
    return deny('volume', 'VOLUME_TOO_LOW', {
      measured: fraction,
      limit,
      note: `of the volume of ${volumeWindowMs} ms`,
    });
  },
});
