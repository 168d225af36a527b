import type { ExecutionLimitsInput } from '../../src/execution/index.ts';
import type { Clusters, RiskLimitsInput } from '../../src/risk/index.ts';
import { defineInstrument } from '../../src/trading/index.ts';

const plain = { quote: 'USDT', tick: '1', step: '1' };
/** Gold and silver trade in whole lots at whole prices; ore on a grid of its own, with minima. */
export const INSTRUMENTS = [
  defineInstrument({ ...plain, instrumentId: 'GOLD', base: 'XAU' }),
  defineInstrument({ ...plain, instrumentId: 'SILVER', base: 'XAG' }),
  defineInstrument({
    instrumentId: 'ORE',
    base: 'ORE',
    quote: 'USDT',
    tick: '0.05',
    step: '0.001',
    minQuantity: '0.01',
    maxQuantity: '1000',
    minNotional: '5',
  }),
  defineInstrument({ ...plain, instrumentId: 'EURO', base: 'XAU', quote: 'EUR' }),
];
/** Metals move together, ore does not. */
export const CLUSTERS: Clusters = { correlated: (a, b) => a !== 'ORE' && b !== 'ORE' };

/** What a table is played under. Limits are wide unless its SEED narrows them. */
export interface Settings {
  readonly risk: Partial<RiskLimitsInput>;
  readonly execution: ExecutionLimitsInput;
  readonly cash: string;
  readonly canAmend: boolean;
  readonly coolDownMs: number;
  readonly secondPerson: boolean;
  readonly reconcileEveryMs: number | 'never';
}

export const WIDE_RISK: RiskLimitsInput = {
  maxDailyLoss: '1000000',
  maxDrawdownFraction: 1,
  maxPositions: 10,
  maxPositionNotional: '1000000',
  maxTotalExposure: '1000000',
  maxClusterExposure: '1000000',
  maxDataAgeMs: 60_000,
  maxMarkAgeMs: 600_000,
};
export const WIDE_EXECUTION: ExecutionLimitsInput = {
  spreadBps: { entry: 'none' },
  depth: { multiple: { entry: 'none' } },
  volumeFraction: { entry: 'none' },
  slippage: { perOrderBps: { entry: 'none' } },
  collarBps: { entry: 9_000, exit: 9_000 },
};
