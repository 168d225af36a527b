import { z } from 'zod';
import { idSchema } from '../../core/ids.ts';

/** What is measured, over the requests since the last verdict. */
const measureSchema = z.discriminatedUnion('kind', [
  /** Errors by requests. */
  z.strictObject({ kind: z.literal('error-ratio') }),
  /** A quantile of the latency, such as 0.99, seconds. */
  z.strictObject({ kind: z.literal('latency-quantile'), quantile: z.number().gt(0).lt(1) }),
  /** The mean of the latency, seconds. */
  z.strictObject({ kind: z.literal('latency-mean') }),
  /** The mean of a metric of the sample's `custom`. */
  z.strictObject({
    kind: z.literal('custom'),
    metric: z.string().min(1),
    /** Which way is worse. */
    worse: z.enum(['higher', 'lower']).default('higher'),
  }),
]);

/** What it is measured against. */
const againstSchema = z.discriminatedUnion('to', [
  /** Fails beyond a fixed limit. */
  z.strictObject({ to: z.literal('limit'), limit: z.number() }),
  /** Fails when worse than the baseline by more than both the ratio and the difference. */
  z.strictObject({
    to: z.literal('baseline'),
    /** Times the baseline; where lower is worse, the baseline by this. */
    ratio: z.number().min(1).default(1.5),
    /** In the unit of the measure, so that twice next to nothing is no failure. */
    minDifference: z.number().min(0),
  }),
]);

export const triggerSchema = z
  .strictObject({
    /** Stands in metrics, audit log and messages. */
    name: idSchema,
    measure: measureSchema,
    against: againstSchema,
    /** Fewer than these, or fewer in the baseline, are inconclusive. */
    minSamples: z.int().min(1).default(20),
    /** The trigger fires at so many failed checks ... */
    failures: z.int().min(1).default(3),
    /** ... among the last so many conclusive ones. */
    of: z.int().min(1).default(5),
    /** How far back samples are gathered for one verdict. */
    windowMs: z.int().min(1000).max(86_400_000).default(300_000),
    /** For an error ratio: how unlikely chance must be before a check fails. */
    significance: z.number().gt(0).lt(0.5).default(0.01),
  })
  .refine(({ failures, of }) => failures <= of, { path: ['failures'], error: 'expected no more than `of`' })
  .refine(({ measure, against }) => isLimitPossible(measure, against), {
    path: ['against', 'limit'],
    error: 'expected 0 or more, and below 1 for an error ratio',
  });

/** One trigger. @interface */
export type RollbackTriggerOptions = z.input<typeof triggerSchema>;
export type TriggerSettings = z.output<typeof triggerSchema>;
export type Measure = z.output<typeof measureSchema>;
type Against = z.output<typeof againstSchema>;

function isLimitPossible(measure: Measure, against: Against): boolean {
  if (against.to === 'baseline' || measure.kind === 'custom') return true;
  return against.limit >= 0 && (measure.kind !== 'error-ratio' || against.limit < 1);
}
