import { z } from 'zod';
import { idSchema } from '../core/ids.ts';
import { parseOptions } from '../core/options.ts';
import type { ResilientFetcher } from '../resilience/index.ts';
import type { Instrument } from '../trading/instrument.ts';

const schema = z.strictObject({
  /** The name under which the fetcher knows `BINANCE_SPOT` or `BINANCE_SPOT_MARKET_DATA`. Default `binance`. */
  source: idSchema.default('binance'),
  /** Levels a side, up to 5,000. It decides the weight: 50 for 1,000, 250 for 5,000. Default 1,000. */
  limit: z.int().min(1).max(5_000).default(1_000),
});

/** @interface */
export type BinanceDepthOptions = z.input<typeof schema>;

/**
 * The `snapshot` of a `BinanceMarketFeed`: asks a fetcher for a book at high priority, within the weights of the venue, and
 * never takes it from a cache.
 *
 * ```ts
 * const fetcher = new ResilientFetcher({ sources: { binance: BINANCE_SPOT } }, { clock });
 * const snapshot = binanceDepth({}, { fetcher });
 * const feed = new BinanceMarketFeed({}, { clock, instruments: [btcUsdt], snapshot });
 * ```
 *
 * @throws {PortcullisError} `OPTION_INVALID`
 */
export function binanceDepth(
  options: BinanceDepthOptions,
  { fetcher }: { readonly fetcher: Pick<ResilientFetcher, 'fetch'> },
): (instrument: Instrument, signal: AbortSignal) => Promise<unknown> {
  const { source, limit } = parseOptions('binanceDepth', schema, options);
  return async ({ base, quote }, signal) => {
    const params = { symbol: `${base}${quote}`.toUpperCase(), limit };
    const request = { source, endpoint: 'depth', params, priority: 'high', cacheTtlMs: 0, signal } as const;
    return (await fetcher.fetch(request)).data;
  };
}
