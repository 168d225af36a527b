import type { JsonValue } from '../../storage/json.ts';
import { pathText } from './config-fields.ts';
import type { ConfigLayers, NamedValue } from './config-layer.ts';
import { isPlain } from './config-tree.ts';
import { redactedValue } from './redacted-value.ts';
import { type Schema, isMerged, memberOf } from './schema-walk.ts';
import { defaultOf } from './schema-defaults.ts';
import { Secret, referenceOf } from './secret.ts';
import { referenceText } from './secret-reference.ts';

/** A value that another one took the place of. */
export interface OverriddenValue {
  readonly value: JsonValue;
  readonly source: string;
}

/** One value of a configuration, and where it comes from. */
export interface ConfigLine {
  /** Such as `http.port`. */
  readonly path: string;
  /** `[redacted]` for a secret. */
  readonly value: JsonValue;
  /** `environment QUOTES_HTTP__PORT`, `file /etc/quotes.json at http.port`, `profile heavy`, `default`. */
  readonly source: string;
  /** What weaker layers said, the strongest of them first. */
  readonly overrode: readonly OverriddenValue[];
  /** Where a secret is read from, such as `file:/run/secrets/key`. */
  readonly reference?: string;
  /** What should be put right, although it works. */
  readonly warning?: string;
}

export const DEFAULT_SOURCE = 'default';

/**
 * Says of every value where it comes from, in the order of the schema.
 *
 * @param warnings by path of what they are about
 */
export function explainConfig(
  value: unknown,
  schema: Schema,
  layers: ConfigLayers,
  warnings: ReadonlyMap<string, string>,
): readonly ConfigLine[] {
  return leavesOf(value, schema, []).map((leaf) => {
    const path = pathText(leaf.path);
    const name = leaf.path.at(-1) ?? '';
    const named = withDefault(layers.named(leaf.path), leaf.schema);
    const seen = (one: unknown): JsonValue => redactedValue(one, leaf.schema, name);
    const reference = leaf.value instanceof Secret ? referenceOf(leaf.value) : undefined;
    const about = [...warnings]
      .filter(([at]) => at === path || at.startsWith(`${path}.`))
      .map(([, warning]) => warning);
    return {
      path,
      value: seen(leaf.value),
      source: named[0]?.source ?? DEFAULT_SOURCE,
      overrode: named.slice(1).map((one) => ({ value: seen(one.value), source: one.source })),
      ...(reference !== undefined && { reference: referenceText(reference) }),
      ...(about.length > 0 && { warning: about.join('; ') }),
    };
  });
}

interface Leaf {
  readonly path: readonly string[];
  readonly schema: Schema | undefined;
  readonly value: unknown;
}

function leavesOf(value: unknown, schema: Schema | undefined, path: readonly string[]): readonly Leaf[] {
  if (value === undefined) return [];
  if (!isPlain(value) || !isMerged(schema) || Object.keys(value).length === 0)
    return [{ path, schema, value }];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, memberOf(schema, name), [...path, name]),
  );
}

/** The default of the schema is the weakest of all. */
function withDefault(named: readonly NamedValue[], schema: Schema | undefined): readonly NamedValue[] {
  const value = schema === undefined ? undefined : defaultOf(schema);
  const isListed = named.some(({ source }) => source === DEFAULT_SOURCE);
  return value === undefined || isListed ? named : [...named, { value, source: DEFAULT_SOURCE }];
}
