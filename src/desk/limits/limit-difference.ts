import { isDeepStrictEqual } from 'node:util';
import { type Scope, scopeKey } from '../../risk/trading-state.ts';
import type { JsonValue } from '../../storage/json.ts';

/** One limit that is not the same; what is not there on a side is left out. Money is text. */
export interface LimitDifference {
  /** Such as `risk.maxDailyLoss`, `execution.spreadBps.entry` or `risk.scopes[strategy:momentum].maxOrderValue`. */
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
}

/** What differs between two sets of limits, in the order of the paths. Limits of a scope are compared with those of that scope. */
export function limitDifferences(from: JsonValue, to: JsonValue): readonly LimitDifference[] {
  const [before, after] = [leaves(from), leaves(to)];
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (isDeepStrictEqual(was, is)) return [];
    return { path, ...(was !== undefined && { from: was }), ...(is !== undefined && { to: is }) };
  });
}

/** Single values by path; a list is one value, unless it is one of scopes. */
function leaves(value: JsonValue, path = '', found = new Map<string, JsonValue>()): Map<string, JsonValue> {
  if (isScopes(value)) {
    for (const { scope, ...limits } of value) leaves(limits, `${path}[${scopeKey(scope)}]`, found);
  } else if (typeof value === 'object' && value !== null && !isList(value)) {
    for (const [name, member] of Object.entries(value))
      leaves(member, path === '' ? name : `${path}.${name}`, found);
  } else {
    found.set(path, value);
  }
  return found;
}

type ScopeLimits = { readonly scope: Scope } & Readonly<Record<string, JsonValue>>;

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

const isScopes = (value: JsonValue): value is readonly ScopeLimits[] =>
  isList(value) &&
  value.every((one) => typeof one === 'object' && one !== null && !isList(one) && 'scope' in one);
