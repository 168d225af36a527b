import { z } from 'zod';
import { crashSchema } from './crash.ts';
import { instrumentShape } from './instrument-shape.ts';

/** What a simulated market has as a whole, however many instruments it has. */
export const marketShape = {
  seed: z.int().default(1),
  /** Wall time of the first event. Default 2024-01-01T00:00Z. */
  startMs: z.int().min(0).default(1_704_067_200_000),
  days: z.number().positive().max(10_000).default(3),
  /** Mean time between two changes of the book. */
  stepMs: z.int().min(1).max(3_600_000).default(2_500),
  /** Mean delay between the exchange and us. */
  latencyMs: z.number().min(0).max(60_000).default(10),
  crash: crashSchema.or(z.literal('none')).prefault({}),
};

const { latencyMs, crash, ...whole } = marketShape;

/** Settings are written down in this order. */
export const simulatedMarketSchema = z.strictObject({ ...whole, ...instrumentShape, latencyMs, crash });

/** @interface */
export type SimulatedMarketOptions = z.input<typeof simulatedMarketSchema>;

/** @interface */
export type SimulatedMarketSettings = z.output<typeof simulatedMarketSchema>;
