import type { AuditEvent } from '../../audit/audit-log.ts';
import type { Denial } from '../../trading/denial.ts';
import { type OrderIntent, copyIntent } from '../../trading/order-intent.ts';
import type { Decision } from '../order-path.ts';
import type { VerdictInputs } from './verdict-inputs.ts';
import { messageOf } from '../../core/message-of.ts';

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
    ...(inputs !== undefined && { inputs: typeof inputs === 'string' ? inputs : inputsText(inputs) }),
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
    return `not to be written as JSON: ${messageOf(error)}`;
  }
}

/**
 * As one text: an audit record is written, hashed and read back member by member, which would cost several times as much
 * as the rest of it.
 */
function inputsText(inputs: VerdictInputs): string {
  const text = JSON.stringify(inputs);
  // What is not finite has become null. It is rare, and asking for it every time is slow.
  return text.includes('null') ? JSON.stringify(inputs, byName) : text;
}

const byName = (_key: string, member: unknown): unknown =>
  typeof member === 'number' && !Number.isFinite(member) ? String(member) : member;

/** A copy as JSON can hold it, with the numbers that it cannot hold by name. */
export const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value, byName));
