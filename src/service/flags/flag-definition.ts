import type { JsonValue } from '@openfeature/core';
import { z } from 'zod';

const NAME = /^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/;

/** Name of a flag, a variant or a context attribute. */
export const flagNameSchema = z
  .string()
  .regex(NAME, 'expected a letter, then up to 63 letters, digits, dots, hyphens or underscores');

const FLAG_TYPES = ['boolean', 'string', 'number', 'object'] as const;

/** @useDeclaredType */
export type FlagType = (typeof FLAG_TYPES)[number];

const valueSchema: z.ZodType<JsonValue, JsonValue> = z.json();

/** What a condition compares with: exactly equal, types included. */
const operandSchema = z.union([z.string(), z.number(), z.boolean()], {
  error: 'expected a string, a number, a boolean, or a list of them',
});

const ruleSchema = z.strictObject({
  /**
   * Context attributes that must all match: a value that the attribute equals, or a list that it is in. Default: matches
   * everybody.
   */
  when: z.record(flagNameSchema, z.union([operandSchema, z.array(operandSchema).min(1)])).default({}),
  /** Name of the variant given, or variants with weights above 0: `{ "a": 1, "b": 3 }` gives b to three in four. */
  serve: z.union([flagNameSchema, z.record(flagNameSchema, z.number().positive())], {
    error: 'expected the name of a variant, or variants with weights above 0',
  }),
  /** How many in a hundred of those that match get it, 0 to 100; the others go on to the next rule. Default: all. */
  percent: z.number().min(0).max(100).default(100),
  /** Attribute that percentage and weights go by. Default: `targetingKey`, or `accountId` where there is none. */
  by: flagNameSchema.optional(),
});

/** A rule as parsed. */
export type FlagRule = z.output<typeof ruleSchema>;

const BOOLEAN_VARIANTS = { on: true, off: false } as const;

/** The only variant of a flag that lists none and is not boolean. */
const DEFAULT_VARIANT = 'default';

export const flagDefinitionSchema = z
  .strictObject({
    type: z.enum(FLAG_TYPES),
    description: z.string().max(500).optional(),
    /** Name of a variant. Without `variants` the value itself. */
    default: valueSchema,
    /** Values by name. Default: `on` and `off` for a boolean, else one, `default`. */
    variants: z
      .record(flagNameSchema, valueSchema)
      .refine((variants) => Object.keys(variants).length > 0, 'expected one variant or more')
      .optional(),
    /** The first that matches decides. */
    rules: z.array(ruleSchema).default([]),
    /** `false` lets every caller get the default in its code. */
    enabled: z.boolean().default(true),
    /** A value that everybody gets, whatever the rules say. */
    pinned: valueSchema.optional(),
    /** ISO 8601 with an offset. A flag past it works on, and is reported. */
    expiresAt: z.iso.datetime({ offset: true }).optional(),
  })
  .check(({ value, issues }) => {
    for (const { path, message } of faultsIn(value)) {
      issues.push({ code: 'custom', input: value, path: [...path], message });
    }
  });

/** A flag as it stands in a file. @interface */
export type FlagDefinition = z.input<typeof flagDefinitionSchema>;

/** The same with its defaults filled in. */
export type ParsedFlag = z.output<typeof flagDefinitionSchema>;

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** What each field can be only in view of the others. */
function faultsIn(flag: ParsedFlag): readonly Fault[] {
  const { type, variants, rules, pinned } = flag;
  const names = Object.keys(variantsOf(flag));
  const faults: Fault[] = [];
  for (const [name, value] of Object.entries(variants ?? {})) {
    if (!isOfType(type, value))
      faults.push({ path: ['variants', name], message: `expected ${withArticle(type)}` });
  }
  if (variants === undefined) {
    if (!isOfType(type, flag.default))
      faults.push({ path: ['default'], message: `expected ${withArticle(type)}` });
  } else if (typeof flag.default !== 'string' || !names.includes(flag.default)) {
    faults.push({ path: ['default'], message: `expected a variant: ${names.join(', ')}` });
  }
  for (const [at, { serve }] of rules.entries()) {
    const served = typeof serve === 'string' ? [serve] : Object.keys(serve);
    if (served.length === 0 || served.some((name) => !names.includes(name))) {
      faults.push({ path: ['rules', at, 'serve'], message: `expected a variant: ${names.join(', ')}` });
    }
  }
  const pinnable = pinned === undefined ? undefined : faultOfPinned(flag, pinned);
  if (pinnable !== undefined) faults.push({ path: ['pinned'], message: pinnable });
  return faults;
}

function faultOfPinned({ type, variants }: ParsedFlag, pinned: JsonValue): string | undefined {
  if (!isOfType(type, pinned)) return `expected ${withArticle(type)}`;
  if (variants === undefined || variantOf(variants, pinned) !== undefined) return undefined;
  return `expected the value of a variant: ${Object.keys(variants).join(', ')}`;
}

/** Variants by name, those that nobody wrote down included. */
export function variantsOf(
  flag: Pick<ParsedFlag, 'type' | 'default' | 'variants'>,
): Readonly<Record<string, JsonValue>> {
  if (flag.variants !== undefined) return flag.variants;
  return flag.type === 'boolean' ? BOOLEAN_VARIANTS : { [DEFAULT_VARIANT]: flag.default };
}

/** Name of the variant that has this value. */
export function variantOf(
  variants: Readonly<Record<string, JsonValue>>,
  value: JsonValue,
): string | undefined {
  const text = JSON.stringify(value);
  return Object.keys(variants).find((name) => JSON.stringify(variants[name]) === text);
}

function isOfType(type: FlagType, value: unknown): boolean {
  return type === 'object' ? typeof value === 'object' && value !== null : typeof value === type;
}

export const withArticle = (type: FlagType): string => (type === 'object' ? 'an object' : `a ${type}`);
