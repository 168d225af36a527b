import { hash } from 'node:crypto';
import type { JsonValue } from '../../storage/json.ts';
import type { KeptValue } from './cache-entry.ts';

/** A value with all that another process has to know of it. */
export interface TimedValue<T> extends Pick<KeptValue<T>, 'value' | 'lifeFraction'> {
  /** Wall time of writing, milliseconds. */
  readonly atMs: number;
}

/** What is written; undefined for a value that cannot be encoded. */
export function storedOf<T>(
  { value, atMs, lifeFraction }: TimedValue<T>,
  { encode }: { readonly encode: (value: T) => JsonValue | object },
): object | undefined {
  try {
    return { at: atMs, life: lifeFraction, value: encode(value) };
  } catch {
    return undefined;
  }
}

/** What was written; undefined for what is damaged. */
export function valueOfStored<T>(
  json: JsonValue,
  { decode }: { readonly decode: (json: JsonValue) => T },
): TimedValue<T> | undefined {
  const { at, life, value } = isRecord(json) ? json : NOTHING;
  const isWhole = typeof at === 'number' && typeof life === 'number' && life >= 0 && life <= 1;
  if (!isWhole || value === undefined) return undefined;
  try {
    return { value: decode(value), atMs: at, lifeFraction: life };
  } catch {
    return undefined;
  }
}

/** Text of any length and alphabet as a key of a store; UTF-16, so that no two texts meet. */
export const storeKey = (prefix: string, key: string): string =>
  prefix + hash('sha256', Buffer.from(key, 'utf16le'));

const NOTHING: { readonly [key: string]: JsonValue } = {};

const isRecord = (json: JsonValue): json is { readonly [key: string]: JsonValue } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);
