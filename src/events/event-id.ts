import { hash } from 'node:crypto';

const PLAIN = /^[\x21-\x7e]{1,128}$/;

/**
 * The id of an event that has an identity of its own, so that a repeated publication is a duplicate: the parts with colons
 * between, as long as that can be an id, else the SHA-256 of it.
 */
export function eventId(...parts: readonly (string | number)[]): string {
  const text = parts.join(':');
  return PLAIN.test(text) ? text : hash('sha256', JSON.stringify(parts));
}
