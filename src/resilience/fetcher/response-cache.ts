import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { Call } from '../call.ts';
import type { Failure } from '../failure.ts';
import { type Outcome, failed, success } from '../outcome.ts';
import { type CacheRules, keepMsOf } from '../policies/cache-entry.ts';
import type { CacheWork } from '../policies/cache-loader.ts';
import type { CacheRegistry } from '../policies/cache-metrics.ts';
import type { ResultCacheOptions } from '../policies/cache-options.ts';
import { type Cached, ResultCache } from '../policies/cache.ts';
import { type RequestIdentity, cacheKey } from './cache-key.ts';
import type { Answered } from './delivered.ts';
import { freezeData } from './frozen-data.ts';
import { type Validators, conditionsOf, isShareable, validatorsOf } from './http-caching.ts';
import type { SourceAnswer } from './source.ts';

/** A request, as far as the cache has to know it. */
export interface CacheableRequest extends RequestIdentity {
  /** Whether a signer will sign it: its answer is then somebody's own. */
  readonly isSigned?: boolean | undefined;
  /** Whether the data is what this caller wants; if not, this caller gets it and does not keep it. Default: all is. */
  readonly fits?: ((data: unknown) => boolean) | undefined;
}

/** Sends the request, with these headers added; they make it conditional. A 304 is a success. */
export type SendRequest = (
  conditions: Readonly<Record<string, string>>,
  call: Call,
) => Promise<Outcome<SourceAnswer>>;

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
 * origin and the age of the data. It sends nothing itself, and calls `send` once at a time for one key and
 * urgency. Its contract:
 *
 * - Fresh is what is younger than `rules.ttlMs` (less jitter); the source's own `max-age` does not count. With 0 nothing is
 *   looked up, kept or shared.
 * - Kept are answers to `GET` and `HEAD`, by all that makes a request differ ({@link cacheKey}). A signed request, one
 *   with a body, or one with an `authorization` or `cookie` header, passes by, unless its `cacheKey` says whose answer it is; these headers are
 *   then no part of the key.
 * - Never kept is an answer with `set-cookie`, `cache-control: no-store` or `private`, or `vary: *`; what was kept before
 *   goes with it, and so it is with a number that JSON cannot write (`1e999`). Those who wait for it already get it all the same: they asked for the same.
 * - An answer with `etag` or `last-modified` is renewed by asking whether it has changed; 304 keeps the data and makes it
 *   fresh. A 304 that was not asked for is `RESPONSE_INVALID`.
 * - A failure that `rules.isNegative` names, by default a status of 404 or 410, is kept for `rules.negativeTtlMs`.
 * - What fails while the source is out is answered with old data as far as `rules.staleIfErrorMs` goes: see `isOutage`.
 * - Data that does not fit a caller (`fits`) is not kept by that caller, and nobody else fails for it: all get it, and each
 *   judges it. Who has no use for data that others keep asks with `renew`.
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
        keeping: ({ keeping }) => keeping,
      },
    );
  }

  /** Gives what is kept, or what `send` brings. Neither throws nor rejects. */
  async run(
    request: CacheableRequest,
    send: SendRequest,
    call: Call,
    rules: CacheRules,
  ): Promise<Outcome<Cached<Answered>>> {
    if (rules.ttlMs > 0 && mayShare(request))
      return this.#results.run(keyOf(request), workOf(request, send), call, withDefaults(rules));
    return asOrigin(await send({}, call));
  }

  /** As `run` for who has no use for what is kept: asks the source, or joins who does so. */
  renew(
    request: CacheableRequest,
    send: SendRequest,
    call: Call,
    rules: CacheRules,
  ): Promise<Outcome<Cached<Answered>>> {
    const { negativeTtlMs, isNegative, ...given } = withDefaults(rules);
    const keepOnly = { ttlMs: 0, keepMs: keepMsOf(given), negativeTtlMs, isNegative };
    return this.#results.run(keyOf(request), workOf(request, send), call, keepOnly);
  }

  /** Forgets everything. @returns false when the second level did not say so in time */
  clear(): Promise<boolean> {
    return this.#results.clear();
  }

  /** See {@link ResultCache.close}. */
  close(): Promise<void> {
    return this.#results.close();
  }
}

/** An answer that no cache has seen. */
export const asOrigin = (outcome: Outcome<Answered>): Outcome<Cached<Answered>> =>
  outcome.ok ? success({ value: outcome.value, origin: 'origin', ageMs: 0 }) : outcome;

const withDefaults = (rules: CacheRules): CacheRules => ({
  ...rules,
  isNegative: rules.isNegative ?? isGone,
  keepMs: rules.keepMs ?? KEPT_FOR_CONDITIONS_MS,
});

const workOf =
  ({ fits }: CacheableRequest, send: SendRequest): CacheWork<Kept> =>
  async (call, previous) => {
    const answer = await send(previous === undefined ? {} : conditionsOf(previous), call);
    return answer.ok ? keptOf(answer.value, previous, fits) : answer;
  };

/** Its data is frozen to the leaves: all callers get the same object. */
interface Kept extends Answered, Validators {
  readonly bytes: number;
  readonly keeping: 'keep' | 'skip' | 'drop';
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
  { status, headers, data }: SourceAnswer,
  previous: Kept | undefined,
  fits: CacheableRequest['fits'],
): Outcome<Kept> {
  const isSame = status === 304;
  if (isSame && previous === undefined) return failed(notAskedFor);
  const answer = isSame && previous !== undefined ? previous : { status, data, bytes: freezeData(data) };
  const given = validatorsOf(headers);
  return success({
    status: answer.status,
    data: answer.data,
    bytes: answer.bytes,
    etag: given.etag ?? (isSame ? previous?.etag : undefined),
    lastModified: given.lastModified ?? (isSame ? previous?.lastModified : undefined),
    keeping: keepingOf(headers, answer, fits),
  });
}

function keepingOf(
  headers: SourceAnswer['headers'],
  { data, bytes }: Pick<Kept, 'data' | 'bytes'>,
  fits: CacheableRequest['fits'],
): Kept['keeping'] {
  // Infinite: no text of JSON gives the same data back.
  if (!isShareable(headers) || !(bytes < Infinity)) return 'drop';
  try {
    return fits?.(data) === false ? 'skip' : 'keep';
  } catch {
    return 'skip';
  }
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
});

const encode = ({ status, data, etag, lastModified }: Kept): object => ({ status, data, etag, lastModified });

/** Its validators go into headers: they are checked as if they had just come. */
function decode(json: unknown): Kept {
  const { status, data, etag, lastModified } = Stored.parse(json);
  const validators = validatorsOf({ etag, 'last-modified': lastModified });
  return { ...validators, status, data, bytes: freezeData(data), keeping: 'keep' };
}
