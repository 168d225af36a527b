import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature covers. */
export interface Signed {
  /** Milliseconds since the Unix epoch, as text. */
  readonly timestamp: string;
  /** How long the request is good for, in milliseconds, as text. */
  readonly window: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
}

export const MAX_WINDOW_MS = 60_000;
/** How far the clock of a client may be ahead. */
const AHEAD_MS = 1_000;

/** HMAC-SHA256, as hex, over the five parts, each ended by a line feed. */
export const signatureOf = (secret: string, { timestamp, window, method, path, body }: Signed): string =>
  createHmac('sha256', secret)
    .update([timestamp, window, method, path, body].map((part) => `${part}\n`).join(''))
    .digest('hex');

/** Why a signed request is turned away; `undefined` when it is good. The signature is looked at first. */
export function signatureFlaw(
  secret: string,
  signed: Signed,
  signature: string,
  nowMs: number,
): 'SIGNATURE_WRONG' | 'TIMESTAMP_OUT_OF_WINDOW' | undefined {
  const expected = Buffer.from(signatureOf(secret, signed));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'SIGNATURE_WRONG';
  const ageMs = nowMs - Number(signed.timestamp);
  const windowMs = Math.min(Number(signed.window), MAX_WINDOW_MS);
  return ageMs >= -AHEAD_MS && ageMs <= windowMs ? undefined : 'TIMESTAMP_OUT_OF_WINDOW';
}
