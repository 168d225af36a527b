import { z } from 'zod';
import { moneySchema } from '../core/money-schema.ts';
import { orderControls } from './order-controls.ts';
import { scopeSchema } from './scope-schema.ts';
import type { Scope } from './trading-state.ts';

const exposure = {
  /** Largest loss of a trading day, open positions included. */
  maxDailyLoss: moneySchema.optional(),
  /** Largest fall from the highest equity, as a fraction. Accounts only. */
  maxDrawdownFraction: z.number().min(0).max(1).optional(),
  /** Most instruments held or being ordered at once. */
  maxPositions: z.int().min(0).optional(),
  /** Largest worst-case exposure in one instrument. */
  maxPositionNotional: moneySchema.optional(),
  /** Largest worst-case exposure in all. */
  maxTotalExposure: moneySchema.optional(),
  /** Largest worst-case exposure to instruments that move together. */
  maxClusterExposure: moneySchema.optional(),
} as const;

type Limit = keyof typeof exposure | keyof typeof orderControls;

/**
 * What makes no sense for a scope: nobody has cash or a high-water mark but an account, what positions cost is known of
 * accounts only, an instrument is one position of many.
 */
const MEANINGLESS: Readonly<Record<Scope['kind'], readonly Limit[]>> = {
  firm: ['maxDrawdownFraction', 'buyingPower'],
  venue: ['maxDrawdownFraction', 'buyingPower'],
  account: [],
  strategy: ['maxDrawdownFraction', 'buyingPower', 'maxCapital'],
  instrument: [
    'maxDrawdownFraction',
    'maxDailyLoss',
    'maxPositions',
    'maxClusterExposure',
    'buyingPower',
    'maxCapital',
  ],
};

/**
 * Limits of one scope, besides those of every account: the tightest wins, since every gate has to let an order pass. Sums
 * over accounts are not netted.
 */
export const scopedLimitsSchema = z
  .strictObject({ scope: scopeSchema, ...exposure, ...orderControls })
  .superRefine((limits, context) => {
    for (const field of MEANINGLESS[limits.scope.kind]) {
      if (limits[field] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: [field],
        message: `expected none: a limit of this kind means nothing for the scope ${limits.scope.kind}`,
      });
    }
  })
  .readonly();

export type ScopedLimits = z.output<typeof scopedLimitsSchema>;
