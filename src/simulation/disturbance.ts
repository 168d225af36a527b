import { z } from 'zod';
import { idSchema } from '../core/ids.ts';

const DAY_MS = 86_400_000;

/** When it happens: once, as written down, or again and again, as the seed draws it. */
const whenSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('scheduled'),
    /** Wall time, as we receive events. */
    fromMs: z.number().min(0),
    /** Default: to the end of the run. */
    durationMs: z.number().positive().optional(),
  }),
  z.strictObject({
    kind: z.literal('drawn'),
    /** How often on average. */
    perDay: z.number().positive().max(10_000),
    /** Mean of an exponential distribution. */
    meanDurationMs: z.number().min(1).max(DAY_MS).default(60_000),
  }),
]);

/** The same for what happens in a moment. */
const momentSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('scheduled'), fromMs: z.number().min(0) }),
  z.strictObject({ kind: z.literal('drawn'), perDay: z.number().positive().max(10_000) }),
]);

const common = {
  when: whenSchema,
  /** Whom it strikes, all at the same time. Default: all instruments. */
  instrumentIds: z.array(idSchema).min(1).optional(),
};

/** The feed is silent; after it, changes of the book are missing until a snapshot comes. */
const outage = z.strictObject({
  kind: z.literal('outage'),
  ...common,
  /** From the return of the feed to the snapshot that repairs the book. */
  resyncMs: z.number().min(0).max(DAY_MS).default(500),
});

/** Quotes and book changes go on, but tell the prices of the moment at which it began; trades print where the market is. */
const stuck = z.strictObject({ kind: z.literal('stuck'), ...common });

/** A bid stands above the best ask. */
const crossed = z.strictObject({
  kind: z.literal('crossed'),
  ...common,
  /** How far above, in ticks. */
  byTicks: z.int().min(0).max(1_000_000).default(2),
});

/** The clock of the exchange runs away from ours. */
const clockDrift = z.strictObject({
  kind: z.literal('clock-drift'),
  ...common,
  /** By how much in an hour; negative when it falls behind. */
  driftMsPerHour: z.number().min(-3_600_000).max(3_600_000).default(0),
  /** By how much at once, as it begins. */
  stepMs: z.number().min(-DAY_MS).max(DAY_MS).default(0),
});

/** The price moves at once. While the venue is closed, it shows when it opens. */
const gap = z.strictObject({
  kind: z.literal('gap'),
  ...common,
  when: momentSchema,
  /** As a fraction of the price; negative is down. */
  jumpFraction: z.number().min(-0.95).max(10),
});

export const illiquidShape = {
  /** How many times wider the spread is. */
  spreadFactor: z.number().min(1).max(1_000).default(4),
  /** What is left of the depth. */
  depthFactor: z.number().positive().max(1).default(0.25),
  /** What is left of the trades. */
  activityFactor: z.number().min(0).max(1).default(0.2),
};

/** Few are there to trade with. */
const illiquid = z.strictObject({ kind: z.literal('illiquid'), ...common, ...illiquidShape });

/** What can happen to a feed, whatever market it tells of. */
export const feedDisturbanceSchema = z.discriminatedUnion('kind', [outage, stuck, crossed, clockDrift]);

/** That, and what can happen to a market that is simulated. */
export const disturbanceSchema = z.discriminatedUnion('kind', [
  outage,
  stuck,
  crossed,
  clockDrift,
  gap,
  illiquid,
]);

/**
 * An outage, stuck quotes, crossed quotes or a drifting clock: when, whom it strikes, and how.
 *
 * @useDeclaredType
 */
export type FeedDisturbanceOptions = z.input<typeof feedDisturbanceSchema>;
/**
 * A disturbance of the feed, or a price gap or an illiquid time of the market itself.
 *
 * @useDeclaredType
 */
export type DisturbanceOptions = z.input<typeof disturbanceSchema>;
export type Disturbance = z.output<typeof disturbanceSchema>;
export type DisturbanceOf<K extends Disturbance['kind']> = Extract<Disturbance, { readonly kind: K }>;
