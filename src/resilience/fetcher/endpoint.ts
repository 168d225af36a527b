import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import type { ParamValue } from './fetch-request.ts';

/** Methods that may be sent again, as they change nothing. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Steps by one parameter. `absent` is the weight without it, which may go by another parameter. */
const stepsSchema = <Absent extends z.ZodType>(absent: Absent) =>
  z.strictObject({
    /** The parameter that the weight depends on. */
    param: z.string(),
    /** Its value as a number (default), or how many values it has: of a list, or of text between its commas. */
    by: z.enum(['value', 'count']).optional(),
    /** By the largest value or count that a step is for, rising. */
    steps: z.array(z.strictObject({ upTo: z.number(), weight: z.number().positive() })).min(1),
    /** Without the parameter. */
    absent,
  });

const fixedSchema = z.number().positive();
const weightSchema = z.union([fixedSchema, stepsSchema(z.union([fixedSchema, stepsSchema(fixedSchema)]))]);

export const EndpointOptionsSchema = z.strictObject({
  path: z.string().startsWith('/'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  weight: weightSchema.default(1),
  cacheTtlMs: z.number().min(0).optional(),
  signed: z.boolean().default(false),
});

/**
 * An endpoint that a source declares.
 *
 * - `path`: from the root, with `{names}` that parameters fill.
 * - `method`: default `GET`.
 * - `weight`: tokens that it takes from buckets that count weight. A number, or steps by a parameter: by its value, or by how
 *   many values it has; what it weighs without that one may go by a second parameter. Default 1.
 * - `cacheTtlMs`: how long its answers may be given again. Default: that of the source.
 * - `signed`: whether the source's signer signs it. Default false.
 *
 * @interface
 */
export type EndpointOptions = z.input<typeof EndpointOptionsSchema>;

export type Endpoint = z.output<typeof EndpointOptionsSchema>;

/** Tokens for one request; what lies beyond the last step, or is not a number, weighs as much as the last. */
export function weightOf(
  { weight }: Pick<Endpoint, 'weight'>,
  params: Readonly<Record<string, ParamValue>>,
): number {
  if (typeof weight === 'number') return weight;
  const { absent } = weight;
  const value = params[weight.param];
  if (value === undefined) return weightOf({ weight: absent }, params);
  const size = weight.by === 'count' ? countOf(value) : Number(value);
  const step = weight.steps.find(({ upTo }) => size <= upTo) ?? weight.steps.at(-1);
  return step?.weight ?? weightOf({ weight: absent }, params);
}

const countOf = (value: NonNullable<ParamValue>): number =>
  typeof value === 'object' ? value.length : String(value).split(',').length;

/** What would make another path of the one that it stands in. */
const UNSAFE_SEGMENTS: ReadonlySet<string> = new Set(['', '.', '..']);

/**
 * The path with its names filled, and the query of what is left.
 *
 * @throws {PortcullisError} `INPUT_INVALID` for a name without a value
 */
export function pathOf(
  path: string,
  params: Readonly<Record<string, ParamValue>>,
): { readonly path: string; readonly query: string } {
  let query = '';
  const used = new Set<string>();
  const filled = path.replaceAll(/\{(\w+)\}/gu, (_, name: string) => {
    const value = params[name];
    if (value === undefined || typeof value === 'object' || UNSAFE_SEGMENTS.has(String(value))) {
      throw new PortcullisError(
        'INPUT_INVALID',
        `params.${name}: expected one value for ${path}, got ${typeof value === 'object' ? 'a list' : JSON.stringify(value)}`,
      );
    }
    used.add(name);
    return encoded(name, value);
  });
  for (const name in params) {
    const value = params[name];
    if (value === undefined || used.has(name)) continue;
    if (Array.isArray(value)) for (const one of value as readonly unknown[]) query += pair(name, one);
    else query += pair(name, value);
  }
  return { path: filled, query: query.slice(1) };
}

const pair = (name: string, value: unknown): string => `&${encoded(name, name)}=${encoded(name, value)}`;

function encoded(name: string, value: unknown): string {
  const isText = typeof value === 'string' && value.isWellFormed();
  if (isText || typeof value === 'boolean' || Number.isFinite(value)) {
    return encodeURIComponent(value as string | number | boolean);
  }
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  throw new PortcullisError(
    'INPUT_INVALID',
    `params.${name}: expected text, a finite number or a boolean, got ${got}`,
  );
}
