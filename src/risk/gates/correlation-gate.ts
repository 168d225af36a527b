import { type Units, add, sub, units } from '../../core/units.ts';
import type { AccountView } from '../../trading/book-account.ts';
import type { CellView } from '../../trading/book-cell.ts';
import { deny } from '../../trading/denial.ts';
import { moneyText } from '../../core/money-text.ts';
import type { RiskGate } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/** Says which instruments move together. */
export interface Clusters {
  /** Whether two different instruments count as correlated. Not knowing is a yes. */
  correlated(instrumentId: string, otherId: string): boolean;
}

/**
 * Worst-case exposure to all that moves with the instrument: gross, without credit for hedges. What does not grow passes.
 *
 * @param clusters Without it nothing is known and everything moves together: a second limit on the total.
 */
export const correlationGate = (maxClusterExposure: Units, clusters?: Clusters): RiskGate => ({
  name: 'correlation',
  appliesTo: 'entries',
  check({ instrument: { instrumentId } }, view) {
    const { account, worstBefore, worstAfter } = view;
    const others =
      clusters === undefined ? sub(account.gross, worstBefore) : exposureTo(instrumentId, account, clusters);
    const exposure = add(others, worstAfter);
    if (maySpan(maxClusterExposure, exposure, view)) return undefined;
    const members = [...membersWith(instrumentId, account, clusters)].map(
      ({ instrument }) => instrument.instrumentId,
    );
    return deny('correlation', 'CLUSTER_EXPOSURE_LIMIT', {
      measured: moneyText(exposure),
      limit: moneyText(maxClusterExposure),
      note: `moves with ${members.join(', ') || 'nothing else held'}`,
    });
  },
});

function exposureTo(instrumentId: string, account: AccountView, clusters: Clusters): Units {
  let sum = units(0);
  for (const { worst } of membersWith(instrumentId, account, clusters)) sum = add(sum, worst);
  return sum;
}

/** What else is held or being ordered and moves with the instrument. An exposure that is unknown is one. */
function* membersWith(instrumentId: string, account: AccountView, clusters?: Clusters): Generator<CellView> {
  for (const cell of account.cells()) {
    const other = cell.instrument.instrumentId;
    if (other === instrumentId || cell.worst <= 0) continue;
    if (clusters?.correlated(instrumentId, other) !== false) yield cell;
  }
}
