import { type Denial, deny } from '../trading/denial.ts';
import type { GateTally } from '../trading/gate-tally.ts';
import { type GateExplanation, explained } from '../trading/measurement.ts';
import type { HeldOrder } from '../trading/order-event.ts';
import type { ExecutionGate, ExecutionView } from './execution-gate.ts';
import type { GateSet } from './gate-set.ts';
import { messageOf } from '../core/message-of.ts';

const NONE: readonly Denial[] = Object.freeze([]);

/**
 * Every reason of the gates against the order. What the gates of two sets of limits say alike is said, and counted, once.
 *
 * @param skip names of overridable gates whose limit need not be kept; a gate that fails denies all the same
 */
export function askGates(
  { gates, slots }: GateSet,
  order: HeldOrder,
  view: ExecutionView,
  tally: GateTally,
  skip?: ReadonlySet<string>,
): readonly Denial[] {
  tally.checkedAll(slots);
  let denials: Denial[] | undefined;
  let index = -1;
  for (const gate of gates) {
    index += 1;
    const denial = ask(gate, order, view);
    if (denial === undefined || isSkipped(gate, denial, skip) || isKnown(denials, denial)) continue;
    tally.denied(slots[index] ?? -1, denial);
    (denials ??= []).push(denial);
  }
  return denials ?? NONE;
}

/** What every gate measures against which limit. What the gates of two sets of limits say alike is said once. */
export function explainGates(
  { gates }: GateSet,
  order: HeldOrder,
  view: ExecutionView,
): readonly GateExplanation[] {
  const entries: GateExplanation[] = [];
  for (const gate of gates) {
    const denial = ask(gate, order, view);
    const entry = denial === undefined ? passed(gate, order, view) : explained(denial);
    if (!entries.some((other) => isAlike(other, entry))) entries.push(entry);
  }
  return entries;
}

const isSkipped = (gate: ExecutionGate, { code }: Denial, skip: ReadonlySet<string> | undefined): boolean =>
  skip !== undefined && gate.overridable === true && code !== 'GATE_FAILED' && skip.has(gate.name);

const isKnown = (denials: readonly Denial[] | undefined, { gate, code }: Denial): boolean =>
  denials !== undefined && denials.some((other) => other.gate === gate && other.code === code);

/** Of denials the first of a gate and code stands for all; what passes is alike when it is measured against the same limit. */
const isAlike = (a: GateExplanation, b: GateExplanation): boolean =>
  a.gate === b.gate && a.code === b.code && (a.code !== undefined || Object.is(a.limit, b.limit));

/** A measurement that throws changes no verdict. */
function passed(gate: ExecutionGate, order: HeldOrder, view: ExecutionView): GateExplanation {
  try {
    return { gate: gate.name, outcome: 'passed', ...gate.measure?.(order, view) };
  } catch (error) {
    return { gate: gate.name, outcome: 'passed', note: `not measured: ${messageOf(error)}` };
  }
}

/** A gate that throws denies, in its own name. */
function ask(gate: ExecutionGate, order: HeldOrder, view: ExecutionView): Denial | undefined {
  try {
    const answer = gate.check(order, view);
    if (answer === undefined || 'code' in answer) return answer;
    if ((answer as unknown) instanceof Promise) void (answer as Promise<unknown>).catch(() => undefined); // must not end the process
    return deny(gate.name, 'GATE_FAILED', { note: 'expected a denial or undefined' });
  } catch (error) {
    return deny(gate.name, 'GATE_FAILED', { note: messageOf(error) });
  }
}
