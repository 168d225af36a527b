import type { ConfigIssue } from './config-issue.ts';
import type { ConfigLayer } from './config-layer.ts';
import { type ConfigTree, isPlain, merge } from './config-tree.ts';
import { nearest } from './nearest.ts';
import { type Schema, memberOf, shapeOf } from './schema-walk.ts';

/**
 * Profiles that every service has, for the fields of the chassis under `service`: `light` for a laptop or a test run,
 * `heavy` for production. What a schema does not have is left out.
 */
const BUILT_IN_PROFILES: Readonly<Record<string, ConfigTree>> = {
  light: { service: { logLevel: 'debug', drainDelayMs: 0, stopTimeoutMs: 2_000 } },
  heavy: { service: { logLevel: 'info', drainDelayMs: 5_000, stopTimeoutMs: 30_000 } },
};

/** What is known of the profile that was asked for. */
export type ChosenProfile = { readonly layer: ConfigLayer } | { readonly issue: ConfigIssue };

/** @param own profiles of the service; one with the name of a built-in profile lies over it */
export function profileLayer(
  name: string,
  chosenBy: string,
  own: Readonly<Record<string, ConfigTree>>,
  schema: Schema,
): ChosenProfile {
  const known = [...new Set([...Object.keys(BUILT_IN_PROFILES), ...Object.keys(own)])];
  if (!known.includes(name)) {
    const [meant] = nearest(name, known);
    const hint = meant === undefined ? '' : `; nearest: ${meant}`;
    const expected = `expected one of ${known.join(', ')}${hint}`;
    return { issue: { field: 'profile', expected, got: JSON.stringify(name), source: chosenBy } };
  }
  const builtIn = Object.hasOwn(BUILT_IN_PROFILES, name) ? thoseIn(BUILT_IN_PROFILES[name], schema) : {};
  const tree = merge(builtIn ?? {}, Object.hasOwn(own, name) ? own[name] : {}, schema) as ConfigTree;
  return { layer: { tree, sourceOf: () => `profile ${name}` } };
}

/** Those fields that the schema has. */
function thoseIn(tree: unknown, schema: Schema): unknown {
  if (!isPlain(tree)) return tree;
  if (shapeOf(schema) === undefined) return undefined;
  const members = Object.entries(tree).flatMap(([name, value]): [string, unknown][] => {
    const member = memberOf(schema, name);
    return member === undefined ? [] : [[name, thoseIn(value, member)]];
  });
  const found = members.filter(([, value]) => value !== undefined);
  // An empty object would bring an optional part into being.
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
