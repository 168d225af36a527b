import { z } from 'zod';
import type { Denial } from '../../trading/denial.ts';
import type { Decision } from '../order-path.ts';
import { type VerdictInputs, denialSchema, verdictInputsSchema } from '../verdict-inputs/verdict-inputs.ts';

export const recordedSchema = z.object({
  decision: z.enum(['held', 'denied', 'duplicate']),
  intent: z.unknown(),
  denials: z.array(denialSchema),
  limitsHash: z.string(),
  clientOrderId: z.string().optional(),
  quantity: z.number().optional(),
  isExit: z.boolean().optional(),
  /** JSON of what it was made from, or why that was not to be had. */
  inputs: z.string().optional(),
});

/** A verdict as it stands in the audit log. */
export interface RecordedVerdict {
  readonly decision: Decision['kind'];
  readonly denials: readonly Denial[];
  readonly clientOrderId?: string | undefined;
  /** In lots. */
  readonly quantity?: number | undefined;
  readonly isExit?: boolean | undefined;
}

/**
 * What a verdict was made from.
 *
 * @throws {SyntaxError} for what is no JSON
 * @throws {z.ZodError} for what is no inputs
 */
export const readInputs = (text: string): VerdictInputs => verdictInputsSchema.parse(JSON.parse(text));
