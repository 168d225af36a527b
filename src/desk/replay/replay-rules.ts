import { z } from 'zod';
import { type Instrument, type InstrumentOptions, defineInstrument } from '../../trading/instrument.ts';
import { type VerdictRules, rulesHash } from '../verdict-inputs/verdict-inputs-rules.ts';
import { messageOf } from '../../core/message-of.ts';

const names = z.array(z.string());

const schema = z.strictObject({
  risk: z.array(z.unknown()).min(1),
  execution: z.array(z.unknown()).min(1),
  gates: z.strictObject({ risk: names, execution: names }),
  limitsHash: z.string(),
  executionLimitsHash: z.string(),
  venue: z.string().optional(),
  instruments: z.array(z.unknown()),
});

const recordSchema = z.strictObject({ rulesHash: z.string(), rules: schema });

/** Rules as they were read from the audit log. */
export interface RulesOnRecord extends Omit<VerdictRules, 'instruments'> {
  readonly hash: string;
  readonly instruments: ReadonlyMap<string, Instrument>;
}

/**
 * Reads a record `limits.in-force`.
 *
 * @returns why it cannot be used, as text
 */
export function readRules(details: unknown): RulesOnRecord | string {
  const parsed = recordSchema.safeParse(details);
  if (!parsed.success) return `not a record of rules: ${z.prettifyError(parsed.error)}`;
  const { rules, rulesHash: hash } = parsed.data;
  const found = rulesHash(rules as VerdictRules);
  if (found !== hash) return `expected rules of the hash ${hash}, got ${found}`;
  try {
    const instruments = rules.instruments.map((options) => defineInstrument(options as InstrumentOptions));
    const byId = new Map(instruments.map((instrument) => [instrument.instrumentId, instrument]));
    return { ...(rules as VerdictRules), hash, instruments: byId };
  } catch (error) {
    return messageOf(error);
  }
}
