import { secret } from 'portcullis/service';
import { z } from 'zod';

/** What an operator may set, beside the settings of the chassis in `service`. `.env.template` names all of it. */
export const ingestorConfig = z.strictObject({
  /** Where quotes come from. Without it they are simulated. */
  source: z
    .strictObject({
      /** Quotes are asked for below it, at `/v1/quotes`. */
      url: z.url({ protocol: /^https?$/ }),
      /** Where the key stands, never the key: `env:NAME`, `file:/run/secrets/name` or `vault:reference`. */
      apiKey: secret(),
      timeoutMs: z.int().min(10).max(60_000).default(2000),
    })
    .optional(),
  instruments: z
    .array(z.string().regex(/^[A-Z0-9]{1,16}(?:-[A-Z0-9]{1,16})?$/))
    .min(1)
    .max(500)
    .default(['BTC-USD', 'ETH-USD']),
  pollMs: z.int().min(50).max(3_600_000).default(1000),
  /** How far the clock of the source may be ahead of ours. */
  maxAheadMs: z.int().min(0).max(60_000).default(1000),
  /** Without a good answer for so long, the source counts as down. */
  staleAfterMs: z.int().min(100).max(3_600_000).default(10_000),
  /** Where quotes are kept, on a local disk. Without it they are kept in memory, and lost at the end. */
  dataDir: z.string().min(1).optional(),
  /** How many quotes are kept at least; older ones go, a file at a time. */
  keepQuotes: z.int().min(1000).max(1_000_000_000).default(1_000_000),
});
