import { decimal } from 'portcullis/core';
import { z } from 'zod';

/** A positive decimal as text: money is never a JavaScript number. */
const price = z
  .string()
  .max(24)
  .regex(/^(?:0\.0*[1-9]\d*|[1-9]\d*(?:\.\d+)?)$/, 'expected a positive decimal as text');

/** A quote, as sources tell it and as it is written. `atMs` is wall time of the source in milliseconds since the epoch. */
export const quoteSchema = z.strictObject({
  instrumentId: z.string().regex(/^[A-Z0-9]{1,16}(?:-[A-Z0-9]{1,16})?$/),
  bid: price,
  ask: price,
  atMs: z.int().positive(),
});
export type Quote = z.output<typeof quoteSchema>;

/** How a look at a quote can end. `repeated`: no news since the last one. */
export const OUTCOMES = [
  'accepted',
  'repeated',
  'malformed',
  'unwanted',
  'crossed',
  'from_the_future',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a quote is held against. */
export interface QuoteRules {
  readonly instruments: ReadonlySet<string>;
  /** How far the clock of the source may be ahead of ours. */
  readonly maxAheadMs: number;
}

export interface CheckedQuotes {
  readonly accepted: readonly Quote[];
  /** One for each that was given, in order. */
  readonly outcomes: readonly Outcome[];
}

/** Looks at each quote of an answer: one that is bad does not spoil the others. `last` is the newest of each instrument so far. */
export function checkQuotes(
  given: readonly unknown[],
  last: ReadonlyMap<string, Quote>,
  rules: QuoteRules & { readonly nowMs: number },
): CheckedQuotes {
  const newest = new Map<string, Quote>();
  const accepted: Quote[] = [];
  const outcomes = given.map((one): Outcome => {
    const parsed = quoteSchema.safeParse(one);
    if (!parsed.success) return 'malformed';
    const quote = parsed.data;
    const before = newest.get(quote.instrumentId) ?? last.get(quote.instrumentId);
    const outcome = outcomeOf(quote, before, rules);
    if (outcome === 'accepted') {
      newest.set(quote.instrumentId, quote);
      accepted.push(quote);
    }
    return outcome;
  });
  return { accepted, outcomes };
}

function outcomeOf(
  quote: Quote,
  before: Quote | undefined,
  { instruments, maxAheadMs, nowMs }: QuoteRules & { readonly nowMs: number },
): Outcome {
  if (!instruments.has(quote.instrumentId)) return 'unwanted';
  if (!(quote.atMs <= nowMs + maxAheadMs)) return 'from_the_future';
  if (before !== undefined && quote.atMs <= before.atMs) return 'repeated';
  return decimal(quote.bid).lt(decimal(quote.ask)) ? 'accepted' : 'crossed';
}
