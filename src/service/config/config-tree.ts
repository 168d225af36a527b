import { type Schema, isMerged, memberOf } from './schema-walk.ts';

/** Values by name, as deep as the schema. */
export interface ConfigTree {
  readonly [name: string]: unknown;
}

export function isPlain(value: unknown): value is ConfigTree {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The stronger over the weaker. Objects and records are put together by member; lists, scalars and exclusive choices
 * (unions) replace. `undefined` says nothing, `null` is a value.
 */
export function merge(weaker: unknown, stronger: unknown, schema: Schema | undefined): unknown {
  if (stronger === undefined) return weaker;
  if (!isPlain(stronger)) return stronger;
  const below = isPlain(weaker) && isMerged(schema) ? weaker : {};
  const names = new Set([...Object.keys(below), ...Object.keys(stronger)]);
  const members = [...names].map((name): [string, unknown] => [
    name,
    merge(own(below, name), own(stronger, name), memberOf(schema, name)),
  ]);
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

const own = (tree: ConfigTree, name: string): unknown => (Object.hasOwn(tree, name) ? tree[name] : undefined);

/** What stands at a path; `undefined` when nothing does. */
export function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  let value = tree;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[name];
  }
  return value;
}

/** One value at a path, and nothing else. */
export const treeOf = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), value);

/** A copy that nobody can change, of everything that is plain; what is not (secrets, dates) is passed on. */
export function frozen<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as T;
  if (!isPlain(value)) return value;
  return Object.freeze(
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, frozen(member)])),
  ) as T;
}
