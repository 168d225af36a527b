import type { LogFields } from './logger.ts';

/** What every line has. */
const OWN_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'name', 'msg']);
/** What a line has under a correlation or in a trace. */
const SCOPE_KEYS: ReadonlySet<string> = new Set(['correlationId', 'traceId', 'spanId']);

const ROOT_KEY = new RegExp(`^(\\[["'])?(?:${[...OWN_KEYS, ...SCOPE_KEYS].join('|')})(?=$|[.[\\]"'])`);

/**
 * Puts the fields of a line behind those of its scope, in the object that holds these. What would be a second `level`, or a
 * second `correlationId` that says something else, becomes `field_level` and `field_correlationId`.
 */
export function lineFields(fields: object, scope: object): object {
  const given = fields as LogFields;
  const line = scope as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!OWN_KEYS.has(key) && !Object.hasOwn(line, key)) line[key] = given[key];
    else if (OWN_KEYS.has(key) || line[key] !== given[key]) line[freeKey(key, given, line)] = given[key];
  }
  return line;
}

/** What a child adds to each of its lines, which may come under any correlation. */
export function bindingFields(bindings: LogFields): LogFields {
  const keys = Object.keys(bindings);
  if (!keys.some(isReserved)) return bindings;
  const renamed: Record<string, unknown> = {};
  for (const key of keys) renamed[isReserved(key) ? freeKey(key, bindings, renamed) : key] = bindings[key];
  return renamed;
}

/** The paths, and where they lead once a field has been renamed. */
export function redactPaths(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const found = ROOT_KEY.exec(path);
    if (found === null) return [path];
    const start = found[1] ?? '';
    return [path, `${start}field_${path.slice(start.length)}`];
  });
}

const isReserved = (key: string): boolean => OWN_KEYS.has(key) || SCOPE_KEYS.has(key);

function freeKey(key: string, given: LogFields, line: LogFields): string {
  let free = `field_${key}`;
  while (Object.hasOwn(given, free) || Object.hasOwn(line, free)) free = `field_${free}`;
  return free;
}
