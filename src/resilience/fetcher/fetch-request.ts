import type { z } from 'zod';
import type { CallOptions } from '../call.ts';

/** One value of a parameter; undefined leaves it out, a list repeats it. */
export type ParamValue = string | number | boolean | undefined | readonly (string | number)[];

/** What may be asked of {@link ResilientFetcher}. */
export interface FetchRequest<S extends z.ZodType = z.ZodType> extends Omit<CallOptions, 'weight'> {
  /** The name of a source that was declared. */
  readonly source: string;
  /** A path from the root of the source, such as `/api/v3/klines`, or the name of an endpoint that the source declares. */
  readonly endpoint: string;
  /** Fill the `{names}` of the path; the others make the query, in the order given. */
  readonly params?: Readonly<Record<string, ParamValue>> | undefined;
  /** Default: that of the declared endpoint, else `GET`. */
  readonly method?: HttpMethod | undefined;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long an answer may be given again, milliseconds; 0 asks the source. Default: that of the endpoint or source. Only `GET` and `HEAD` are cached. */
  readonly cacheTtlMs?: number | undefined;
  /** Required to cache what a signed request answers, or one with a body; must name whose answer it is. */
  readonly cacheKey?: string | undefined;
  /** Sent as `idempotency-key`; without it a method that changes things is never sent twice. With it, only if `retries` is given too. */
  readonly idempotencyKey?: string | undefined;
  /** What the data must be; without it, it comes as `unknown`. */
  readonly schema?: S | undefined;
}

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Where data came from: a cache of this process, one that is shared, the source, or a cache because the source could not. */
export type DataOrigin = 'l1' | 'l2' | 'origin' | 'stale';

export interface DataResponse<T> {
  /** As the schema gives it. Without one it is the parsed JSON, frozen when it was cached; text where the answer is not JSON. */
  readonly data: T;
  readonly status: number;
  readonly meta: FetchMeta;
}

export interface FetchMeta {
  readonly source: string;
  readonly endpoint: string;
  readonly origin: DataOrigin;
  /** Requests that were sent; 0 when a cache had it. */
  readonly attempts: number;
  /** Milliseconds spent waiting for the rate limit and for a slot. */
  readonly waitMs: number;
  /** Milliseconds spent with the source, all attempts together. */
  readonly upstreamMs: number;
  /** How old the data is, milliseconds since it was received. */
  readonly ageMs: number;
}
