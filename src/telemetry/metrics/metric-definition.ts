import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import type { LabelList } from './label-sets.ts';

/**
 * Labels of a metric: names alone (any value), or names with the values they may take. `'any'` leaves one label open.
 * Every known set of values starts at 0; a label set whose open values are seen for the first time brings its siblings.
 */
export type LabelSpec = readonly string[] | Readonly<Record<string, readonly string[] | 'any'>>;

/** The labels an observation must carry, from their definition. */
export type LabelsOf<S extends LabelSpec> = S extends readonly (infer N extends string)[]
  ? Readonly<Record<N, string>>
  : { readonly [K in keyof S]: S[K] extends readonly (infer V extends string)[] ? V : string };

export interface MetricDefinition<S extends LabelSpec = LabelSpec> {
  /** snake_case with base units: `_seconds`, `_bytes`, `_ratio`; a counter, and nothing else, ends in `_total`. */
  readonly name: string;
  readonly help: string;
  /** The base unit the name ends in (before `_total`), such as `seconds`; shown in OpenMetrics. */
  readonly unit?: string;
  readonly labels?: S;
}

export interface HistogramDefinition<S extends LabelSpec = LabelSpec> extends MetricDefinition<S> {
  /** Upper bounds, ascending. Default: 1 ms to 10 s. Put the threshold of an objective among them. */
  readonly buckets?: readonly number[];
}

/** The labels of an info gauge are names alone: there is one series at a time. */
export type InfoDefinition<N extends string = string> = Omit<MetricDefinition<readonly N[]>, 'unit'>;

export type MetricKind = 'counter' | 'gauge' | 'histogram' | 'timestamp' | 'info';

/** A definition that has been checked; labels as pairs of name and listed values, `undefined` for an open label. */
export interface ParsedDefinition {
  readonly name: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly labels: LabelList;
  readonly buckets: readonly number[];
}

const DEFAULT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const NOT_BASE_UNITS =
  /_(?:ns|nanoseconds|us|microseconds|ms|milliseconds|seconds_ms|minutes|hours|days|percent|kb|kilobytes|mb|megabytes|gb|gigabytes)(?:_|$)/;
const RESERVED_SUFFIX = /_(?:count|sum|bucket|created)$/;
const TYPE_IN_NAME = /_(?:counter|gauge|histogram|summary)(?:_|$)/;

/** One series for each order or person: the classic way to fill a metrics server. */
const UNBOUNDED_LABEL =
  /^(?:(?:client_)?order_id|intent_id|trade_id|fill_id|user_id|correlation_id|trace_id|request_id|price|quantity|path|url)$/;

const LABEL_NAME = /^[a-z][a-z0-9_]*$/;

const labels = z
  .record(
    z.string(),
    z.union(
      [
        z.literal('any'),
        z
          .array(
            z
              .string()
              .min(1)
              .max(128)
              .refine((value) => value.isWellFormed(), 'expected text that can be written as UTF-8'),
          )
          .min(1)
          .refine(isUnique, 'a value is listed twice'),
      ],
      {
        error: "expected 'any' or a list of different values of 1 to 128 characters",
      },
    ),
  )
  .check(({ value, issues }) => {
    for (const name of Object.keys(value)) {
      const message = wrongLabelName(name);
      if (message !== undefined)
        issues.push({ code: 'custom', input: value, message: `label ${name} ${message}` });
    }
  })
  .default({});

function wrongLabelName(name: string): string | undefined {
  if (!LABEL_NAME.test(name)) return 'is not in snake_case';
  if (name === 'le' || name === 'quantile') return 'is reserved by Prometheus';
  if (UNBOUNDED_LABEL.test(name)) return 'has no bound on its values, so it cannot be a label';
  return undefined;
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

const nameOf = (kind: MetricKind): z.ZodType<string> =>
  z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, 'expected a metric name in snake_case')
    .max(128)
    .refine((name) => (kind === 'counter') === name.endsWith('_total'), {
      error: 'a counter ends in _total, and nothing else does',
    })
    .refine((name) => (kind === 'info') === name.endsWith('_info'), {
      error: 'an info gauge ends in _info, and nothing else does',
    })
    .refine((name) => kind !== 'timestamp' || name.endsWith('_timestamp_seconds'), {
      error: 'a timestamp ends in _timestamp_seconds',
    })
    .refine((name) => !NOT_BASE_UNITS.test(name), 'expected base units: _seconds, _bytes, _ratio')
    .refine((name) => !RESERVED_SUFFIX.test(name), '_count, _sum, _bucket and _created are reserved')
    .refine((name) => !TYPE_IN_NAME.test(name), 'the type of a metric is no part of its name');

const definition = (kind: MetricKind) =>
  z.strictObject({
    name: nameOf(kind),
    help: z
      .string()
      .min(1)
      .max(500)
      .refine((help) => help.isWellFormed(), 'expected text that can be written as UTF-8'),
    unit: z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, 'expected a base unit in snake_case')
      .optional(),
    labels,
  });

const schemas = {
  counter: definition('counter'),
  gauge: definition('gauge'),
  timestamp: definition('timestamp'),
  info: definition('info').omit({ unit: true }),
  histogram: definition('histogram').extend({
    buckets: z
      .array(z.number())
      .min(1)
      .refine((bounds) => bounds.every((bound, at) => bound > (bounds[at - 1] ?? -Infinity)), {
        error: 'expected ascending upper bounds',
      })
      .default(DEFAULT_BUCKETS),
  }),
} as const;

/** @throws {PortcullisError} `OPTION_INVALID`, naming the metric and what is wrong with it. */
export function parseDefinition(
  kind: MetricKind,
  { labels: given = {}, ...rest }: HistogramDefinition,
): ParsedDefinition {
  const schema = schemas[kind] as typeof schemas.histogram;
  const named = isNames(given) ? Object.fromEntries(given.map((name) => [name, 'any' as const])) : given;
  const input = { ...rest, labels: named } as z.input<typeof schema>;
  const what = `${kind} ${JSON.stringify(rest.name)}`;
  const parsed = parseOptions(what, schema, input);
  const { name, unit } = parsed;
  if (unit !== undefined && !name.replace(/_total$/, '').endsWith(`_${unit}`))
    throw new PortcullisError('OPTION_INVALID', `${what}: unit: expected a name that ends in _${unit}`);
  return {
    name,
    help: parsed.help,
    unit,
    labels: Object.entries(parsed.labels).map(([name, values]) => [
      name,
      values === 'any' ? undefined : values,
    ]),
    buckets: kind === 'histogram' ? parsed.buckets : [],
  };
}

const isNames = (spec: LabelSpec): spec is readonly string[] => Array.isArray(spec);

/** The same text for the same definition, whatever the order of its labels and their values. */
export const signatureOf = (kind: MetricKind, { help, unit, labels, buckets }: ParsedDefinition): string =>
  JSON.stringify({
    kind,
    help,
    unit,
    labels: labels
      .map(([name, values]) => [name, values === undefined ? 'any' : values.toSorted()] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    buckets,
  });
