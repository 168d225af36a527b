import { parseArgs } from 'node:util';
import { PortcullisError } from 'portcullis';
import { parseInput } from 'portcullis/core';
import { z } from 'zod';

/** A whole number of at most nine digits. */
export const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number')
  .transform(Number);

const SWITCHES = new Set(['help', 'kill']);

/**
 * Reads the options of a command: `help` and `kill` are switches, all others take a value.
 *
 * @throws {PortcullisError} `INPUT_INVALID` naming the option
 */
export function parseCommandLine<S extends z.ZodObject>(
  command: string,
  schema: S,
  args: readonly string[],
): z.output<S> {
  const names = Object.keys(schema.shape);
  const options = Object.fromEntries(
    names.map((name) => [name, { type: SWITCHES.has(name) ? 'boolean' : 'string' } as const]),
  );
  let values;
  try {
    values = parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    throw badInput(`${command}: ${messageOf(cause).replaceAll('\n', ' ')}`, cause);
  }
  return parseInput(command, schema, { ...values });
}

export const badInput = (message: string, cause?: unknown): PortcullisError =>
  new PortcullisError('INPUT_INVALID', message, { cause });

const EXIT_BAD_INPUT = 2;
const BAD_INPUT = new Set([
  'INPUT_INVALID',
  'OPTION_INVALID',
  'FILE_UNREADABLE',
  'FORMAT_UNSUPPORTED',
  'INSTRUMENT_UNKNOWN',
  'DATA_DIR_LOCKED',
]);

/** Ends a command: what its user can put right is one line and exit code 2, anything else is shown whole, exit code 1. */
export function fail(error: unknown): void {
  const known = error instanceof PortcullisError;
  // What a service could not start for is what its user wants to know.
  if (known && error.code === 'SERVICE_START_FAILED') {
    fail(error.cause);
    return;
  }
  const expected = (known && BAD_INPUT.has(error.code)) || cannotListen(error);
  console.error(expected ? messageOf(error) : error);
  process.exitCode = expected ? EXIT_BAD_INPUT : 1;
}

const cannotListen = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'listen';

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
