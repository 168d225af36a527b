import { createHmac } from 'node:crypto';
import type { AccountKey } from './options.ts';

/** What proves who asks, and that it is asked now. */
export interface Proof {
  readonly key: string;
  readonly timestamp: string;
  readonly window: string;
  readonly signature: string;
}

/** Signs a request as the exchange documents it: HMAC-SHA256 over time, window, method, path and body, a line each. */
export function sign(
  { key, secret }: AccountKey,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: string },
  { exchangeMs, windowMs }: { readonly exchangeMs: number; readonly windowMs: number },
): Proof {
  const timestamp = String(Math.floor(exchangeMs));
  const window = String(windowMs);
  const text = `${timestamp}\n${window}\n${method}\n${path}\n${body}\n`;
  return { key, timestamp, window, signature: createHmac('sha256', secret).update(text).digest('hex') };
}
