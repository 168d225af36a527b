import { lots } from '../../core/units.ts';
import type { ExecutionGate } from '../../execution/execution-gate.ts';
import { ExecutionPolicy } from '../../execution/execution-policy.ts';
import type { ExecutionLimitsInput } from '../../execution/execution-limits.ts';
import type { RiskGate } from '../../risk/risk-gate.ts';
import { RiskGuard } from '../../risk/risk-guard.ts';
import { Book } from '../../trading/book.ts';
import type { Denial } from '../../trading/denial.ts';
import { limitsToAskAgain } from './replay-limits.ts';
import type { RulesOnRecord } from './replay-rules.ts';
import type { RecordedVerdict } from './replay-record.ts';

/** Gates that stand for those which cannot be asked again: they say what is on record. */
export interface StandIns {
  readonly risk: readonly RiskGate[];
  readonly execution: readonly ExecutionGate[];
  readonly notes: readonly string[];
}

/** Built in, but they count what the record of one verdict does not have: what was sent before. */
const LOOKING_BACK: ReadonlySet<string> = new Set([
  'message-rate',
  'repeated-execution',
  'duplicate-content',
]);

const scopeless = (gate: string): string => gate.split('@')[0] ?? gate;

/**
 * Stands in for the gates of users, which the log knows by name only, for those that count what was sent before, and for
 * value at risk, whose returns nobody records.
 */
export function standIns(rules: RulesOnRecord, verdict: RecordedVerdict): StandIns {
  const builtIn = builtInNames(rules);
  const own = {
    risk: [...new Set(rules.gates.risk.filter((gate) => !builtIn.risk.has(gate)))],
    execution: [...new Set(rules.gates.execution.filter((gate) => !builtIn.execution.has(gate)))],
  };
  const lookingBack = rules.gates.risk.filter((gate) => LOOKING_BACK.has(scopeless(gate)));
  const told = (gates: readonly string[]) => verdict.denials.filter(({ gate }) => gates.includes(gate));
  const notAsked = [...new Set([...own.risk, ...lookingBack, ...own.execution])];
  // Two sets of limits may deny for two reasons; and the gates that look back are asked again as well, but have counted
  // nothing. One gate for each, of a name of its own.
  const besides = [...own.risk.flatMap((name) => told([name]).slice(1)), ...told(lookingBack)];
  return {
    risk: [
      ...own.risk.map((name) => riskGate(name, told([name])[0], verdict)),
      ...besides.map((denial, at) => riskGate(`as on record ${at + 1}`, denial, verdict)),
    ],
    execution: own.execution.map((name) => executionGate(name, told([name]))),
    notes: notAsked.length === 0 ? [] : [`not asked again, taken as on record: ${notAsked.join(', ')}`],
  };
}

/** The names of the gates that the limits on record make. */
function builtInNames({ risk, execution }: RulesOnRecord) {
  const book = new Book();
  const clock = { nowMs: () => 0, monotonicMs: () => 0 };
  const killSwitch = { tradingState: () => 'active' as const };
  const ofSet = (limits: unknown) =>
    new RiskGuard(limitsToAskAgain(limits), { book, clock, killSwitch }).basis.gates;
  const ofPolicySet = (limits: unknown) => new ExecutionPolicy(limits as ExecutionLimitsInput).basis.gates;
  return {
    risk: new Set(risk.flatMap(ofSet)),
    execution: new Set(execution.flatMap(ofPolicySet)),
  };
}

function riskGate(name: string, denial: Denial | undefined, verdict: RecordedVerdict): RiskGate {
  const { decision, quantity = 0 } = verdict;
  return {
    name,
    appliesTo: 'all',
    check(_order, { qty }) {
      if (denial === undefined || decision !== 'held') return denial;
      // It has reduced what was held.
      return qty > quantity ? { reduceTo: lots(quantity), because: denial } : undefined;
    },
  };
}

const executionGate = (name: string, [denial]: readonly Denial[]): ExecutionGate => ({
  name,
  check: () => denial,
});
