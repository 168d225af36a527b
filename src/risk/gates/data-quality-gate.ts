import { type Denial, deny } from '../../trading/denial.ts';
import { isGood } from '../../trading/market-view.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';

export interface DataQualityLimits {
  /** Age of the order's own market data, 0 or more. */
  readonly maxDataAgeMs: number;
  /** Age of the marks of everything else that the account holds. */
  readonly maxMarkAgeMs: number;
  /** How far from the last good mark a limit exit may stand when the data are bad. */
  readonly exitCollarBps: number;
}

const GATE = 'data-quality';
const BPS = 10_000;

/**
 * Entries and market exits need a good, fresh view. A limit exit without one may stand within a wide collar around the
 * last good mark. Entries also need fresh marks: of their own instrument, since exposure is judged at it, and of
 * everything held, for otherwise equity is a guess; and a fresh rate, where they are quoted in another currency.
 */
export const dataQualityGate = (limits: DataQualityLimits): RiskGate => ({
  name: GATE,
  appliesTo: 'all',
  measure: (_order, { market, monotonicMs }) => ({
    measured: monotonicMs - market.receivedMonotonicMs,
    limit: limits.maxDataAgeMs,
  }),
  check(order, view) {
    const problem = viewProblem(view, limits);
    if (view.isExit) {
      if (problem === undefined) return undefined;
      return order.type === 'market' ? problem : outsideCollar(order, view, limits);
    }
    return problem ?? staleMark(order, view, limits);
  },
});

function viewProblem(
  { market, monotonicMs }: RiskView,
  { maxDataAgeMs }: DataQualityLimits,
): Denial | undefined {
  const ageMs = monotonicMs - market.receivedMonotonicMs;
  if (!(ageMs >= 0 && ageMs <= maxDataAgeMs)) {
    return deny(GATE, 'MARKET_DATA_STALE', { measured: ageMs, limit: maxDataAgeMs });
  }
  if (isGood(market)) return undefined;
  const codes = market.problems.filter((problem) => problem.blocking).map((problem) => problem.code);
  return deny(GATE, 'MARKET_DATA_BAD', { note: codes.join(', ') || 'no mark' });
}

function outsideCollar(
  order: PricedOrder,
  { mark }: RiskView,
  { exitCollarBps }: DataQualityLimits,
): Denial | undefined {
  if (mark === undefined) return deny(GATE, 'MARK_MISSING');
  const distanceBps = (Math.abs(order.worst - mark.price) * BPS) / mark.price;
  if (distanceBps >= 0 && distanceBps <= exitCollarBps) return undefined;
  return deny(GATE, 'EXIT_COLLAR', { measured: distanceBps, limit: exitCollarBps });
}

function staleMark(
  { instrument: { quote } }: PricedOrder,
  { account, mark, monotonicMs }: RiskView,
  { maxDataAgeMs, maxMarkAgeMs }: DataQualityLimits,
): Denial | undefined {
  return (
    tooOld(monotonicMs - (mark?.monotonicMs ?? -Infinity), maxDataAgeMs) ??
    tooOld(account.oldestMarkAgeMs(monotonicMs, maxMarkAgeMs), maxMarkAgeMs) ??
    // The first order in a currency: the account has nothing in it whose age would tell.
    (quote === account.currency
      ? undefined
      : tooOld(monotonicMs - account.rateMonotonicMs(quote), maxMarkAgeMs))
  );
}

function tooOld(markAgeMs: number, limit: number): Denial | undefined {
  if (markAgeMs >= 0 && markAgeMs <= limit) return undefined;
  if (Number.isFinite(markAgeMs)) return deny(GATE, 'MARK_STALE', { measured: markAgeMs, limit });
  return deny(GATE, 'MARK_MISSING');
}
