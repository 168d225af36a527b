import type { z } from 'zod';
import { REDACTED } from '../../telemetry/redact.ts';
import { pathText } from './config-fields.ts';
import type { ConfigIssue } from './config-issue.ts';
import type { ConfigLayers } from './config-layer.ts';
import { valueAt } from './config-tree.ts';
import { environmentName } from './environment-names.ts';
import { nearest } from './nearest.ts';
import { redactedText } from './redacted-value.ts';
import { type Schema, holdsSecret, isTuple, memberOf, shapeOf } from './schema-walk.ts';

/** What the schema found, with the layer that each value stands in. */
export function schemaIssues(
  found: readonly z.core.$ZodIssue[],
  schema: Schema,
  layers: ConfigLayers,
  prefix: string,
): readonly ConfigIssue[] {
  return found.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => unknownField([...issue.path, key], schema, layers))
      : [wrongValue(issue, schema, layers, prefix)],
  );
}

function unknownField(path: readonly PropertyKey[], schema: Schema, layers: ConfigLayers): ConfigIssue {
  const around = schemaAt(schema, path.slice(0, -1));
  const known = Object.keys((around && shapeOf(around)) ?? {});
  const meant = nearest(String(path.at(-1)), known);
  const hint = meant.length === 0 ? '' : `; nearest: ${meant.join(', ')}`;
  const source = layers.sourceOf(path) ?? 'not set';
  return { field: pathText(path), expected: `expected a field of the schema${hint}`, source };
}

function wrongValue(
  issue: z.core.$ZodIssue,
  schema: Schema,
  layers: ConfigLayers,
  prefix: string,
): ConfigIssue {
  const { path } = issue;
  const value = valueAt(layers.merged, path);
  const got = redactedText(value, schemaAt(schema, path), String(path.at(-1) ?? ''));
  const unset = `not set; in the environment: ${environmentName(prefix, path.map(String))}`;
  const fromWhere = value === undefined ? unset : layers.sourceOf(path);
  return {
    field: path.length === 0 ? '(whole)' : pathText(path),
    expected: withoutValue(expectedBy(issue), value, got),
    ...(path.length > 0 && { got }),
    source: fromWhere ?? 'all layers',
  };
}

/** The message of a schema may quote what it refuses, which is fine unless that is a secret. */
const withoutValue = (expected: string, value: unknown, got: string): string =>
  got.includes(REDACTED) && typeof value === 'string' && value !== '' && expected.includes(value)
    ? 'expected another value'
    : expected;

/** Zod's message without what was received: that is said next to it. */
function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') {
    const choices = issue.errors.flat().map((inner) => {
      const where = inner.path.length === 0 ? '' : `${pathText(inner.path)}: `;
      return where + expectedBy(inner).replace(/^expected /, '');
    });
    if (choices.length > 0) return `expected ${[...new Set(choices)].join(', or ')}`;
  }
  return issue.message.replace(/^[A-Z][a-z ]+: (?=expected )/, '').replace(/, received [^,]*$/, '');
}

/** `undefined` where nobody can tell whether it is a secret: in a choice or a tuple that has one. */
function schemaAt(schema: Schema, path: readonly PropertyKey[]): Schema | undefined {
  let current: Schema | undefined = schema;
  for (const key of path) {
    if (current === undefined) return undefined;
    const isClear: boolean = !holdsSecret(current);
    const member: Schema | undefined =
      isTuple(current) && !isClear ? undefined : memberOf(current, String(key));
    current = member ?? (isClear ? current : undefined);
  }
  return current;
}
