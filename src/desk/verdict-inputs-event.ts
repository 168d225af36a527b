import type { AuditEvent } from '../audit/audit-log.ts';
import type { Denial } from '../trading/denial.ts';
import { type OrderIntent, copyIntent } from '../trading/order-intent.ts';
import type { Decision } from './order-path.ts';
import type { VerdictInputs } from './verdict-inputs.ts';

/** What is recorded with a verdict. */
export interface VerdictContext {
  readonly limitsHash: string;
  /** What it was made from, or why that is not to be had. */
  readonly inputs?: VerdictInputs | string | undefined;
}

/** The record of a verdict. */
export function verdictEvent(
  kind: string,
  asked: OrderIntent,
  decision: Decision,
  { limitsHash, inputs }: VerdictContext,
): AuditEvent {
  const held = decision.kind === 'held' ? decision.order : undefined;
  return {
    kind,
    decision: decision.kind,
    intent: held?.intent ?? auditable(asked),
    denials: denialsOf(decision),
    limitsHash,
    ...(held && { clientOrderId: held.clientOrderId, quantity: held.qty, isExit: held.isExit }),
    ...(inputs !== undefined && { inputs }),
  };
}

/** Why not, or why less. */
export function denialsOf(decision: Decision): readonly Denial[] {
  if (decision.kind === 'denied') return decision.denials;
  return decision.kind === 'held' && decision.reduced !== undefined ? [decision.reduced] : [];
}

/** An intent that was refused may hold anything: what JSON cannot hold is left out. */
function auditable(asked: OrderIntent): unknown {
  try {
    return plainJson(copyIntent(asked));
  } catch (error) {
    return `not to be written as JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** A copy as JSON can hold it, with the numbers that it cannot hold by name. */
export const plainJson = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'number' && !Number.isFinite(member) ? String(member) : member,
    ),
  );
