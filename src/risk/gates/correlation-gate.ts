import { type Units, add, units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import { moneyText } from '../money-text.ts';
import type { RiskGate } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/** Says which instruments move together. */
export interface Clusters {
  /** Whether two different instruments count as correlated. Not knowing is a yes. */
  correlated(instrumentId: string, otherId: string): boolean;
}

/** Nothing is known, so everything moves together: the cluster limit is then a second limit on the total. */
export const ALL_CORRELATED: Clusters = { correlated: () => true };

/**
 * Worst-case exposure to all that moves with the instrument: gross, without credit for hedges. What does not grow passes.
 */
export const correlationGate = (
  maxClusterExposure: Units,
  clusters: Clusters = ALL_CORRELATED,
): RiskGate => ({
  name: 'correlation',
  appliesTo: 'entries',
  check({ instrument: { instrumentId } }, view) {
    const { account } = view;
    let exposure = view.worstAfter;
    for (const cell of account.cells()) {
      const other = cell.instrument.instrumentId;
      if (other !== instrumentId && clusters.correlated(instrumentId, other))
        exposure = add(exposure, cell.worst);
    }
    if (maySpan(maxClusterExposure, exposure, view)) return undefined;
    const members = [...account.cells()]
      .filter(({ instrument, worst }) => instrument.instrumentId !== instrumentId && !(worst <= units(0)))
      .map(({ instrument }) => instrument.instrumentId)
      .filter((other) => clusters.correlated(instrumentId, other));
    return deny('correlation', 'CLUSTER_EXPOSURE_LIMIT', {
      measured: moneyText(exposure),
      limit: moneyText(maxClusterExposure),
      note: `moves with ${members.join(', ') || 'nothing else held'}`,
    });
  },
});
