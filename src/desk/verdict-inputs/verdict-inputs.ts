import { z } from 'zod';

/*
 * What a verdict was made from, as it stands in the audit log. Lists instead of objects where there are many of a kind.
 */

export const INPUTS_VERSION = 1;

/** A number as JSON can hold it: what is not finite stands there by name. */
const number = z.union([z.number(), z.literal(['NaN', 'Infinity', '-Infinity']).transform(Number)]);

/** Price in ticks, quantity in lots. Best first, and no further than a gate reads. */
const levels = z.array(z.tuple([number, number])).readonly();

const viewSchema = z
  .strictObject({
    bids: levels,
    asks: levels,
    mark: number,
    recentVolume: number,
    volumeWindowMs: number,
    /** Median in bps, samples, window in milliseconds. */
    recentSpread: z.tuple([number, number, number]).optional(),
    /** Low, high, window in milliseconds. */
    recentMarks: z.tuple([number, number, number]).optional(),
    receivedMonotonicMs: number,
    receivedMs: number,
    /** Codes of what blocks entries. */
    blocking: z.array(z.string()).readonly().optional(),
  })
  .readonly();

const accountSchema = z
  .strictObject({
    accountId: z.string(),
    currency: z.string(),
    /** In decimals. */
    cash: z.string(),
    /** In millionths, here and below. */
    claimed: number,
    dayOpen: number,
    highWater: number,
    /** Instrument, position, what works to buy and to sell, in lots; what the position cost, in decimals. */
    cells: z.array(z.tuple([z.string(), number, number, number, z.string()])).readonly(),
    /** Other currencies: cash in decimals, what one is worth in that of the account, or `null`, and when that was received. */
    currencies: z
      .array(z.tuple([z.string(), z.string(), z.string().nullable(), number]))
      .readonly()
      .optional(),
    /** Instrument, strategy, position, what works to buy and to sell. Of strategies that have limits of their own. */
    shares: z
      .array(z.tuple([z.string(), z.string(), number, number, number]))
      .readonly()
      .optional(),
    /** Strategy, and what it has earned since the roll of the day. */
    strategies: z
      .array(z.tuple([z.string(), number]))
      .readonly()
      .optional(),
  })
  .readonly();

/** The first of our own orders that the order would trade with: id, account, strategy, side, and how far it may stand, in ticks. */
const crossingSchema = z.tuple([z.string(), z.string(), z.string(), z.enum(['buy', 'sell']), number]);

/** An order that exists under the id that is asked for. */
const knownSchema = z.strictObject({ intent: z.unknown(), clientOrderId: z.string(), state: z.string() });

/** A reason, as a verdict on record names it. */
export const denialSchema = z.strictObject({
  gate: z.string(),
  code: z.string(),
  measured: z.union([z.number(), z.string()]).optional(),
  limit: z.union([z.number(), z.string()]).optional(),
  note: z.string().optional(),
});

export const verdictInputsSchema = z
  .strictObject({
    version: z.literal(INPUTS_VERSION),
    /** The first 16 digits of the hash of the rules, which stand in a record `limits.in-force`. */
    rules: z.string(),
    nowMs: number,
    monotonicMs: number,
    /** How long after these times the verdict stood, on a clock that does not wait. */
    spanMs: number,
    /** The trading day. */
    dayId: z.string(),
    view: viewSchema.optional(),
    known: knownSchema.optional(),
    /** Why nobody could say whether the id exists. */
    older: denialSchema.optional(),
    /** Instrument, last good price in ticks, when it was received. */
    marks: z
      .array(z.tuple([z.string(), number, number]))
      .readonly()
      .optional(),
    /** The account of the order, and others where a limit reads them. */
    accounts: z.array(accountSchema).readonly().optional(),
    trading: z.enum(['active', 'reducing', 'halted']).optional(),
    restriction: z.string().optional(),
    /**
     * What moves with the instrument of the order: each with its correlation, `null` while that is unknown, nothing where
     * nobody says. Missing where nothing is known: then all do.
     */
    movesWith: z
      .array(z.union([z.tuple([z.string()]), z.tuple([z.string(), number.nullable()])]))
      .readonly()
      .optional(),
    /** Where a limit reads it. */
    crossing: crossingSchema.optional(),
    /** Slippage that was spent on the day, in all and by the strategy of the order. */
    spentSlippage: z.tuple([number, number]).optional(),
    /** Gates that need not let it pass. */
    overridden: z.array(z.string()).readonly().optional(),
  })
  .readonly();

/**
 * What a verdict was made from: nothing but what a gate may have read.
 *
 * @useDeclaredType
 */
export type VerdictInputs = z.output<typeof verdictInputsSchema>;
export type ViewInputs = z.output<typeof viewSchema>;
export type CrossingInputs = z.output<typeof crossingSchema>;
export type AccountInputs = z.output<typeof accountSchema>;

/** What is recorded of verdicts: inputs of all, of those that are denied, or of none. */
export type VerdictInputsMode = 'all' | 'denied' | 'none';
