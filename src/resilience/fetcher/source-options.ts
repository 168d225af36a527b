import { z } from 'zod';
import type { TransportOptions } from '../http/http-transport.ts';
import type { BulkheadOptions } from '../policies/bulkhead.ts';
import type { CircuitBreakerOptions } from '../policies/circuit-options.ts';
import type { HedgeOptions } from '../policies/hedge.ts';
import type { RateLimiterOptions } from '../policies/rate-limiter-options.ts';
import type { RetryOptions } from '../policies/retry.ts';
import { EndpointOptionsSchema } from './endpoint.ts';

/** Options of a part, which the part itself parses; it is named after the source. */
const partOf = <Options>() =>
  z.custom<Omit<Options, 'name'>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'expected the options of this part',
  );

/** The same, or `false` for a source without it. */
const optionalPartOf = <Options>() => z.union([z.literal(false), partOf<Options>()]);

const cacheSchema = z.strictObject({
  ttlMs: z.number().min(0).default(0),
  staleWhileRevalidateMs: z.number().min(0).default(0),
  staleIfErrorMs: z.number().min(0).default(0),
  negativeTtlMs: z.number().min(0).default(0),
});

export const SourceOptionsSchema = z
  .strictObject({
    // It may hold a secret, which the message about a bad option would show: the source judges it.
    baseUrl: z.custom<string>(),
    headers: z.record(z.string().toLowerCase(), z.string()).default({}),
    timeoutMs: z.number().positive().default(10_000),
    attemptTimeoutMs: z.number().positive().default(3_000),
    rateLimit: partOf<RateLimiterOptions>().optional(),
    retry: optionalPartOf<RetryOptions>().prefault({}),
    breaker: optionalPartOf<CircuitBreakerOptions>().prefault({}),
    bulkhead: optionalPartOf<BulkheadOptions>().optional(),
    hedge: partOf<HedgeOptions>().optional(),
    cache: cacheSchema.prefault({}),
    http: partOf<TransportOptions>().prefault({}),
    endpoints: z.record(z.string(), EndpointOptionsSchema).default({}),
    usage: z.array(z.strictObject({ header: z.string().toLowerCase(), bucket: z.string() })).default([]),
    bans: z
      .strictObject({
        statuses: z.array(z.int().min(400).max(599)).default([418, 429]),
        defaultMs: z.number().positive().default(30_000),
      })
      .prefault({}),
    propagateTrace: z.boolean().default(false),
  })
  .superRefine(({ usage, rateLimit }, context) => {
    const buckets: unknown = rateLimit?.buckets;
    if (!Array.isArray(buckets) && usage.length === 0) return;
    const names = Array.isArray(buckets) ? (rateLimit?.buckets.map(({ name }) => name) ?? []) : [];
    for (const [index, { bucket }] of usage.entries()) {
      if (names.includes(bucket)) continue;
      const message = `expected a bucket of rateLimit, one of [${names.join(', ')}]`;
      context.addIssue({ code: 'custom', path: ['usage', index, 'bucket'], message, input: bucket });
    }
  });

/**
 * One source of data, declared once.
 *
 * - `baseUrl`: `http` or `https`, without user, query and fragment; its path stands before every endpoint.
 * - `headers`: sent with every request. No secrets: a signer is for those.
 * - `timeoutMs`: for a whole call from the moment the rate limit lets it go. Default 10,000.
 * - `attemptTimeoutMs`: for each attempt. Default 3,000.
 * - `rateLimit`: see `RateLimiterOptions`. Default: none. With `shared` in it, held together with other processes.
 * - `retry`, `bulkhead`: see their options; `false` for none. By default 3 retries within a budget, and as many calls at a time
 *   as there may be connections, with 1,000 waiting.
 * - `breaker`: see its options; with `false` it never opens by itself, and can still be isolated.
 * - `hedge`: a second request beside a slow one, for methods that change nothing. Default: none.
 * - `cache`: `ttlMs` an answer may be given again, 0 for never (default); `staleWhileRevalidateMs` it may be given while
 *   it is being renewed; `staleIfErrorMs` when it cannot be; `negativeTtlMs` for 404 and 410. Default 0 each.
 * - `http`: connections, TLS, proxy, size limits, private addresses; see `TransportOptions`.
 * - `endpoints`: by name, with their weights; see `EndpointOptions`. One that is asked for by its path is the same.
 * - `usage`: headers in which the source says how much of a bucket is used.
 * - `bans`: `statuses` upon which nobody asks for as long as `Retry-After` says, or `defaultMs`. Default 418 and 429, 30,000.
 * - `propagateTrace`: whether requests carry our trace context; only for services of one's own. Default false.
 *
 * @interface
 */
export type SourceOptions = z.input<typeof SourceOptionsSchema>;

export type SourceSettings = z.output<typeof SourceOptionsSchema>;
