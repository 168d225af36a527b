import { z } from 'zod';
import { type DecimalInput, decimal, decimalText } from '../core/decimal.ts';
import { crashSchema } from './crash.ts';

/** Kept as plain text, so that the settings can be written down as they are. */
const amount = z
  .custom<DecimalInput>(
    (value) => decimalText(value) !== undefined,
    'expected a plain decimal as string, bigint or Decimal',
  )
  .transform((value) => decimal(value).toFixed());

export const simulatedMarketSchema = z.strictObject({
  seed: z.int().default(1),
  /** Wall time of the first event. Default 2024-01-01T00:00Z. */
  startMs: z.int().min(0).default(1_704_067_200_000),
  days: z.number().positive().max(10_000).default(3),
  /** Mean time between two changes of the book. */
  stepMs: z.int().min(1).max(3_600_000).default(2_500),
  /** In quote currency, a multiple of the tick. */
  startPrice: amount.prefault('50000'),
  /** Expected return of a day. */
  dailyDriftFraction: z.number().min(-10).max(10).default(0),
  /** Standard deviation of a day's return in the normal regime; calm is half, wild more than twice as much. */
  dailyVolatilityFraction: z.number().min(0).max(10).default(0.03),
  /** Usual spread. */
  spreadBps: z.number().positive().max(5_000).default(1),
  /** Price levels on each side. */
  levels: z.int().min(2).max(200).default(10),
  /** Usual quantity at a level, in units of the base. */
  levelQuantity: amount.prefault('2'),
  /** Usual quantity of a trade, in units of the base. */
  tradeQuantity: amount.prefault('0.3'),
  /** Mean number of takers in a step of a normal hour. */
  tradesPerStep: z.number().min(0).max(20).default(0.6),
  /** Mean delay between the exchange and us. */
  latencyMs: z.number().min(0).max(60_000).default(10),
  crash: crashSchema.or(z.literal('none')).prefault({}),
});

/** @interface */
export type SimulatedMarketOptions = z.input<typeof simulatedMarketSchema>;

/** @interface */
export type SimulatedMarketSettings = z.output<typeof simulatedMarketSchema>;
