import { z } from 'zod';

/** 1 to 64 visible ASCII characters without blanks. */
export const id = z
  .string()
  .regex(/^[\x21-\x7e]{1,64}$/, 'expected 1 to 64 visible ASCII characters without blanks');

/** Money, a price or a quantity as text: none of them is ever a JavaScript number. */
export const amount = z.string().regex(/^-?\d{1,24}(?:\.\d{1,23})?$/, 'expected a plain decimal as text');

/** What comes of a division: as many digits as it was given. */
export const average = z.string().regex(/^-?\d{1,24}(?:\.\d{1,64})?$/, 'expected a plain decimal as text');

/** Wall time in milliseconds since the Unix epoch. */
export const timeMs = z.number();

/** Why something is changed: stands in the audit log. */
export const reason = z.string().trim().min(1).max(500);

export const tradingState = z.enum(['active', 'reducing', 'halted']);
export const side = z.enum(['buy', 'sell']);

/** What a trip, a release or an alert is about. */
export const scope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('firm') }),
  z.strictObject({ kind: z.enum(['venue', 'account', 'strategy', 'instrument']), id }),
]);

export const principal = z.object({ kind: z.enum(['person', 'system']), id: z.string() });

/** In the unit of the limit: milliseconds, bps, fraction, lots, or money in the account currency. Without a bound: `Infinity` as text. */
const facts = {
  measured: z.union([z.number(), z.string()]).optional(),
  limit: z.union([z.number(), z.string()]).optional(),
  note: z.string().optional(),
};

/** Why not: which gate, which code, and what was measured against which limit. */
export const denial = z.object({ gate: z.string(), code: z.string(), ...facts });

/** What one gate says, whether it lets an order through or not. */
export const gateExplanation = z.object({
  gate: z.string(),
  outcome: z.enum(['passed', 'denied', 'reduced', 'exempt']),
  code: z.string().optional(),
  ...facts,
});
