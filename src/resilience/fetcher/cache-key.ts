import { hash } from 'node:crypto';
import type { ParamValue } from './fetch-request.ts';

/** What makes one request another one. */
export interface RequestIdentity {
  readonly source: string;
  /** Where the source is, as it is configured: a name may mean one server here and another one there. */
  readonly baseUrl?: string | undefined;
  readonly method: string;
  /** From the root of the server, without the query. */
  readonly path: string;
  /** Of the query, as a record or as it is sent. */
  readonly params?: Readonly<Record<string, ParamValue>> | string | undefined;
  /** All that is sent beside what is the same for every request of the source; names in any case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Asks for something else as the rest does. */
  readonly body?: string | Uint8Array | undefined;
  /** Whose answer it is, where that is not in the rest. */
  readonly cacheKey?: string | undefined;
}

type Pair = readonly [name: string, value: string];

/**
 * One text per request: the same whatever the order of parameters and headers, and never the same for two requests that
 * differ. Values of one parameter keep their order; what is `undefined` is not there; `1` and `'1'` are sent alike.
 */
export function cacheKey({
  source,
  baseUrl,
  method,
  path,
  params,
  headers,
  body,
  cacheKey: owner,
}: RequestIdentity): string {
  const query = typeof params === 'string' ? { text: pairsOfText(params) } : pairsOf(params ?? {});
  // As JSON: no separator can be part of a text.
  const sent = body === undefined ? null : hash('sha256', body);
  const parts = [method.toUpperCase(), path, query, headerPairs(headers), sent];
  return JSON.stringify([source, baseUrl ?? null, ...parts, owner ?? null]);
}

function pairsOf(params: Readonly<Record<string, ParamValue>>): Pair[] {
  const pairs: Pair[] = [];
  for (const name in params) {
    const value = params[name];
    if (value === undefined) continue;
    if (typeof value !== 'object') pairs.push([name, String(value)]);
    else for (const one of value) pairs.push([name, String(one)]);
  }
  return byName(pairs);
}

/** Encoded texts stay as they are: they are a language of their own. */
function pairsOfText(query: string): Pair[] {
  if (query === '') return [];
  return byName(
    query.split('&').map((part): Pair => {
      const at = part.indexOf('=');
      return at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at)];
    }),
  );
}

function headerPairs(headers: Readonly<Record<string, string>> | undefined): Pair[] {
  const pairs: Pair[] = [];
  for (const name in headers) pairs.push([name.toLowerCase(), headers[name] ?? '']);
  return byName(pairs);
}

/** Stable: what has the same name keeps its order. */
const byName = (pairs: Pair[]): Pair[] =>
  pairs.length < 2 ? pairs : pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
