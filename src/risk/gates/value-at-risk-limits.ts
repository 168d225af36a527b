import { z } from 'zod';
import { moneySchema } from '../../core/money-schema.ts';
import { valueAtRiskFields } from '../returns/value-at-risk.ts';

/** How much an account may lose over one bar, and how that is taken. */
export const valueAtRiskSchema = z
  .strictObject({
    /** Largest value at risk of the account over one bar; 0 takes no entry. */
    maxValueAtRisk: moneySchema,
    ...valueAtRiskFields,
  })
  .readonly();

/** As they were read. */
export type ValueAtRiskLimits = z.output<typeof valueAtRiskSchema>;
