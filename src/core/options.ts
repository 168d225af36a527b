import { inspect } from 'node:util';
import type { z } from 'zod';
import { PortcullisError } from './errors.ts';

/**
 * Parses a component's options once, at its boundary.
 *
 * @param component name for the message, such as `RiskGuard`
 * @throws {PortcullisError} `OPTION_INVALID`, naming every field that is wrong, what it was and what was expected.
 */
export function parseOptions<S extends z.ZodType>(
  component: string,
  schema: S,
  input: z.input<S>,
): z.output<S> {
  return parse('OPTION_INVALID', component, schema, input);
}

/**
 * Parses data from outside: a file, a message, a command line.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, naming every field that is wrong, what it was and what was expected.
 */
export function parseInput<S extends z.ZodType>(what: string, schema: S, input: unknown): z.output<S> {
  return parse('INPUT_INVALID', what, schema, input);
}

function parse<S extends z.ZodType>(
  code: 'OPTION_INVALID' | 'INPUT_INVALID',
  what: string,
  schema: S,
  input: unknown,
): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const path = issue.path.map(String).join('.');
    // Around a key that is misspelt stand others, and some are secret.
    const isShown = path !== '' && issue.code !== 'unrecognized_keys';
    const got = isShown ? `, got ${show(valueAt(input, issue.path))}` : '';
    return `${path === '' ? '(whole)' : path}: ${issue.message}${got}`;
  });
  throw new PortcullisError(code, `${what}: ${issues.join('; ')}`, { details: { issues } });
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function show(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (value === undefined) return 'nothing';
  const text =
    typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity });
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
