import { z } from 'zod';
import { idSchema } from '../core/ids.ts';
import { MarketTrackerOptionsSchema } from './market-tracker.ts';

const ms = z.number().min(0);

export const failoverOptionsSchema = z.strictObject({
  /** Those that are wanted; events of others are passed over. */
  instrumentIds: z.array(idSchema).min(1).readonly(),
  /** How long the active source may be bad before a standby that is good takes over. Default 1 second. */
  failAfterMs: ms.default(1_000),
  /** How long a preferred source must have been good before it takes over again. Default 60 seconds. */
  returnAfterMs: ms.default(60_000),
  /** How far the middles of two sources may be apart. Default 50. */
  maxDeviationBps: z.number().positive().default(50),
  /** How long in all they must be further apart before it counts, the first time not at all, and together before that is over. Default 500. */
  confirmMs: ms.default(500),
  /** How long a source may have no right book before it is asked for it anew, and again each time, where it can be. Default 10 seconds. */
  refreshAfterMs: z.number().positive().default(10_000),
  /** How often the sources are judged when nothing arrives. Default 100. */
  checkEveryMs: z.number().min(1).default(100),
  /** Whether the sources number trades alike, as several connections to one venue do; then none is told twice. Default false. */
  sharedTradeIds: z.boolean().default(false),
  /** Of the tracker of each source. */
  tracker: MarketTrackerOptionsSchema.prefault({}),
});

/** @interface */
export type FeedFailoverOptions = z.input<typeof failoverOptionsSchema>;

export type FailoverSettings = z.output<typeof failoverOptionsSchema>;
