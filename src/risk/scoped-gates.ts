import type { BookReader } from '../trading/book.ts';
import { isExit } from '../trading/book-cell.ts';
import type { Denial } from '../trading/denial.ts';
import type { PricedOrder } from '../trading/price-order.ts';
import { lots } from '../core/units.ts';
import { isKeeping } from './activity/keeping-gate.ts';
import type { OrderActivity } from './activity/order-activity.ts';
import type { SentOrder } from './activity/order-tracker.ts';
import { controlGates } from './control-gates.ts';
import { type Clusters, correlationGate } from './gates/correlation-gate.ts';
import { dailyLossGate } from './gates/daily-loss-gate.ts';
import { drawdownGate } from './gates/drawdown-gate.ts';
import { positionCountGate } from './gates/position-count-gate.ts';
import { positionSizeGate } from './gates/position-size-gate.ts';
import { totalExposureGate } from './gates/total-exposure-gate.ts';
import type { ExposureRow, Reduction, RiskGate, RiskView } from './risk-gate.ts';
import { firmRow, instrumentRow, shareCell, strategyRow } from './scope-row.ts';
import type { ScopedLimits } from './scoped-limits.ts';
import { type Scope, inScope, scopeKey } from './trading-state.ts';
import { worstWith } from './worst-with.ts';

export interface ScopeDeps {
  readonly book: BookReader;
  readonly activity: OrderActivity;
  readonly clusters: Clusters | undefined;
  readonly venueName: string | undefined;
}

/**
 * The gates of one scope: the same gates that an account has, asked about what the scope has. They let everything else
 * pass, so that they can only add denials.
 */
export function scopedGates(limits: ScopedLimits, deps: ScopeDeps): RiskGate[] {
  const { scope } = limits;
  const of = <L>(limit: L | undefined, gate: (limit: L) => RiskGate): RiskGate[] =>
    limit === undefined ? [] : [gate(limit)];
  const gates = [
    ...of(limits.maxDailyLoss, dailyLossGate),
    ...of(limits.maxDrawdownFraction, drawdownGate),
    ...of(limits.maxPositions, positionCountGate),
    ...of(limits.maxPositionNotional, positionSizeGate),
    ...of(limits.maxClusterExposure, (limit) => correlationGate(limit, deps.clusters)),
    ...controlGates(limits, { ...deps, by: scope.kind }),
    ...of(limits.maxTotalExposure, totalExposureGate),
  ];
  const seen = viewOf(scope, deps.book);
  return gates.map((gate) => scoped(gate, scope, seen, deps.venueName));
}

type ScopeView = (order: PricedOrder, view: RiskView) => RiskView;

/** What a gate of the scope sees. */
function viewOf(scope: Scope, book: BookReader): ScopeView {
  switch (scope.kind) {
    case 'account':
      return (_order, view) => view;
    case 'firm':
    case 'venue':
      return over(firmRow(book));
    case 'instrument':
      return over(instrumentRow(book, scope.id));
    case 'strategy':
      return ofStrategy(book, scope.id);
  }
}

const over =
  (row: ExposureRow): ScopeView =>
  (_order, view) => ({ ...view, row });

/**
 * An order that takes the account back is an exit here as well, whoever bought what it sells: no limit of a strategy may
 * hold a position captive. Of the others, those that take back what the strategy itself has made.
 */
function ofStrategy(book: BookReader, strategyId: string): ScopeView {
  const row = strategyRow(book, strategyId);
  return (order, view) => {
    const { account } = view;
    const present = account.cell(order.instrument.instrumentId);
    const cell = present && shareCell(book, account, present, strategyId);
    return {
      ...view,
      row,
      cell,
      isExit: view.isExit || isExit(order.side, view.qty, cell ?? FLAT),
      worstBefore: worstWith(account, order, cell, view.mark, FLAT.pos),
      worstAfter: worstWith(account, order, cell, view.mark, view.qty),
    };
  };
}

const FLAT = { pos: lots(0), buy: lots(0), sell: lots(0) };

function scoped(gate: RiskGate, scope: Scope, seen: ScopeView, venueName: string | undefined): RiskGate {
  const name = `${gate.name}@${scopeKey(scope)}`;
  const asks = (order: PricedOrder, view: RiskView): RiskView | undefined => {
    if (!inScope(scope, order, venueName)) return undefined;
    const own = seen(order, view);
    return own.isExit && gate.appliesTo === 'entries' ? undefined : own;
  };
  return {
    name,
    appliesTo: gate.appliesTo,
    ...(gate.overridable === true && { overridable: true }),
    check(order, view) {
      const own = asks(order, view);
      const answer = own && gate.check(order, own);
      return answer && named(answer, name);
    },
    measure(order, view) {
      const own = asks(order, view);
      return own && gate.measure?.(order, own);
    },
    ...(isKeeping(gate) && {
      kept: (order: SentOrder) => {
        if (inScope(scope, order, venueName)) gate.kept(order);
      },
    }),
  };
}

const named = (answer: Denial | Reduction, gate: string): Denial | Reduction =>
  'reduceTo' in answer ? { ...answer, because: { ...answer.because, gate } } : { ...answer, gate };
