import { PortcullisError } from '../core/errors.ts';

const DEEPEST = 64;

/**
 * The one text of a JSON value, whatever the order in which its members were written: members sorted by name (UTF-16
 * code units), no blanks, numbers and strings as `JSON.stringify` writes them. So equal content has an equal hash.
 *
 * `toJSON` is honoured, members that are `undefined` are left out. What `JSON.stringify` would lose in silence is
 * refused: NaN, infinities, bigint, functions, symbols, `undefined` in a list, maps, sets and other class instances
 * without `toJSON`, and more than 64 levels.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, with the path of the member.
 */
export const canonicalJson = (value: unknown): string => write(value, []);

/** @param path names of the members that lead here; the same list for the whole value, as it is made for each */
function write(value: unknown, path: string[]): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value)) return JSON.stringify(value);
      throw refuse(path, String(value));
    case 'object':
      if (value === null) return 'null';
      if (path.length >= DEEPEST) throw refuse(path, `more than ${DEEPEST} levels`);
      return writeObject(value, path);
    default:
      throw refuse(path, typeof value);
  }
}

function writeObject(value: object, path: string[]): string {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return writeMember('toJSON()', (value.toJSON as () => unknown)(), path);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, at) => writeMember(String(at), item, path)).join(',')}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const what =
      'constructor' in value ? `an instance of ${value.constructor.name}` : 'an object that is not plain';
    throw refuse(path, what);
  }
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${writeMember(name, member, path)}`;
  }
  return `{${text}}`;
}

function writeMember(name: string, value: unknown, path: string[]): string {
  path.push(name);
  const text = write(value, path);
  path.pop();
  return text;
}

const refuse = (path: readonly string[], got: string): PortcullisError =>
  new PortcullisError(
    'INPUT_INVALID',
    `${path.length === 0 ? '(whole)' : path.join('.')}: expected a JSON value, got ${got}`,
  );
