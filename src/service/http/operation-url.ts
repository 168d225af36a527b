import { inspect } from 'node:util';
import { PortcullisError } from '../../core/errors.ts';

interface Filling {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
}

/** Path segments that a URL swallows, with the one before: what they would name is another route. */
const SWALLOWED = new Set(['', '.', '..']);

/**
 * Fills a path template such as `/quotes/:symbol`, each parameter as one segment. In the query a list gives its key several
 * times; what is `undefined` is left out.
 *
 * @throws {PortcullisError} `INPUT_INVALID` for what a URL cannot say
 */
export function operationUrl(baseUrl: string, path: string, { params = {}, query = {} }: Filling): URL {
  const filled = path.replace(/:([A-Za-z0-9_]+)/g, (_, key: string) => {
    const value = params[key];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && !SWALLOWED.has(text)) return encodeURIComponent(text);
    throw invalid(`params.${key}`, 'a number, or a text other than ".", ".." and none', value);
  });
  const url = new URL(baseUrl.replace(/\/+$/, '') + filled);
  for (const [key, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (each !== undefined) url.searchParams.append(key, textOf(key, each));
  }
  return url;
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return value.toString();
  throw invalid(`query.${key}`, 'texts, numbers and booleans', value);
}

const invalid = (where: string, expected: string, value: unknown): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `${where}: expected ${expected}, got ${inspect(value, { depth: 0 })}`);
