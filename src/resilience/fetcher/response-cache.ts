import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import type { CacheRules } from '../policies/cache-entry.ts';
import type { CacheRegistry } from '../policies/cache-metrics.ts';
import type { ResultCacheOptions } from '../policies/cache-options.ts';
import { type Cached, ResultCache, type ResultCacheStatus } from '../policies/cache.ts';
import { type RequestIdentity, cacheKey } from './cache-key.ts';
import { freezeData } from './frozen-data.ts';
import { type Validators, conditionsOf, isShareable, validatorsOf } from './http-caching.ts';

/** A request, as far as the cache has to know it. */
export interface CacheableRequest extends RequestIdentity {
  /** Whether a signer will sign it: its answer is then somebody's own. */
  readonly isSigned?: boolean | undefined;
  /** Says what is wrong with data: it is then not kept, and the call fails with this. Default: nothing is. */
  readonly check?: ((data: unknown) => Failure | undefined) | undefined;
}

/** What a source answered, parsed. */
export interface ParsedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON or text; undefined without a body. */
  readonly data: unknown;
}

/** An answer as it is kept. Its data is frozen to the leaves: all callers get the same object. */
export interface CachedResponse extends Validators {
  readonly status: number;
  readonly data: unknown;
  /** When the source made it, by its own clock; undefined when it did not say. */
  readonly dateMs: number | undefined;
}

/** Sends the request, with these headers added; they make it conditional. A 304 is a success. */
export type SendRequest = (
  conditions: Readonly<Record<string, string>>,
  call: Call,
) => Promise<Outcome<ParsedAnswer>>;

export interface ResponseCacheDeps {
  readonly clock: Clock;
  readonly random?: (() => number) | undefined;
  readonly metrics?: CacheRegistry | undefined;
  /** A second level that outlives the process, or is shared with others. */
  readonly store?: StateStore | undefined;
}

const MEBIBYTE = 2 ** 20;
const KEPT_FOR_CONDITIONS_MS = 24 * 3_600_000;

/**
 * What a fetcher keeps of the answers of its sources.
 *
 * A fetcher calls `run` for each request, whatever it is, and gets what it would get from `send`, as an outcome with the
 * origin and the age of the data. It sends nothing itself and never calls `send` twice at a time for one key. Its contract:
 *
 * - Fresh is what is younger than `rules.ttlMs` (less jitter); the source's own `max-age` does not count. With 0 nothing is
 *   looked up, kept or shared.
 * - Kept are answers to `GET` and `HEAD`, by all that makes a request differ ({@link cacheKey}). A signed request, one
 *   with a body, or one with an `authorization` or `cookie` header, passes by, unless its `cacheKey` says whose answer it is; these headers are
 *   then no part of the key.
 * - Never kept is an answer with `set-cookie`, `cache-control: no-store` or `private`, or `vary: *`; what was kept before
 *   goes with it. Those who wait for it already get it all the same: they asked for the same.
 * - An answer with `etag` or `last-modified` is renewed by asking whether it has changed; 304 keeps the data and makes it
 *   fresh. A 304 that was not asked for is `RESPONSE_INVALID`.
 * - A failure that `rules.isNegative` names, by default a status of 404 or 410, is kept for `rules.negativeTtlMs`.
 * - What fails while the source is out is answered with old data as far as `rules.staleIfErrorMs` goes: see `isOutage`.
 * - `call.stats` grows by what the work cost that this call waited for; a hit adds nothing.
 */
export class ResponseCache {
  readonly #results: ResultCache<Kept>;

  /**
   * @param options see {@link ResultCacheOptions}; `maxSize` is in bytes of memory, roughly, default 64 MiB
   * @throws {PortcullisError} `OPTION_INVALID`
   */
  constructor(options: ResultCacheOptions, { clock, random, metrics, store }: ResponseCacheDeps) {
    this.#results = new ResultCache<Kept>(
      { name: 'responses', maxSize: 64 * MEBIBYTE, ...options },
      {
        clock,
        random,
        metrics,
        secondLevel: store && { store, encode, decode },
        sizeOf: ({ bytes }) => bytes,
        sizeOfFailure: (failure) => (failure.code === 'UPSTREAM_STATUS' ? freezeData({ ...failure }) : 1),
        mayKeep: ({ isShareable }) => isShareable,
      },
    );
  }

  /** Gives what is kept, or what `send` brings. Neither throws nor rejects. */
  async run(
    request: CacheableRequest,
    send: SendRequest,
    call: Call,
    rules: CacheRules,
  ): Promise<Outcome<Cached<CachedResponse>>> {
    const { check } = request;
    const ask = async (inner: Call, previous: Kept | undefined): Promise<Outcome<Kept>> => {
      const answer = await send(previous === undefined ? {} : conditionsOf(previous), inner);
      return answer.ok ? keptOf(answer.value, previous, check) : answer;
    };
    if (rules.ttlMs > 0 && mayShare(request))
      return this.#results.run(keyOf(request), ask, call, {
        ...rules,
        isNegative: rules.isNegative ?? isGone,
        keepMs: rules.keepMs ?? KEPT_FOR_CONDITIONS_MS,
      });
    const outcome = await ask(call, undefined);
    return outcome.ok ? success({ value: outcome.value, origin: 'origin', ageMs: 0 }) : outcome;
  }

  /** Forgets one answer. @returns whether it is gone for sure: false when the store did not say so in time */
  delete(request: CacheableRequest): Promise<boolean> {
    return this.#results.delete(keyOf(request));
  }

  /** Forgets all answers. @returns as `delete` */
  clear(): Promise<boolean> {
    return this.#results.clear();
  }

  /** Ends renewals and waits for them and for writes; calls work on, and nothing is kept. The store stays open. */
  close(): Promise<void> {
    return this.#results.close();
  }

  status(): ResultCacheStatus {
    return this.#results.status();
  }
}

interface Kept extends CachedResponse {
  readonly bytes: number;
  readonly isShareable: boolean;
}

const SAFE = new Set(['GET', 'HEAD']);
const CREDENTIALS = new Set(['authorization', 'proxy-authorization', 'cookie']);

const isCredential = (name: string): boolean => CREDENTIALS.has(name.toLowerCase());

function mayShare({ method, headers, body, isSigned, cacheKey: owner }: CacheableRequest): boolean {
  if (!SAFE.has(method.toUpperCase())) return false;
  if (owner !== undefined) return true;
  if (isSigned === true || body !== undefined) return false;
  for (const name in headers) if (isCredential(name)) return false;
  return true;
}

function keyOf(request: CacheableRequest): string {
  const { headers } = request;
  if (headers === undefined || request.cacheKey === undefined) return cacheKey(request);
  const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => !isCredential(name)));
  return cacheKey({ ...request, headers: plain });
}

const isGone = (failure: Failure): boolean =>
  failure.code === 'UPSTREAM_STATUS' && (failure.status === 404 || failure.status === 410);

function keptOf(
  { status, headers, data }: ParsedAnswer,
  previous: Kept | undefined,
  check: CacheableRequest['check'],
): Outcome<Kept> {
  const { date } = headers;
  const parsedMs = typeof date === 'string' ? Date.parse(date) : NaN;
  const news = {
    ...validatorsOf(headers),
    dateMs: Number.isFinite(parsedMs) ? parsedMs : undefined,
    isShareable: isShareable(headers),
  };
  if (status === 304) {
    if (previous === undefined) return failed(notAskedFor);
    const { etag = previous.etag, lastModified = previous.lastModified } = news;
    return success({ ...previous, ...news, etag, lastModified });
  }
  const wrong = check?.(data);
  if (wrong !== undefined) return failed(wrong);
  return success({ ...news, status, data, bytes: freezeData(data) });
}

const notAskedFor: Failure = {
  code: 'RESPONSE_INVALID',
  upstream: 'failing',
  mayRetry: false,
  because: 'headers',
  detail: 'not modified (304), although no condition was sent',
};

const Stored = z.strictObject({
  status: z.int(),
  data: z.unknown().optional(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  dateMs: z.number().optional(),
});

const encode = ({ status, data, etag, lastModified, dateMs }: Kept): object => ({
  status,
  data,
  etag,
  lastModified,
  dateMs,
});

/** Its validators go into headers: they are checked as if they had just come. */
function decode(json: unknown): Kept {
  const { status, data, etag, lastModified, dateMs } = Stored.parse(json);
  const validators = validatorsOf({ etag, 'last-modified': lastModified });
  return { ...validators, status, data, dateMs, bytes: freezeData(data), isShareable: true };
}
