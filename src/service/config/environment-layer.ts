import { type ConfigField, pathText } from './config-fields.ts';
import type { ConfigIssue } from './config-issue.ts';
import type { ConfigLayer } from './config-layer.ts';
import { type ConfigTree, isPlain, merge, treeOf } from './config-tree.ts';
import type { EnvironmentNames } from './environment-names.ts';
import { nearest } from './nearest.ts';
import { parseText } from './parse-text.ts';
import { redactedText } from './redacted-value.ts';
import type { Schema } from './schema-walk.ts';
import { isServiceLink } from './service-links.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What variables say of a configuration. */
export interface EnvironmentLayer extends ConfigLayer {
  readonly issues: readonly ConfigIssue[];
  /** Variables with our prefix that name no field: misspelt, unless a secret stands there. */
  readonly unknown: readonly string[];
}

interface Entry {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/**
 * @param where what the variables stand in, for people: `environment`, `file /srv/.env`
 * @param otherPrefixes of variables that are not ours although they begin as ours do
 */
export function environmentLayer(
  variables: Variables,
  where: string,
  names: EnvironmentNames,
  schema: Schema,
  otherPrefixes: readonly string[],
): EnvironmentLayer {
  const issues: ConfigIssue[] = [];
  const unknown: string[] = [];
  const entries: Entry[] = [];
  for (const [name, text] of Object.entries(variables)) {
    if (text === undefined || isServiceLink(name, variables)) continue;
    const field = names.fields.get(name);
    if (field !== undefined) {
      const found = entryOf(name, text, field, where);
      if ('issue' in found) issues.push(found.issue);
      else entries.push(found.entry);
    } else if (name.startsWith(names.prefix) && name !== names.profile) {
      if (!otherPrefixes.some((prefix) => name.startsWith(prefix))) unknown.push(name);
    }
  }
  const tree = entries.reduce<unknown>((all, { path, value }) => merge(all, treeOf(path, value), schema), {});
  return {
    tree: tree as ConfigTree,
    issues: [...issues, ...conflictsIn(entries, where)],
    unknown,
    sourceOf: (path) => {
      const entry = entries.find((one) => isWithin(one.path, path) || isWithin(path, one.path));
      return `${where} ${entry?.name ?? ''}`.trim();
    },
  };
}

/** The variables that were meant by one that names no field. */
export function misspelt(name: string, where: string, names: EnvironmentNames): ConfigIssue {
  const meant = nearest(name, [...names.fields.keys(), names.profile]);
  const hint = meant.length === 0 ? '' : `; nearest: ${meant.join(', ')}`;
  return { field: name, expected: `expected the name of a field${hint}`, source: `${where} ${name}` };
}

function entryOf(
  name: string,
  text: string,
  { path, schema }: ConfigField,
  where: string,
): { readonly entry: Entry } | { readonly issue: ConfigIssue } {
  const parsed = parseText(text, schema);
  if (parsed.ok) return { entry: { name, path, value: parsed.value } };
  const got = redactedText(text, schema, path.at(-1));
  return { issue: { field: pathText(path), expected: parsed.expected, got, source: `${where} ${name}` } };
}

/** Two variables that both say what a field is: neither is stronger. */
function conflictsIn(entries: readonly Entry[], where: string): readonly ConfigIssue[] {
  const leaves = entries.flatMap(({ name, path, value }) =>
    leavesOf(path, value).map((leaf) => ({ name, path: leaf })),
  );
  const found = new Map<string, ConfigIssue>();
  for (const [at, one] of leaves.entries()) {
    for (const other of leaves.slice(at + 1)) {
      if (one.name === other.name) continue;
      if (!isWithin(one.path, other.path) && !isWithin(other.path, one.path)) continue;
      const both = [one.name, other.name].sort().join(' and ');
      const expected = 'expected one of two names for one field, not both';
      found.set(both, { field: pathText(one.path), expected, source: `${where} ${both}` });
    }
  }
  return [...found.values()];
}

const leavesOf = (path: readonly string[], value: unknown): readonly (readonly string[])[] =>
  isPlain(value)
    ? Object.entries(value).flatMap(([name, member]) => leavesOf([...path, name], member))
    : [path];

const isWithin = (outer: readonly PropertyKey[], inner: readonly PropertyKey[]): boolean =>
  outer.length <= inner.length && outer.every((name, at) => name === inner[at]);
