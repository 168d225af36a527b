import type { z } from 'zod';
import { moneyText } from '../../core/money-text.ts';
import { parseOptions } from '../../core/options.ts';
import { lots, units } from '../../core/units.ts';
import type { AccountView } from '../../trading/book-account.ts';
import { deny } from '../../trading/denial.ts';
import type { Measurement } from '../../trading/measurement.ts';
import type { PricedOrder } from '../../trading/price-order.ts';
import { AccountScenarios } from '../returns/account-scenarios.ts';
import type { ReturnHistory } from '../returns/return-history.ts';
import { Scenarios } from '../returns/scenarios.ts';
import { type ValueAtRisk, exposuresOf, lossQuantile, requireWindow } from '../returns/value-at-risk.ts';
import { signedWorst, signedWorstWith } from '../returns/worst-exposure.ts';
import type { RiskGate, RiskView } from '../risk-gate.ts';
import { type ValueAtRiskLimits, valueAtRiskSchema } from './value-at-risk-limits.ts';

/** @interface */
export type ValueAtRiskGateOptions = z.input<typeof valueAtRiskSchema>;

export interface ValueAtRiskGateDeps {
  readonly returns: ReturnHistory;
}

const GATE = 'value-at-risk';
const FLAT = { pos: lots(0), buy: lots(0), sell: lots(0) };

/**
 * Value at risk of the account with the order, as `valueAtRisk` takes it; what is not known denies. An order that does
 * not raise it passes even above the limit. A quantile is not monotone in a quantity that hedges: the gate can deny less
 * of what it lets through, so it only denies and never reduces.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function valueAtRiskGate(options: ValueAtRiskGateOptions, { returns }: ValueAtRiskGateDeps): RiskGate {
  return gateFor('valueAtRiskGate', parseOptions('valueAtRiskGate', valueAtRiskSchema, options), returns);
}

/**
 * The same gate, of limits that were read.
 *
 * @param component whose limits they are, for the error
 * @throws {PortcullisError} `OPTION_INVALID` when the history is too short for them
 */
export function gateFor(component: string, limits: ValueAtRiskLimits, returns: ReturnHistory): RiskGate {
  const parameters = requireWindow(component, limits, returns);
  const limit = parameters.maxValueAtRisk;
  const scenarios = new Scenarios(returns, parameters.scenarios);
  const carried = new WeakMap<AccountView, AccountScenarios>();
  const carriedFor = (account: AccountView): AccountScenarios => {
    const present = carried.get(account);
    if (present !== undefined) return present;
    const made = new AccountScenarios(scenarios, parameters);
    carried.set(account, made);
    return made;
  };
  const inFull = (order: PricedOrder, view: RiskView, which: 'before' | 'after'): ValueAtRisk => {
    const { instrumentId } = order.instrument;
    const exposures = exposuresOf(view.account).filter((other) => other.instrumentId !== instrumentId);
    const signed =
      which === 'after' ? signedAfter(order, view) : signedWorst(view.cell ?? FLAT, view.worstBefore);
    return lossQuantile([...exposures, { instrumentId, signed }], scenarios, parameters);
  };
  const facts = (after: ValueAtRisk): Measurement =>
    after.kind === 'known'
      ? {
          measured: moneyText(after.loss),
          limit: moneyText(limit),
          note: `confidence ${parameters.confidence}, ${after.scenarios} scenarios`,
        }
      : { limit: moneyText(limit), note: after.because };
  return {
    name: GATE,
    appliesTo: 'entries',
    overridable: true,
    check(order, view) {
      const { account } = view;
      const signed = signedAfter(order, view);
      if (
        limit > 0 &&
        carriedFor(account).surelyWithin(account, order.instrument.instrumentId, signed, limit)
      )
        return undefined;
      const after = inFull(order, view, 'after');
      if (after.kind === 'unknown') return deny(GATE, 'VALUE_AT_RISK_UNKNOWN', facts(after));
      if (limit > 0 && after.loss <= limit) return undefined;
      const before = limit > 0 ? inFull(order, view, 'before') : undefined;
      if (before?.kind === 'known' && after.loss <= before.loss && Number.isSafeInteger(after.loss))
        return undefined;
      return deny(GATE, 'VALUE_AT_RISK_LIMIT', facts(after));
    },
    measure: (order, view) => facts(inFull(order, view, 'after')),
  };
}

const signedAfter = ({ side }: PricedOrder, { cell, qty, worstAfter }: RiskView) =>
  signedWorstWith(cell ?? FLAT, side, qty, units(worstAfter));
