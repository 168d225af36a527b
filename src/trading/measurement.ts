import type { Denial, DenialCode } from './denial.ts';

/** What a gate measured against which limit: the facts of its denial, and of its explanation. */
export interface Measurement {
  /** In the unit of the limit: milliseconds, bps, fraction, lots, or money in the account currency. */
  readonly measured?: number | string;
  readonly limit?: number | string;
  readonly note?: string;
}

/** What one gate says to an order, whether it lets it through or not. */
export interface GateExplanation extends Measurement {
  readonly gate: string;
  /** `exempt`: a gate for entries was not asked about an exit. */
  readonly outcome: 'passed' | 'denied' | 'reduced' | 'exempt';
  /** Of a denial or a reduction. */
  readonly code?: DenialCode;
}

/** The explanation that a denial is. */
export const explained = (
  { gate, code, ...facts }: Denial,
  outcome: 'denied' | 'reduced' = 'denied',
): GateExplanation => ({ gate, outcome, code, ...facts });
