import type { Clock } from '../../core/clock.ts';
import { units } from '../../core/units.ts';
import { type ExecutionLimitsInput, parseExecutionLimits } from '../../execution/execution-limits.ts';
import { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { Clusters } from '../../risk/gates/correlation-gate.ts';
import { type GuardKillSwitch, RiskGuard } from '../../risk/risk-guard.ts';
import { parseRiskLimits } from '../../risk/risk-limits.ts';
import type { Book } from '../../trading/book.ts';
import type { OrderIntent } from '../../trading/order-intent.ts';
import type { StandIns } from './replay-gates.ts';
import { limitsToAskAgain } from './replay-limits.ts';
import type { RulesOnRecord } from './replay-rules.ts';
import type { VerdictInputs } from '../verdict-inputs/verdict-inputs.ts';

export interface EngineDeps {
  readonly book: Book;
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  readonly intent: OrderIntent;
  readonly gates: StandIns;
}

/**
 * Both engines, with the limits and counters on record.
 *
 * @throws {PortcullisError} `OPTION_INVALID` for limits that this version does not take
 */
export function enginesOf(
  rules: RulesOnRecord,
  inputs: VerdictInputs,
  { book, clock, intent, gates }: EngineDeps,
): { readonly guard: RiskGuard; readonly policy: ExecutionPolicy } {
  const [first, ...besides] = rules.risk;
  const guard = new RiskGuard(limitsToAskAgain(first), {
    book,
    clock,
    killSwitch: killSwitchOf(inputs),
    gates: gates.risk,
    ...clustersOf(inputs),
    ...(rules.venue !== undefined && { venueName: rules.venue }),
  });
  for (const limits of besides) guard.tighten(parseRiskLimits(limitsToAskAgain(limits)));
  const [policyLimits, ...policyBesides] = rules.execution as readonly ExecutionLimitsInput[];
  const policy = new ExecutionPolicy(policyLimits, { gates: gates.execution });
  for (const limits of policyBesides) policy.tighten(parseExecutionLimits(limits));
  const [total, ofStrategy] = inputs.spentSlippage ?? [0, 0];
  policy.restoreSpent(inputs.dayId, {
    total: units(total),
    byStrategy: { [intent.strategyId]: units(ofStrategy) },
  });
  return { guard, policy };
}

const killSwitchOf = ({ trading = 'active', restriction }: VerdictInputs): GuardKillSwitch => ({
  tradingState: () => trading,
  whyRestricted: () => restriction,
});

function clustersOf({ movesWith }: VerdictInputs): { readonly clusters?: Clusters } {
  if (movesWith === undefined) return {};
  const members = new Map(movesWith.map(([id, correlation]) => [id, correlation]));
  const isSaid = movesWith.some((member) => member.length > 1);
  const correlated = (instrumentId: string, otherId: string): boolean =>
    members.has(otherId) || members.has(instrumentId);
  if (!isSaid) return { clusters: { correlated } };
  return {
    clusters: { correlated, correlation: (_id, otherId) => members.get(otherId) ?? undefined },
  };
}
