import { checkAnswers, checkSignals } from './answers.ts';
import { checkAudits } from './audits.ts';
import type { CheckResult, Evidence } from './evidence.ts';
import { checkGroups, checkHistory } from './events.ts';
import { checkKillSwitch } from './kill-switch.ts';
import { checkLedgers } from './ledgers.ts';
import { checkEnds, checkOrders, checkTwice } from './orders.ts';
import { checkProcesses, checkUsage } from './processes.ts';
import { checkFencing, checkTokens } from './tokens.ts';

const CHECKS: readonly ((evidence: Evidence) => CheckResult)[] = [
  ...[
    checkOrders,
    checkTwice,
    checkEnds,
    checkAnswers,
    checkSignals,
    checkLedgers,
    checkHistory,
    checkGroups,
  ],
  ...[checkAudits, checkTokens, checkFencing, checkKillSwitch, checkUsage, checkProcesses],
];

/** Judges a run by what it has left behind. */
export const check = (evidence: Evidence): readonly CheckResult[] => CHECKS.map((one) => one(evidence));
