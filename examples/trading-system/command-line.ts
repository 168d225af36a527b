import { parseArgs } from 'node:util';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';
import {
  ROLES,
  type Role,
  type SystemConfig,
  type SystemConfigInput,
  parseConfig,
  readConfigFile,
} from './config.ts';

export const HELP = `usage: npm start -- [options]

Runs the trading system until Ctrl-C or SIGTERM: all services in one process, with nothing to set up.

  --port BASE        first of seven ports on 127.0.0.1; 0 takes any free ones (default 8080)
  --data-dir DIR     keep everything there, and go on with what is there
                     (default: a temporary directory, removed at the end)
  --seed N           seed of the simulated market, a whole number (default 7)
  --config FILE      a configuration, as JSON; the options here are stronger
  --redis URL        bus and shared state on a Redis server, for several processes
  --postgres URL     journal, audit log and history on a PostgreSQL server as well
  --only ROLE        one service: ${ROLES.join(', ')}
  --instance N       which one of several of a role (default 1)
  --help             print this

npm run start:cluster runs each service in a process of its own.`;

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number);

const schema = z.strictObject({
  port: whole.pipe(z.int().max(65_000)).optional(),
  'data-dir': z.string().min(1).optional(),
  seed: whole.optional(),
  config: z.string().min(1).optional(),
  redis: z.string().min(1).optional(),
  postgres: z.string().min(1).optional(),
  only: z.enum(ROLES).optional(),
  instance: whole.pipe(z.int().min(1).max(99)).default(1),
});

export interface Command {
  readonly config: SystemConfig;
  /** One service in a process of its own. */
  readonly only: Role | undefined;
  readonly instance: number;
}

/**
 * Reads the command line; `undefined` where help is asked for.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, `FILE_UNREADABLE`; a `TypeError` for an option that is not known
 */
export function parseCommand(args: readonly string[]): Command | undefined {
  const options = Object.fromEntries(
    [...Object.keys(schema.shape), 'help'].map((name) => [
      name,
      { type: name === 'help' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const { help, ...values } = parseArgs({ args: [...args], options }).values;
  if (help === true) return undefined;
  const given = parseInput('start', schema, values);
  const { port, 'data-dir': dataDir, seed, config, redis, postgres, only, instance } = given;
  const file: SystemConfigInput = config === undefined ? {} : readConfigFile(config);
  const parsed = parseConfig({
    // People read what one process says; what many say is for machines.
    ...{ logLevel: only === undefined ? 'warn' : 'info' },
    ...file,
    ...(port !== undefined && { basePort: port }),
    ...(dataDir !== undefined && { dataDir }),
    ...(seed !== undefined && { market: { kind: 'simulation', seed } }),
    ...(redis !== undefined && { redis: { ...file.redis, url: redis } }),
    ...(postgres !== undefined && { postgres: { url: postgres } }),
  });
  return { config: parsed, only, instance };
}
