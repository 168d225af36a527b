import type { EvaluationContext, JsonValue } from '@openfeature/core';
import { parseInput } from '../../core/options.ts';
import { placeOf, weighted } from './bucket.ts';
import {
  type FlagDefinition,
  flagDefinitionSchema,
  type FlagRule,
  type FlagType,
  type ParsedFlag,
  variantOf,
  variantsOf,
} from './flag-definition.ts';

/** Label of a pinned value that no variant has. */
const PINNED = 'pinned';

/** What a flag says to one context. `none` is for the caller's own default. */
export type Decision =
  | {
      readonly kind: 'value';
      readonly variant: string;
      readonly value: JsonValue;
      readonly reason: 'STATIC' | 'TARGETING_MATCH' | 'SPLIT' | 'DEFAULT';
    }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'no-key'; readonly attribute: string };

/** A flag that can be asked. Never changes. */
export class Flag {
  readonly name: string;
  readonly type: FlagType;
  /** As it was given. */
  readonly definition: FlagDefinition;
  /** Names of the variants it can give. */
  readonly variants: readonly string[];
  /** Wall time in milliseconds since the epoch; `Infinity` for never. */
  readonly expiresAtMs: number;
  readonly #flag: ParsedFlag;
  readonly #values: Readonly<Record<string, JsonValue>>;
  /** What whoever matches no rule gets: name of the variant, and its value. */
  readonly #usual: readonly [string, JsonValue];

  private constructor(name: string, definition: FlagDefinition, flag: ParsedFlag) {
    this.name = name;
    this.type = flag.type;
    this.definition = definition;
    this.expiresAtMs = flag.expiresAt === undefined ? Infinity : Date.parse(flag.expiresAt);
    this.#flag = flag;
    this.#values = variantsOf(flag);
    this.#usual = usualOf(flag, this.#values);
    this.variants = [...new Set([...Object.keys(this.#values), this.#usual[0]])];
  }

  /** @throws {PortcullisError} `INPUT_INVALID`, naming the flag and its field. */
  static parse(name: string, definition: FlagDefinition): Flag {
    return new Flag(name, definition, parseInput(`flag ${name}`, flagDefinitionSchema, definition));
  }

  /** The variant of whoever matches no rule; undefined while the flag is disabled. */
  get usualVariant(): string | undefined {
    return this.#flag.enabled ? this.#usual[0] : undefined;
  }

  /** Its value; undefined while the flag is disabled. */
  get usualValue(): JsonValue | undefined {
    return this.#flag.enabled ? this.#usual[1] : undefined;
  }

  decide(context: EvaluationContext): Decision {
    const { enabled, pinned, rules } = this.#flag;
    if (!enabled) return { kind: 'disabled' };
    if (pinned !== undefined || rules.length === 0) return this.#giveUsual('STATIC');
    for (const rule of rules) {
      const decision = this.#apply(rule, context);
      if (decision !== undefined) return decision;
    }
    return this.#giveUsual('DEFAULT');
  }

  #apply({ when, serve, percent, by }: FlagRule, context: EvaluationContext): Decision | undefined {
    if (
      !Object.entries(when).every(([attribute, wanted]) => matches(attributeOf(context, attribute), wanted))
    ) {
      return undefined;
    }
    if (percent === 0) return undefined;
    if (percent === 100 && typeof serve === 'string') return this.#give(serve, 'TARGETING_MATCH');
    const key = keyOf(context, by);
    if (key === undefined) return { kind: 'no-key', attribute: by ?? 'targetingKey' };
    if (percent < 100 && !(placeOf(this.name, key) * 100 < percent)) return undefined;
    // A place of its own for the variant, so that a higher percentage moves nobody to another one.
    const variant = typeof serve === 'string' ? serve : weighted(serve, placeOf(`${this.name}/variant`, key));
    return this.#give(variant, 'SPLIT');
  }

  #give(variant: string, reason: 'TARGETING_MATCH' | 'SPLIT'): Decision {
    return { kind: 'value', variant, value: this.#values[variant] ?? null, reason };
  }

  #giveUsual(reason: 'STATIC' | 'DEFAULT'): Decision {
    const [variant, value] = this.#usual;
    return { kind: 'value', variant, value, reason };
  }
}

function usualOf(flag: ParsedFlag, values: Readonly<Record<string, JsonValue>>): [string, JsonValue] {
  if (flag.pinned !== undefined) return [variantOf(values, flag.pinned) ?? PINNED, flag.pinned];
  if (flag.variants === undefined) return [variantOf(values, flag.default) ?? PINNED, flag.default];
  const name = typeof flag.default === 'string' ? flag.default : PINNED; // a name, by the schema
  return [name, flag.variants[name] ?? null];
}

const attributeOf = (context: EvaluationContext, attribute: string): unknown =>
  Object.hasOwn(context, attribute) ? context[attribute] : undefined;

function matches(actual: unknown, wanted: FlagRule['when'][string]): boolean {
  return Array.isArray(wanted) ? wanted.some((one) => one === actual) : wanted === actual;
}

/** Text that percentage and weights go by; a number is its text, anything else is no key. */
function keyOf(context: EvaluationContext, by: string | undefined): string | undefined {
  const key =
    by === undefined
      ? (attributeOf(context, 'targetingKey') ?? attributeOf(context, 'accountId'))
      : attributeOf(context, by);
  if (typeof key === 'number') return String(key);
  return typeof key === 'string' && key !== '' ? key : undefined;
}
