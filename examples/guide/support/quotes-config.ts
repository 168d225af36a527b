import { secret } from 'portcullis/service';
import { z } from 'zod';

/** What the service of the guide wants to know, and where it is told. */
const schema = z.strictObject({
  venue: z.strictObject({
    url: z.url({ protocol: /^https?$/, error: 'expected a URL with http or https' }),
    apiKey: secret(),
    timeoutMs: z.int().min(10).max(60_000).default(2_000),
  }),
  pollMs: z.int().min(50).max(3_600_000).default(1_000),
  symbols: z.array(z.string()).min(1).default(['BTC-USD']),
});

/** As a module exports it for `portcullis config explain`. */
export default {
  schema,
  name: 'quotes',
  profiles: { heavy: { pollMs: 250, venue: { timeoutMs: 500 } } },
};
