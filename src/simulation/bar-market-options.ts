import { z } from 'zod';
import { amountSchema } from './instrument-shape.ts';

export const barMarketSchema = z.strictObject({
  /** Length of a bar. */
  intervalMs: z.int().min(4).default(60_000),
  /** From the middle to the best price on either side; a spread is at least one tick. */
  halfSpreadBps: z.number().min(0).max(5_000).default(2),
  /** What part of the recent mean range of a bar, high less low, is added to the spread. */
  rangeSpreadFraction: z.number().min(0).max(10).default(0),
  /** Price levels on each side. */
  levels: z.int().min(1).max(200).default(5),
  /** From level to level; at least one tick. */
  levelGapBps: z.number().min(0).max(5_000).default(1),
  /** Quantity at each level, as a part of the recent mean volume of a bar. */
  levelVolumeFraction: z.number().positive().max(10).default(0.05),
  /** Quantity at a level is never less than this, in units of the base; default one step. */
  minLevelQuantity: amountSchema.optional(),
  /** "Recent" is the mean over so many finished bars, or as many as there are; for the first bar, itself. */
  recentBars: z.int().min(1).max(10_000).default(20),
  /** In how many steps a bar is played: book, quote and at most one trade in each. */
  stepsPerBar: z.int().min(4).max(10_000).default(12),
  /** From the exchange to us, the same for every event. */
  latencyMs: z.number().min(0).max(60_000).default(0),
});

/** @interface */
export type BarMarketOptions = z.input<typeof barMarketSchema>;

/** @interface */
export type BarMarketSettings = z.output<typeof barMarketSchema>;
