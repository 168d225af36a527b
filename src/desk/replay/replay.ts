import { z } from 'zod';
import { OrderPath } from '../order-path.ts';
import { type Difference, differencesOf } from './replay-compare.ts';
import { bookOf } from './replay-book.ts';
import { type StandIns, standIns } from './replay-gates.ts';
import { enginesOf } from './replay-engines.ts';
import { type RecordedVerdict, readInputs, recordedSchema } from './replay-record.ts';
import type { RulesOnRecord } from './replay-rules.ts';
import type { VerdictInputs } from '../verdict-inputs/verdict-inputs.ts';
import type { Decision, KnownOrder } from '../order-path.ts';
import type { Denial } from '../../trading/denial.ts';
import type { OrderIntent } from '../../trading/order-intent.ts';
import { messageOf } from '../../core/message-of.ts';

/** What came of making a verdict again. */
export type Replayed =
  | { readonly kind: 'same'; readonly notes: readonly string[] }
  | {
      readonly kind: 'different';
      readonly differences: readonly Difference[];
      readonly notes: readonly string[];
    }
  /** What it was made from was not recorded. */
  | { readonly kind: 'unrecorded'; readonly why: string }
  /** The record does not have what it takes. */
  | { readonly kind: 'impossible'; readonly why: string };

/** Finds the rules that a verdict refers to. */
export type FindRules = (hash: string) => RulesOnRecord | undefined;

/** Makes a verdict again from what stands in the audit log, with the real engines, and compares. */
export function replayVerdict(details: unknown, findRules: FindRules): Replayed {
  const parsed = recordedSchema.safeParse(details);
  if (!parsed.success) return impossible(`not the record of a verdict: ${z.prettifyError(parsed.error)}`);
  const { inputs, intent, limitsHash, ...recorded } = parsed.data;
  if (inputs === undefined) return unrecorded('what it was made from was not recorded');
  if (!inputs.startsWith('{')) return unrecorded(`what it was made from was ${inputs}`);
  const verdict = recorded as RecordedVerdict;
  try {
    return compare(verdict, readInputs(inputs), intent as OrderIntent, limitsHash, findRules);
  } catch (error) {
    return impossible(error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error));
  }
}

function compare(
  verdict: RecordedVerdict,
  inputs: VerdictInputs,
  intent: OrderIntent,
  limitsHash: string,
  findRules: FindRules,
): Replayed {
  const rules = findRules(inputs.rules);
  if (rules === undefined) return impossible(`the log has no rules ${inputs.rules} before the verdict`);
  const gates = standIns(rules, verdict);
  const made = decideAgain(inputs, intent, rules, gates);
  const differences = differencesOf(verdict, made, inputs.spanMs);
  const notes = [...gates.notes, ...notesOn(rules, limitsHash)];
  return differences.length === 0 ? { kind: 'same', notes } : { kind: 'different', differences, notes };
}

const unrecorded = (why: string): Replayed => ({ kind: 'unrecorded', why });
const impossible = (why: string): Replayed => ({ kind: 'impossible', why });

function decideAgain(
  inputs: VerdictInputs,
  intent: OrderIntent,
  rules: RulesOnRecord,
  gates: StandIns,
): Decision {
  const { nowMs, monotonicMs, dayId, older, known, overridden } = inputs;
  const book = bookOf(inputs, rules.instruments, intent.instrumentId);
  const clock = { nowMs: () => nowMs, monotonicMs: () => monotonicMs };
  const { guard, policy } = enginesOf(rules, inputs, { book, clock, intent, gates });
  const instruments = [...rules.instruments.values()];
  const path = new OrderPath({ book, guard, policy, instruments, clock, dayId });
  const before = (older ?? (known && { order: known, state: known.state })) as
    Denial | KnownOrder | undefined;
  return path.decide(intent, before, overridden && new Set(overridden));
}

function notesOn({ limitsHash }: RulesOnRecord, recorded: string): string[] {
  if (limitsHash === recorded) return [];
  return [`the verdict names the limits ${recorded}, the rules on record ${limitsHash}`];
}
