import { z } from 'zod';
import { moneySchema } from '../core/money-schema.ts';
import { parseOptions } from '../core/options.ts';
import { valueAtRiskSchema } from './gates/value-at-risk-limits.ts';
import { buyingPowerSchema, orderControls } from './order-controls.ts';
import { scopedLimitsSchema } from './scoped-limits.ts';
import { scopeKey } from './trading-state.ts';

/**
 * The limits of the eight mandatory gates, which every account has; further controls, off until they are set but for buying
 * power; and limits of single scopes. A limit of 0 allows exits only.
 */
export const riskLimitsSchema = z
  .strictObject({
    /** Largest loss of a trading day, open positions included. */
    maxDailyLoss: moneySchema,
    /** Largest fall from the highest equity, as a fraction. */
    maxDrawdownFraction: z.number().min(0).max(1),
    /** Most instruments held or being ordered at once. */
    maxPositions: z.int().min(0),
    /** Largest worst-case exposure in one instrument. */
    maxPositionNotional: moneySchema,
    /** Largest worst-case exposure of the account. */
    maxTotalExposure: moneySchema,
    /** Largest worst-case exposure to instruments that move together. */
    maxClusterExposure: moneySchema,
    /** Oldest market data on which an order is decided. */
    maxDataAgeMs: z.number().min(0).default(1_000),
    /** Oldest mark of anything else that is held. */
    maxMarkAgeMs: z.number().min(0).default(60_000),
    /** How far from the last good mark a limit exit may stand while the data are bad. */
    exitCollarBps: z.number().min(0).max(10_000).default(500),
    /** Longest time between the decision and the send. */
    maxDecisionAgeMs: z.number().min(0).default(1_000),
    ...orderControls,
    /** What an order may cost has to fit into what is free: on unless it is `'none'`. */
    buyingPower: buyingPowerSchema.prefault({}),
    /** Largest value at risk of the account. Needs the returns that the guard is given. */
    valueAtRisk: valueAtRiskSchema.optional(),
    /** Limits of the firm, the venue, single accounts, strategies and instruments. A narrower one never loosens a wider one. */
    scopes: z
      .array(scopedLimitsSchema)
      .refine(
        (all) => new Set(all.map(({ scope }) => scopeKey(scope))).size === all.length,
        'expected each scope once',
      )
      .readonly()
      .default([]),
  })
  .readonly();

/** @interface */
export type RiskLimitsInput = z.input<typeof riskLimitsSchema>;
/** @interface */
export type RiskLimits = z.output<typeof riskLimitsSchema>;

/**
 * Reads limits as options give them.
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export const parseRiskLimits = (limits: RiskLimitsInput): RiskLimits =>
  parseOptions('RiskGuard', riskLimitsSchema, limits);
