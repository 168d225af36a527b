import { PortcullisError } from '../../core/errors.ts';
import { type Endpoint, SAFE_METHODS, pathOf, weightOf } from './endpoint.ts';
import type { FetchRequest, HttpMethod } from './fetch-request.ts';
import type { SourceSettings } from './source-options.ts';

/** What is asked of a source, before it is signed and sent; the same for every attempt. */
export interface AskedRequest {
  readonly endpoint: string;
  readonly method: HttpMethod;
  /** From the root of the server. */
  readonly path: string;
  /** Without `?`; empty for none. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly weight: number;
  readonly isSigned: boolean;
  /** Whether it may be sent again although the source may have got it. */
  readonly isRepeatable: boolean;
  /** Attempts beyond the first; undefined leaves it to the source. */
  readonly retries: number | undefined;
  /** 0 for never to be cached. */
  readonly cacheTtlMs: number;
}

const PLAIN: Endpoint = { path: '/', method: 'GET', weight: 1, signed: false, cacheTtlMs: undefined };
const PATH = /^\/[^\s?#\\]*$/u;

/**
 * @param basePath stands before the path of every endpoint; without a slash at its end
 * @throws {PortcullisError} `INPUT_INVALID` naming the field, its value and what was expected
 */
export function askedRequest(
  request: FetchRequest,
  settings: SourceSettings,
  basePath: string,
): AskedRequest {
  const { params = {}, idempotencyKey } = request;
  const declared = settings.endpoints[request.endpoint];
  const endpoint = declared ?? { ...PLAIN, path: request.endpoint };
  if (!PATH.test(endpoint.path) || /\/\.{1,2}(\/|$)/u.test(endpoint.path)) {
    const names = Object.keys(settings.endpoints).join(', ');
    throw invalid('endpoint', request.endpoint, `a path such as /time${names && `, or one of ${names}`}`);
  }
  const method = request.method ?? endpoint.method;
  const isSafe = SAFE_METHODS.has(method);
  const isRepeatable = isSafe || idempotencyKey !== undefined;
  const ttlMs = lifeOf(request) ?? endpoint.cacheTtlMs ?? settings.cache.ttlMs;
  const { path, query } = pathOf(endpoint.path, params);
  const { body, contentType } = bodyOf(request.body);
  return {
    endpoint: request.endpoint,
    method,
    path: basePath + path,
    query,
    headers: {
      ...settings.headers,
      ...contentType,
      ...request.headers,
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    body,
    weight: weightOf(endpoint, params),
    isSigned: endpoint.signed,
    isRepeatable,
    retries: isSafe ? request.retries : isRepeatable ? (request.retries ?? 0) : 0,
    cacheTtlMs: isSafe ? ttlMs : 0,
  };
}

function bodyOf(body: unknown): {
  readonly body: string | Uint8Array | undefined;
  readonly contentType?: Readonly<Record<string, string>>;
} {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return { body };
  return { body: JSON.stringify(body), contentType: { 'content-type': 'application/json' } };
}

function lifeOf({ cacheTtlMs }: FetchRequest): number | undefined {
  if (cacheTtlMs === undefined || cacheTtlMs >= 0) return cacheTtlMs;
  throw invalid('cacheTtlMs', cacheTtlMs, '0 or more');
}

const invalid = (field: string, value: unknown, expected: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `fetch: ${field}: expected ${expected}, got ${String(value)}`);
