import { PortcullisError } from '../core/errors.ts';

/** Far more than any event needs. What contains itself is deeper. */
const MOST_LEVELS = 64;

/**
 * Data as every bus keeps it: frozen all through, and nobody else's. Parts that a schema hands on as they were given
 * (`z.unknown()`) are copied, so that a later change of them does not matter.
 *
 * @param read what the schema has made of `given`
 * @throws {PortcullisError} `INPUT_INVALID` for what JSON does not give back: dates, maps, class instances, functions, bigint,
 * NaN and the infinities, `undefined` but for members of objects, and what has more than 64 levels, such as what contains itself
 */
export function eventData<D>(what: string, read: D, given: unknown): D {
  if (isFlat(read) && read !== given) return Object.freeze(read);
  const isOwn = new DataCheck(what).isOwn(read, given, '', 0, false);
  const own = isOwn ? read : structuredClone(read);
  freezeAll(own);
  return own;
}

/** Whether it is an object of texts, numbers and the like: most data is. */
function isFlat(data: unknown): boolean {
  if (!isObject(data) || Object.getPrototypeOf(data) !== Object.prototype) return false;
  for (const key in data) {
    const part = data[key];
    if (typeof part !== 'string' && typeof part !== 'boolean' && !Number.isFinite(part)) return false;
  }
  return true;
}

/** Freezes data and all its parts. */
export function freezeAll(data: unknown): void {
  if (!isObject(data)) return;
  for (const key in data) {
    const part = data[key];
    if (typeof part === 'object') freezeAll(part);
  }
  Object.freeze(data);
}

class DataCheck {
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  /** Whether no part of a value is one that was given. Throws where it is not JSON. */
  isOwn(value: unknown, given: unknown, path: string, level: number, isMember: boolean): boolean {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return true;
      case 'number':
        return Number.isFinite(value) || this.#refuse(path, String(value));
      case 'object':
        return value === null || this.#areOwn(value, given, path, level);
      default:
        return (isMember && value === undefined) || this.#refuse(path, typeof value);
    }
  }

  #areOwn(value: object, given: unknown, path: string, level: number): boolean {
    if (!(level < MOST_LEVELS)) this.#refuse(path, `more than ${MOST_LEVELS} levels`);
    const from = isObject(given) ? given : NOTHING;
    let own = value !== given;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1)
        own = this.isOwn(value[at], from[at], `${path}[${at}]`, level + 1, false) && own;
      return own;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      this.#refuse(path, `an instance of ${value.constructor.name}`);
    for (const key in value) {
      const part = (value as Members)[key];
      own = this.isOwn(part, from[key], `${path}.${key}`, level + 1, true) && own;
    }
    return own;
  }

  #refuse(path: string, found: string): never {
    throw new PortcullisError(
      'INPUT_INVALID',
      `${this.#what}: data${path}: expected what JSON can hold, got ${found}`,
    );
  }
}

type Members = Readonly<Record<string | number, unknown>>;

const NOTHING: Members = {};

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
