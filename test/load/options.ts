import { parseArgs } from 'node:util';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';

/** What is measured, and on what. */
export const VARIANTS = ['exchange-files', 'paper-files', 'exchange-postgres'] as const;
export type Variant = (typeof VARIANTS)[number];

export const PARTS = ['load', 'takeover', 'propagation'] as const;
type Part = (typeof PARTS)[number];

export const HELP = `usage: npm run load -- [options]

Starts a redis-server, the toy exchange and the trading system as nine more processes, and measures: orders over HTTP at a
fixed rate, whatever the answers take; how long a standby needs to trade after kill -9 of the active process; how long a trip
of the kill switch takes to reach the trading process. Removes all that it started. Exit code 1 when a part could not be
measured; a target that is missed is a result.

  --minutes N        of the load at the full rate (default 5; fractions are fine)
  --rate N           orders per second (default 1000)
  --instruments N    that are traded (default 100)
  --variants LIST    ${VARIANTS.join(',')} (default: all that the machine has servers for)
  --parts LIST       ${PARTS.join(',')} (default: all)
  --rounds N         of takeover, and of propagation with and without announcements (default 50 each)
  --ramp-seconds N   of each step of the search for the highest rate that holds the targets (default 15; 0: no search)
  --quotes-every N   milliseconds between two quotes of an instrument (default 500)
  --lease-ms N       how long the lease keeps others out: more on a machine that is busy with other things (default 3000)
  --redis URL        one that runs already and is empty (default: one is started)
  --json FILE        write all of it as JSON as well
  --help             print this`;

const number = z
  .string()
  .regex(/^\d{1,7}(?:\.\d{1,3})?$/, 'expected a number')
  .transform(Number);

const listOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(names)).min(1))
    .transform((list) => [...new Set(list)]);

const schema = z.strictObject({
  minutes: number.pipe(z.number().gt(0).max(600)).default(5),
  rate: number.pipe(z.int().min(1).max(100_000)).default(1_000),
  instruments: number.pipe(z.int().min(1).max(200)).default(100),
  variants: listOf(VARIANTS).optional(),
  parts: listOf(PARTS).default([...PARTS]),
  rounds: number.pipe(z.int().min(1).max(10_000)).default(50),
  'ramp-seconds': number.pipe(z.number().max(600)).default(15),
  'quotes-every': number.pipe(z.int().min(10).max(4_000)).default(500),
  'lease-ms': number.pipe(z.int().min(500).max(60_000)).default(3_000),
  redis: z.url({ protocol: /^redis$/ }).optional(),
  json: z.string().min(1).optional(),
});

export type LoadOptions = z.output<typeof schema>;

/**
 * Reads the command line; `undefined` where help is asked for.
 *
 * @throws {PortcullisError} `INPUT_INVALID`; a `TypeError` for an option that is not known
 */
export function parseOptions(args: readonly string[]): LoadOptions | undefined {
  const options = Object.fromEntries(
    [...Object.keys(schema.shape), 'help'].map((name) => [
      name,
      { type: name === 'help' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { help, ...values } = parseArgs({ args: [...args], options }).values;
  return help === true ? undefined : parseInput('load', schema, values);
}

const MINUTE_MS = 60_000;
/** To start ten processes, and to end them, on a busy machine; profile, pauses and what a run leaves behind. */
const AROUND_MS = 12 * MINUTE_MS;
const MOST_RAMP_STEPS = 24;
const ROUND_MS: Readonly<Record<Exclude<Part, 'load'>, number>> = {
  takeover: MINUTE_MS,
  propagation: 2 * MINUTE_MS,
};

/** Of every cluster that is measured. */
export const leaseOf = ({ 'lease-ms': ttlMs }: Pick<LoadOptions, 'lease-ms'>) => ({
  ttlMs,
  renewEveryMs: Math.round(ttlMs / 5),
  pollMs: 100,
});

/** After this the whole is given up: more than it can take when each of its steps takes the longest that it may. */
export function budgetMs({ minutes, parts, rounds, variants, 'ramp-seconds': ramp }: LoadOptions): number {
  const ofVariant = AROUND_MS + MOST_RAMP_STEPS * (ramp * 1_000 + MINUTE_MS) + 2 * minutes * MINUTE_MS;
  return parts.reduce(
    (sum, part) =>
      sum +
      (part === 'load' ? (variants ?? VARIANTS).length * ofVariant : AROUND_MS + rounds * ROUND_MS[part]),
    0,
  );
}
