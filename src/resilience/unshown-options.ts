import type { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';

/**
 * Parses options that may hold secrets.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, naming every field that is wrong and what was expected, never what it was
 */
export function parseUnshown<S extends z.ZodType>(
  component: string,
  schema: S,
  input: z.input<S>,
): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? '(whole)' : path.map(String).join('.')}: ${message}`,
  );
  throw new PortcullisError('OPTION_INVALID', `${component}: ${issues.join('; ')}`, { details: { issues } });
}
