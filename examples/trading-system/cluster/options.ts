import { parseArgs } from 'node:util';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';

export const HELP = `usage: npm run start:cluster -- --redis URL [options]

Runs the trading system as one process for each service, over a Redis, and looks after them until Ctrl-C or SIGTERM.
SIGHUP restarts them one by one. Writes one line of JSON for each thing that happens.

  --redis URL        bus, shared state and announcements: redis://127.0.0.1:6379
  --postgres URL     journal, audit log, snapshots and history; without it they are files of the data directory
  --data-dir DIR     where files are, and it goes on with what is there (default: a temporary one, removed at the end)
  --config FILE      a configuration as for npm start, as JSON
  --signals N        processes that share the instruments (default 2)
  --trading N        one trades, the others stand by (default 2)
  --port BASE        first of the ports on 127.0.0.1; 0 takes free ones (default 8080)
  --json-status PORT where GET /status and POST /restart are (default BASE + 8)
  --venue URL        an exchange that runs already, with key and secret in the configuration (default: one is started)
  --log FORM         lines of the processes on stderr: prefix, json or none (default prefix)
  --help             print this`;

const whole = z
  .string()
  .regex(/^\d{1,5}$/, 'expected a whole number')
  .transform(Number);

const schema = z.strictObject({
  redis: z.url({ protocol: /^rediss?$/ }),
  postgres: z.url({ protocol: /^postgres(?:ql)?$/ }).optional(),
  'data-dir': z.string().min(1).optional(),
  config: z.string().min(1).optional(),
  signals: whole.pipe(z.int().min(1).max(16)).default(2),
  trading: whole.pipe(z.int().min(1).max(16)).default(2),
  port: whole.pipe(z.int().max(65_000)).default(8080),
  'json-status': whole.pipe(z.int().max(65_535)).optional(),
  venue: z.url({ protocol: /^https?$/ }).optional(),
  log: z.enum(['prefix', 'json', 'none']).default('prefix'),
});

export type ClusterOptions = z.output<typeof schema>;

/**
 * Reads the command line; `undefined` where help is asked for.
 *
 * @throws {PortcullisError} `INPUT_INVALID`; a `TypeError` for an option that is not known
 */
export function parseCommandLine(args: readonly string[]): ClusterOptions | undefined {
  const options = Object.fromEntries(
    [...Object.keys(schema.shape), 'help'].map((name) => [
      name,
      { type: name === 'help' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { help, ...values } = parseArgs({ args: [...args], options }).values;
  return help === true ? undefined : parseInput('start:cluster', schema, values);
}
