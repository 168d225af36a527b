import {
  type ExecutionFacts,
  type ExecutionGate,
  type ExecutionLimitsInput,
  ExecutionPolicy,
} from '../../src/execution/index.ts';
import { deny } from '../../src/trading/index.ts';
import { executionViewOf, levels, marketOf, money } from '../support/views.ts';

/** What a caller knows: a mark of 100, nothing seen. */
export const facts = (overrides: Partial<ExecutionFacts> = {}): ExecutionFacts => {
  const { spentSlippage: _, spentSlippageByStrategy: _by, ...rest } = executionViewOf(overrides);
  return rest;
};

/** A gate of the user. */
export const gateOf = (check: ExecutionGate['check'], name = 'own'): ExecutionGate => ({ name, check });

export const NO = deny('own', 'ABOVE_MAXIMUM', { note: 'no' });

export const policyOf = (limits: ExecutionLimitsInput = {}, ...gates: readonly ExecutionGate[]) =>
  new ExecutionPolicy(limits, { gates });

/** Everything is wrong with this market: nobody sells, nothing was traded. */
export const DESERT = marketOf({ bids: levels([50, 1]), asks: [], recentVolume: money(0) as never });

export const WIDE_SPREAD = {
  spreadBps: { entry: 10_000, exit: 'none' },
} as const satisfies ExecutionLimitsInput;
