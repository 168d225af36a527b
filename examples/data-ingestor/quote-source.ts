import type { Clock } from 'portcullis';
import { type Secret, createClient } from 'portcullis/service';
import { sourceApi } from './api.ts';
import type { Quote } from './quote.ts';

/** Where quotes come from: what they say is not to be trusted yet. */
export type QuoteSource = (signal: AbortSignal) => Promise<readonly unknown[]>;

/** Asks over HTTP. The key is looked at for each request, so that a rotated one counts at once. */
export function httpSource(
  { url, apiKey, timeoutMs }: { readonly url: string; readonly apiKey: Secret; readonly timeoutMs: number },
  clock: Clock,
): QuoteSource {
  const headers = () => ({ authorization: `Bearer ${apiKey.reveal()}` });
  const client = createClient(sourceApi, { baseUrl: url, timeoutMs }, { clock, headers });
  return async (signal) => (await client.quotes({}, { signal })).quotes;
}

/** Prices that wander up and down with the time of day: for a first look, with nothing to set up. */
export const simulatedSource =
  (instruments: readonly string[], clock: Clock): QuoteSource =>
  () => {
    const atMs = Math.floor(clock.nowMs());
    const swing = Math.abs((Math.floor(atMs / 100) % 200) - 100);
    return Promise.resolve(
      instruments.map((instrumentId, at): Quote => {
        const bid = 1000 * (at + 1) + swing;
        return { instrumentId, bid: `${bid}.00`, ask: `${bid}.25`, atMs };
      }),
    );
  };
