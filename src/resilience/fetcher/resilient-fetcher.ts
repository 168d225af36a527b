import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { parseOptions } from '../../core/options.ts';
import type { StateStore } from '../../storage/state-store.ts';
import { type Logger, type MetricsRegistry, silentLogger } from '../../telemetry/index.ts';
import { type Call, newCall } from '../call.ts';
import type { Lookup } from '../http/dns-cache.ts';
import type { Outcome } from '../outcome.ts';
import { systemRandom } from '../../core/backoff.ts';
import type { Cached } from '../policies/cache.ts';
import type { CircuitBreaker } from '../policies/circuit-breaker.ts';
import type { RateLimiter } from '../policies/rate-limiter.ts';
import type { SharedRate } from '../policies/shared-rate.ts';
import { ResilienceError } from '../resilience-error.ts';
import { type AskedRequest, askedRequest } from './asked-request.ts';
import { type Answered, delivered, parsedBy } from './delivered.ts';
import { FetchMetrics, SOURCE_CLOCK_OFFSET } from './fetch-metrics.ts';
import type { DataResponse, FetchRequest } from './fetch-request.ts';
import { ResponseCache, type SendRequest, asOrigin } from './response-cache.ts';
import type { ServerClockOffset } from './server-clock.ts';
import type { Signer } from './signer.ts';
import { Source } from './source.ts';
import { SourceOptionsSchema, type SourceSettings } from './source-options.ts';

const schema = z.strictObject({
  /** By name; the name is the `source` of requests and metrics. */
  sources: z.record(z.string().min(1), SourceOptionsSchema),
  /** Of answers, all sources together. */
  cache: z
    .strictObject({
      /** Answers in memory at most. */
      maxEntries: z.int().min(1).default(10_000),
      /** Bytes of memory at most, roughly. */
      maxBytes: z
        .int()
        .min(1)
        .default(64 * 2 ** 20),
    })
    .prefault({}),
});

/** @interface */
export type ResilientFetcherOptions = z.input<typeof schema>;

export interface ResilientFetcherDeps {
  readonly clock: Clock;
  /** In [0, 1), for jitter. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: MetricsRegistry | undefined;
  /** A second level of the cache, which outlives the process or is shared with others. Default: none. */
  readonly store?: StateStore | undefined;
  /** Who is asked by sources whose `rateLimit` is `shared`. */
  readonly sharedRate?: SharedRate | undefined;
  /** By source: what signs its endpoints that are `signed`. */
  readonly signers?: Readonly<Record<string, Signer>> | undefined;
  /** Resolves names. Default: the resolver of the system. */
  readonly lookup?: Lookup | undefined;
}

/** How a source stands. */
export interface SourceStatus {
  readonly circuit: ReturnType<CircuitBreaker['explain']>;
  /** Undefined for a source without a rate limit. */
  readonly rateLimit: ReturnType<RateLimiter['status']> | undefined;
  /** How far its clock is ahead of ours, by the `Date` headers of its answers; undefined before the first. */
  readonly clockOffset: ServerClockOffset | undefined;
}

/** A source, and what is counted of it. */
interface Known {
  readonly source: Source;
  readonly metrics: FetchMetrics | undefined;
}

/**
 * Fetches data that keeps coming when the world misbehaves: each source is declared once, with its limits, and every call
 * to it goes through the same policies in the same order (see {@link pipeline}).
 *
 * `tryFetch` tells what became of a call as a value, `fetch` throws a {@link ResilienceError} whose `failure` says the
 * same. What the caller did wrong (an unknown source, a bad parameter) is thrown by both, before anything is sent.
 */
export class ResilientFetcher implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #cache: ResponseCache;
  readonly #known: ReadonlyMap<string, Known>;
  readonly #collecting: Disposable | undefined;
  #isClosed = false;

  /** @throws {PortcullisError} `OPTION_INVALID` naming the source and its field */
  constructor(options: ResilientFetcherOptions, deps: ResilientFetcherDeps) {
    const { sources, cache } = parseOptions('ResilientFetcher', schema, options);
    this.#clock = deps.clock;
    this.#cache = new ResponseCache({ maxEntries: cache.maxEntries, maxSize: cache.maxBytes }, deps);
    this.#known = new Map(
      Object.entries(sources).map(([name, settings]) => [name, knownSource(name, settings, deps)]),
    );
    const offset = deps.metrics?.gauge(SOURCE_CLOCK_OFFSET);
    this.#collecting = deps.metrics?.collector(() => {
      for (const { source } of this.#known.values()) {
        if (source.clockOffset !== undefined) {
          offset?.set({ source: source.name }, source.clockOffset.offsetMs / 1_000);
        }
      }
    });
  }

  /**
   * Fetches, or throws.
   *
   * @throws {ResilienceError} its `failure` is one of a closed union
   * @throws {PortcullisError} as `tryFetch`
   */
  async fetch<S extends z.ZodType>(request: FetchRequest<S>): Promise<DataResponse<z.output<S>>> {
    const outcome = await this.tryFetch(request);
    if (outcome.ok) return outcome.value;
    const { source, endpoint } = request;
    throw new ResilienceError(outcome.failure, `${source} ${endpoint}`, { source, endpoint });
  }

  /**
   * Fetches, and tells what became of it as a value.
   *
   * @throws {PortcullisError} `SOURCE_UNKNOWN`; `INPUT_INVALID` naming the field of the request; `SERVICE_STOPPED` after `close()`
   */
  async tryFetch<S extends z.ZodType>(request: FetchRequest<S>): Promise<Outcome<DataResponse<z.output<S>>>> {
    const { source, metrics } = this.#find(request.source);
    const asked = askedRequest(request, source.settings, source.basePath);
    const call = newCall({ ...request, weight: asked.weight, retries: asked.retries });
    const startMs = this.#clock.monotonicMs();
    const outcome =
      asked.cacheTtlMs > 0
        ? await this.#cached(source, asked, call, request)
        : deliveredOf(asOrigin(await source.ask(asked, call)), request, call);
    metrics?.ended(outcome, this.#clock.monotonicMs() - startMs);
    return outcome;
  }

  /** @throws {PortcullisError} `SOURCE_UNKNOWN` */
  status(source: string): SourceStatus {
    const { breaker, limiter, clockOffset } = this.#find(source).source;
    return { circuit: breaker.explain(), rateLimit: limiter?.status(), clockOffset };
  }

  /** Lets nobody ask a source until `release`. @throws {PortcullisError} `SOURCE_UNKNOWN` */
  isolate(source: string, reason: string): void {
    this.#find(source).source.breaker.isolate(reason);
  }

  /** Ends an isolation, and a ban that the source has told us. @throws {PortcullisError} `SOURCE_UNKNOWN` */
  release(source: string): void {
    this.#find(source).source.release();
  }

  /** Forgets all answers, here and in the store. @returns false when the store did not say so in time */
  clearCache(): Promise<boolean> {
    return this.#cache.clear();
  }

  /** Ends all connections; what is under way fails. A second call is harmless. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#collecting?.[Symbol.dispose]();
    await this.#cache.close();
    await Promise.all([...this.#known.values()].map(({ source }) => source.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #find(name: string): Known {
    if (this.#isClosed) throw new PortcullisError('SERVICE_STOPPED', 'ResilientFetcher: closed');
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const names = [...this.#known.keys()].join(', ');
    throw new PortcullisError('SOURCE_UNKNOWN', `fetch: source: expected one of ${names}, got ${name}`);
  }

  async #cached<S extends z.ZodType>(
    source: Source,
    asked: AskedRequest,
    call: Call,
    request: FetchRequest<S>,
  ): Promise<Outcome<DataResponse<z.output<S>>>> {
    const { schema, cacheKey } = request;
    const { method, path, query: params, headers, body, isSigned, cacheTtlMs: ttlMs } = asked;
    const { name, settings } = source;
    const { staleWhileRevalidateMs, staleIfErrorMs, negativeTtlMs } = settings.cache;
    const rules = { ttlMs, staleWhileRevalidateMs, staleIfErrorMs, negativeTtlMs };
    const fits = schema && ((data: unknown) => parsedBy(schema, data).ok);
    const where = { source: name, baseUrl: settings.baseUrl, method, path, params };
    const cacheable = { ...where, headers, body, isSigned, cacheKey, fits };
    const send: SendRequest = (conditions, inner) =>
      source.ask({ ...asked, headers: { ...headers, ...conditions } }, inner);
    const answer = await this.#cache.run(cacheable, send, call, rules);
    const outcome = deliveredOf(answer, request, call);
    // What is kept fits who kept it. If it does not fit this caller, the source may have something else by now.
    if (outcome.ok || !answer.ok || answer.value.origin === 'origin') return outcome;
    return deliveredOf(await this.#cache.renew(cacheable, send, call, rules), request, call);
  }
}

const deliveredOf = <S extends z.ZodType>(
  answer: Outcome<Cached<Answered>>,
  request: FetchRequest<S>,
  call: Call,
): Outcome<DataResponse<z.output<S>>> => (answer.ok ? delivered(answer.value, request, call) : answer);

function knownSource(name: string, settings: SourceSettings, deps: ResilientFetcherDeps): Known {
  const { clock, random = systemRandom, logger = silentLogger, metrics, lookup, signers, sharedRate } = deps;
  const signer = signers?.[name];
  const signed = Object.entries(settings.endpoints).find(([, { signed }]) => signed);
  if (signed !== undefined && signer === undefined) {
    throw new PortcullisError(
      'OPTION_INVALID',
      `ResilientFetcher: signers.${name}: expected a signer for the endpoint ${signed[0]}, got nothing`,
    );
  }
  try {
    return {
      source: new Source(name, settings, { clock, random, logger, metrics, lookup, signer, sharedRate }),
      metrics: metrics && new FetchMetrics(name, metrics),
    };
  } catch (cause) {
    const code = cause instanceof PortcullisError ? cause.code : 'OPTION_INVALID';
    throw new PortcullisError(code, `ResilientFetcher: sources.${name}: ${messageOf(cause)}`, { cause });
  }
}
