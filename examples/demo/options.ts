import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PortcullisError } from 'portcullis';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';

export const HELP = `usage: npm run demo -- [options]

Runs a small, whole trading system on a simulated or a recorded market, prints a report and ends.

  --recording FILE  replay a recorded Binance stream (.log or .log.gz) instead of the simulation
  --seed N          seed of the simulated market, a whole number (default 7)
  --days N          days to simulate, above 0 and at most 60 (default 3)
  --json FILE       write the report as JSON as well
  --data-dir DIR    keep journal, audit log and state there; must be new or empty
                    (default: a temporary directory, removed at the end)
  --help            print this`;

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number);
const schema = z.strictObject({
  recording: z.string().min(1).optional(),
  seed: whole.optional(),
  days: z
    .string()
    .regex(/^\d{1,2}(\.\d{1,6})?$/, 'expected a number above 0 and at most 60')
    .transform(Number)
    .refine((days) => days > 0 && days <= 60, 'expected a number above 0 and at most 60')
    .optional(),
  json: z.string().min(1).optional(),
  'data-dir': z.string().min(1).optional(),
  help: z.boolean().optional(),
});

export type DemoOptions = z.output<typeof schema>;

/** @throws {PortcullisError} `INPUT_INVALID` naming the option */
export async function parseOptions(args: readonly string[]): Promise<DemoOptions> {
  const options = parseInput('demo', schema, read(args));
  if (options.recording !== undefined && (options.seed ?? options.days) !== undefined) {
    throw new PortcullisError(
      'INPUT_INVALID',
      'demo: --seed and --days are for the simulation, not for a --recording',
    );
  }
  if (options.json !== undefined) {
    const folder = dirname(resolve(options.json));
    await access(folder, constants.W_OK).catch((cause: unknown) => {
      throw new PortcullisError(
        'INPUT_INVALID',
        `demo: --json: expected a file in a folder that can be written, got ${folder}`,
        { cause },
      );
    });
  }
  return options;
}

function read(args: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    return {
      ...parseArgs({
        args: [...args],
        options: {
          recording: text,
          seed: text,
          days: text,
          json: text,
          'data-dir': text,
          help: { type: 'boolean' },
        },
      }).values,
    };
  } catch (cause) {
    throw new PortcullisError(
      'INPUT_INVALID',
      `demo: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
