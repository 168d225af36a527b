import { moneyText } from '../../core/money-text.ts';
import { type Units, add, sub, units } from '../../core/units.ts';
import { deny } from '../../trading/denial.ts';
import type { Measurement } from '../../trading/measurement.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { ExposureRow, RiskGate, RiskView } from '../risk-gate.ts';
import { maySpan } from './growth.ts';

/** Says which instruments move together. */
export interface Clusters {
  /** Whether two different instruments count as correlated, in whichever order. Not knowing is a yes. */
  correlated(instrumentId: string, otherId: string): boolean;
  /** Why: from -1 to 1, `undefined` while it is unknown. For verdicts. */
  correlation?(instrumentId: string, otherId: string): number | undefined;
}

/** Most members that a verdict names. */
const MAX_NAMED = 8;

/**
 * Worst-case exposure to all that moves with the instrument: gross, without credit for hedges. What does not grow passes.
 * The verdict names the members, with their correlation where it is known.
 *
 * @param clusters Without it nothing is known and everything moves together: a second limit on the total.
 */
export function correlationGate(maxClusterExposure: Units, clusters?: Clusters): RiskGate {
  const measure = ({ instrument: { instrumentId } }: PricedOrder, view: RiskView): Measurement => ({
    measured: moneyText(exposureWith(instrumentId, view, clusters)),
    limit: moneyText(maxClusterExposure),
    note: noteOn(instrumentId, view.row, clusters),
  });
  return {
    name: 'correlation',
    appliesTo: 'entries',
    check(order, view) {
      // No cluster is more than everything: mostly that is within the limit already.
      if (everythingWith(view) <= maxClusterExposure) return undefined;
      const exposure = exposureWith(order.instrument.instrumentId, view, clusters);
      if (maySpan(maxClusterExposure, exposure, view)) return undefined;
      return deny('correlation', 'CLUSTER_EXPOSURE_LIMIT', measure(order, view));
    },
    measure,
  };
}

const everythingWith = ({ row, worstBefore, worstAfter }: RiskView): Units =>
  add(sub(row.gross, worstBefore), worstAfter);

function exposureWith(instrumentId: string, view: RiskView, clusters: Clusters | undefined): Units {
  if (clusters === undefined) return everythingWith(view);
  const { row, worstBefore, worstAfter } = view;
  let sum = units(0);
  for (const { instrument, worst } of row.cells()) {
    const other = instrument.instrumentId;
    // A row of several accounts has the instrument of the order more than once.
    if (other === instrumentId || isMember(instrumentId, other, worst, clusters)) sum = add(sum, worst);
  }
  return add(sub(sum, worstBefore), worstAfter);
}

/** What else is held or being ordered and moves with the instrument. An exposure that is unknown is one. */
const isMember = (instrumentId: string, other: string, worst: Units, clusters?: Clusters): boolean =>
  other !== instrumentId && !(worst <= 0) && clusters?.correlated(instrumentId, other) !== false;

function noteOn(instrumentId: string, row: ExposureRow, clusters: Clusters | undefined): string {
  const members = new Set<string>();
  for (const { instrument, worst } of row.cells()) {
    const other = instrument.instrumentId;
    if (isMember(instrumentId, other, worst, clusters)) members.add(named(instrumentId, other, clusters));
  }
  if (members.size === 0) return 'moves with nothing else held';
  const more = members.size > MAX_NAMED ? ` and ${members.size - MAX_NAMED} more` : '';
  return `moves with ${[...members].slice(0, MAX_NAMED).join(', ')}${more}`;
}

function named(instrumentId: string, other: string, clusters: Clusters | undefined): string {
  if (clusters?.correlation === undefined) return other;
  return `${other} (${clusters.correlation(instrumentId, other)?.toFixed(2) ?? 'unknown'})`;
}
