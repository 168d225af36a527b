import { GateTally } from '../trading/gate-tally.ts';
import type { ExecutionGate } from './execution-gate.ts';
import { type ExecutionLimits, parseExecutionLimits } from './execution-limits.ts';
import { depthGate } from './gates/depth-gate.ts';
import { idempotencyGate } from './gates/idempotency-gate.ts';
import { periodCollarGate } from './gates/period-collar-gate.ts';
import { priceCollarGate } from './gates/price-collar-gate.ts';
import { slippageGate } from './gates/slippage-gate.ts';
import { spreadGate } from './gates/spread-gate.ts';
import { spreadMedianGate } from './gates/spread-median-gate.ts';
import { timeInForceGate } from './gates/time-in-force-gate.ts';
import { volumeGate } from './gates/volume-gate.ts';

/** Gates in the order in which they are asked, each with its place in the tally. */
export interface GateSet {
  readonly gates: readonly ExecutionGate[];
  readonly slots: readonly number[];
}

/** The seven that are mandatory, and those that are configured. Cheap and absolute first, the one that counts last. */
export function gatesOf(limits: ExecutionLimits): readonly ExecutionGate[] {
  const { spreadMedian, periodCollarBps } = limits;
  return [
    idempotencyGate(),
    timeInForceGate(limits.timeInForce),
    priceCollarGate(limits.collarBps),
    spreadGate(limits.spreadBps),
    depthGate(limits.depth),
    volumeGate(limits.volumeFraction),
    slippageGate(limits.slippage),
    ...(spreadMedian === undefined ? [] : [spreadMedianGate(spreadMedian)]),
    ...(periodCollarBps === undefined ? [] : [periodCollarGate(periodCollarBps)]),
  ];
}

export const gateSet = (gates: readonly ExecutionGate[], tally: GateTally): GateSet => ({
  gates,
  slots: tally.slots(gates.map(({ name }) => name)),
});

/**
 * The user's own gates have names of their own, also beside those that may be configured later.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function checkOwnNames(own: readonly ExecutionGate[]): void {
  const all = [...gatesOf(ALL_CONFIGURED), ...own];
  new GateTally(all.map(({ name }) => name));
}

const OFF = { entry: 'none', exit: 'none' } as const;
const ALL_CONFIGURED = parseExecutionLimits({ spreadMedian: { multiple: OFF }, periodCollarBps: OFF });
