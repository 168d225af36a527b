import { access, constants, readdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { badInput, parseCommandLine, whole } from './command-line.ts';

export const HELP = `usage: npm run demo -- [options]

Runs a small, whole trading system on a simulated or a recorded market, prints a report and ends.

  --recording FILE  replay a recorded Binance stream (.log or .log.gz) instead of the simulation
  --bars FILE       play the one-minute bars of a CSV file (.csv or .csv.gz) under a declared model of spread and depth;
                    its first line is open_time_ms,open,high,low,close,volume
  --tick T          with --bars: the price step of its instrument (default 0.01)
  --step S          with --bars: the quantity step of its instrument (default 0.00001)
  --seed N          seed of the simulated market, a whole number (default 7)
  --days N          days to simulate, above 0 and at most 60 (default 3)
  --json FILE       write the report as JSON as well
  --kill            trade with a toy exchange in a process of its own instead, be killed in the middle, and recover
  --data-dir DIR    keep journal, audit log and state there; must be new or empty
                    (default: a temporary directory, removed at the end)
  --help            print this`;

const days = 'expected a number above 0 and at most 60';
const increment = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,12})?$/, 'expected a plain decimal')
  .optional();
const schema = z.strictObject({
  recording: z.string().min(1).optional(),
  bars: z.string().min(1).optional(),
  tick: increment,
  step: increment,
  seed: whole.optional(),
  days: z
    .string()
    .regex(/^\d{1,2}(\.\d{1,6})?$/, days)
    .transform(Number)
    .refine((count) => count > 0 && count <= 60, days)
    .optional(),
  json: z.string().min(1).optional(),
  'data-dir': z.string().min(1).optional(),
  kill: z.boolean().optional(),
  help: z.boolean().optional(),
});

export type DemoOptions = z.output<typeof schema>;

/** @throws {PortcullisError} `INPUT_INVALID` naming the option; before anything is written */
export async function parseOptions(args: readonly string[]): Promise<DemoOptions> {
  const options = parseCommandLine('demo', schema, args);
  if (options.recording !== undefined && (options.seed ?? options.days) !== undefined)
    throw badInput('demo: --seed and --days are for the simulation, not for a --recording');
  if (options.bars !== undefined && (options.seed ?? options.days ?? options.recording) !== undefined)
    throw badInput('demo: --bars goes without --seed, --days and --recording');
  if (options.bars === undefined && (options.tick ?? options.step) !== undefined)
    throw badInput('demo: --tick and --step are for --bars');
  const other = (['recording', 'bars', 'days', 'json', 'data-dir'] as const).find(
    (name) => options[name] !== undefined,
  );
  if (options.kill === true && other !== undefined) throw badInput(`demo: --kill takes no --${other}`);
  if (options.json !== undefined) await mustBeWritable(resolve(options.json));
  if (options['data-dir'] !== undefined) await mustBeEmpty(options['data-dir']);
  return options;
}

async function mustBeWritable(file: string): Promise<void> {
  const folder = dirname(file);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw badInput(`demo: --json: expected a file in a folder that can be written, got ${folder}`, cause);
  });
  const there = await stat(file).catch(() => undefined);
  if (there?.isDirectory() === true) throw badInput(`demo: --json: expected a file, got the folder ${file}`);
}

/** What cannot be read as a folder is refused by whoever opens it. */
async function mustBeEmpty(folder: string): Promise<void> {
  const [first] = await readdir(folder).catch(() => []);
  if (first === undefined) return;
  throw badInput(`demo: --data-dir: expected a new or empty folder, but ${folder} holds ${first}`);
}
