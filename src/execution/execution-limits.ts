import { z } from 'zod';
import { moneySchema } from '../core/money-schema.ts';

const bps = z.number().min(0).max(10_000);
const orNone = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal('none')]);

/** A limit for entries and one for exits; exits have none unless they are given one. */
const pair = <T extends z.ZodType>(schema: T) =>
  z.strictObject({ entry: orNone(schema), exit: orNone(schema).default('none' as never) });

const timesInForce = z.array(z.enum(['GTC', 'IOC', 'FOK'])).min(1);

/** The limits of the seven execution gates. */
export const executionLimitsSchema = z
  .strictObject({
    /** Widest spread, in bps of the middle. */
    spreadBps: pair(bps).default({ entry: 50, exit: 'none' }).readonly(),
    /** The quantity shown on the side that the order trades with, as a multiple of the order. */
    depth: z
      .strictObject({
        /** How far from the touch levels count. */
        withinBps: bps.default(20),
        multiple: pair(z.number().min(0)).default({ entry: 1, exit: 'none' }).readonly(),
      })
      .prefault({})
      .readonly(),
    /** Largest share of what was traded recently, as a fraction. */
    volumeFraction: pair(z.number().min(0)).default({ entry: 0.1, exit: 'none' }).readonly(),
    /** How far the worst price may be beyond the mark, at the trader's cost. */
    slippage: z
      .strictObject({
        perOrderBps: pair(bps).default({ entry: 50, exit: 'none' }).readonly(),
        /** Money that entries of one trading day may be allowed in all. */
        perDay: orNone(moneySchema).default('none'),
      })
      .prefault({})
      .readonly(),
    timeInForce: z
      .strictObject({
        entry: timesInForce.default(['GTC', 'IOC', 'FOK']).readonly(),
        exit: timesInForce.default(['GTC', 'IOC', 'FOK']).readonly(),
      })
      .prefault({})
      .readonly(),
    /** How far the worst price may be from the last good mark, either way. Never off. */
    collarBps: z.strictObject({ entry: bps, exit: bps }).default({ entry: 200, exit: 1_000 }).readonly(),
  })
  .readonly();

/** @interface */
export type ExecutionLimitsInput = z.input<typeof executionLimitsSchema>;
/** @interface */
export type ExecutionLimits = z.output<typeof executionLimitsSchema>;

/** A limit that may be off. */
export interface LimitPair {
  readonly entry: number | 'none';
  readonly exit: number | 'none';
}
