import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';
import { idSchema } from '../core/ids.ts';
import { moneySchema } from '../core/money-schema.ts';
import { parseOptions } from '../core/options.ts';

const bps = z.number().min(0).max(10_000);
const orNone = <T extends z.ZodType>(schema: T) => z.union([schema, z.literal('none')]);

/** A limit for entries and one for exits; exits have none unless they are given one. */
const pair = <T extends z.ZodType>(schema: T) =>
  z.strictObject({ entry: orNone(schema), exit: orNone(schema).default('none' as never) });

/** Sorted, so that the same limits have the same hash. */
const byStrategy = <T extends z.ZodType>(schema: T) =>
  z
    .record(idSchema, schema)
    .transform((map) => Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1))))
    .readonly();

const timesInForce = z.array(z.enum(['GTC', 'IOC', 'FOK'])).min(1);

/** The limits of the execution gates: of the seven that are mandatory, and of those that are off until configured. */
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
    /** Largest share of what was traded recently, as a fraction, of one order by itself. */
    volumeFraction: pair(z.number().min(0)).default({ entry: 0.1, exit: 'none' }).readonly(),
    /** How far the worst price may be beyond the mark, at the trader's cost. */
    slippage: z
      .strictObject({
        perOrderBps: pair(bps).default({ entry: 50, exit: 'none' }).readonly(),
        /** Money that entries of one trading day may be allowed in all. */
        perDay: orNone(moneySchema).default('none'),
        /**
         * The same for the entries of one strategy: one amount for each of them, or one by strategy id; then entries of a
         * strategy that is not named are denied.
         */
        perStrategyDay: z.union([orNone(moneySchema), byStrategy(orNone(moneySchema))]).default('none'),
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
    /** Widest spread, compared with its own median of the recent past. Off until configured. */
    spreadMedian: z
      .strictObject({
        /** Of the median. */
        multiple: pair(z.number().positive()).readonly(),
        /** With fewer samples nothing is known, and entries are denied. */
        minSamples: z.int().min(1).default(30),
      })
      .readonly()
      .optional(),
    /** How far the worst price may be outside the range of the marks of the recent past, either way. Off until configured. */
    periodCollarBps: pair(bps).readonly().optional(),
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

const parsed = new WeakSet<ExecutionLimits>();

/**
 * Reads limits as options give them: every field is there, and nothing in them can be changed any more.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, naming every field that is wrong
 */
export function parseExecutionLimits(input: ExecutionLimitsInput = {}): ExecutionLimits {
  const limits = parseOptions('ExecutionPolicy', executionLimitsSchema, input);
  parsed.add(limits);
  return limits;
}

/** @throws {PortcullisError} `OPTION_INVALID` for limits that were not read here: whoever wrote them might change them. */
export function checkParsed(limits: ExecutionLimits): void {
  if (parsed.has(limits)) return;
  throw new PortcullisError(
    'OPTION_INVALID',
    'ExecutionPolicy: limits: expected what parseExecutionLimits gives, got other ones',
  );
}
