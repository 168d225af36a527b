import { PortcullisError } from '../../core/errors.ts';
import type { BusEvent } from '../../events/index.ts';

/** Bytes that a UTF-16 unit takes at most. */
const WIDEST = 3;

/**
 * The event as JSON.
 *
 * @throws {PortcullisError} `INPUT_INVALID` for more than `maxBytes`
 */
export function textOf(event: BusEvent, maxBytes: number): string {
  const text = JSON.stringify(event);
  if (text.length * WIDEST <= maxBytes) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw new PortcullisError(
    'INPUT_INVALID',
    `${event.type}: expected an event of at most ${maxBytes} bytes (maxEventBytes), got ${bytes}`,
  );
}
