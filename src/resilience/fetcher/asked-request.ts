import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { headersProblem } from '../http/request-check.ts';
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
  /** Whether it may be sent again beside itself: only what changes nothing. */
  readonly mayHedge: boolean;
  /** Attempts beyond the first; undefined leaves it to the source. */
  readonly retries: number | undefined;
  /** 0 for never to be cached. */
  readonly cacheTtlMs: number;
}

const PLAIN: Endpoint = { path: '/', method: 'GET', weight: 1, signed: false, cacheTtlMs: undefined };
const PATH = /^\/[^\s?#\\]*$/u;
/** Segments that lead to another path. */
const DOTS = /\/(?:\.|%2e){1,2}(?:\/|$)/iu;

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
  const endpoint = endpointOf(request, settings);
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
    headers: headersOf(settings.headers, contentType, request),
    body,
    weight: weightOf(endpoint, params),
    isSigned: endpoint.signed,
    isRepeatable,
    mayHedge: isSafe,
    retries: isSafe ? request.retries : isRepeatable ? (request.retries ?? 0) : 0,
    cacheTtlMs: isSafe ? ttlMs : 0,
  };
}

/** A declared endpoint is the same by its name and by its path: it keeps its weight, and whether it is signed. */
function endpointOf({ endpoint: asked, method }: FetchRequest, { endpoints }: SourceSettings): Endpoint {
  const declared = Object.hasOwn(endpoints, asked) ? endpoints[asked] : undefined;
  if (declared !== undefined) return declared;
  if (PATH.test(asked) && !DOTS.test(asked)) {
    const same = Object.values(endpoints).find(
      (one) => one.path === asked && (method === undefined || method === one.method),
    );
    return same ?? { ...PLAIN, path: asked };
  }
  const names = Object.keys(endpoints).join(', ');
  // What follows a `?` may be a secret.
  throw invalid('endpoint', asked.split('?', 1)[0], `a path such as /time${names && `, or one of ${names}`}`);
}

/** Names in lower case, so that each is sent once: the source's own, then the request's. */
function headersOf(
  own: Readonly<Record<string, string>>,
  contentType: string | undefined,
  { headers, idempotencyKey }: FetchRequest,
): Readonly<Record<string, string>> {
  if (contentType === undefined && headers === undefined && idempotencyKey === undefined) return own;
  const all: Record<string, string> = { ...own };
  if (contentType !== undefined) all['content-type'] = contentType;
  for (const name in headers) all[name.toLowerCase()] = headers[name] ?? '';
  if (idempotencyKey !== undefined) all['idempotency-key'] = idempotencyKey;
  const problem = headersProblem(all);
  if (problem !== undefined) throw problem;
  return all;
}

function bodyOf(body: unknown): {
  readonly body: string | Uint8Array | undefined;
  readonly contentType?: string;
} {
  if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) return { body };
  if (!isForJson(body)) throw invalid('body', Object.prototype.toString.call(body), SENDABLE);
  try {
    const text = JSON.stringify(body) as string | undefined;
    if (text !== undefined) return { body: text, contentType: 'application/json' };
  } catch (cause) {
    throw invalid('body', messageOf(cause), SENDABLE);
  }
  throw invalid('body', typeof body, SENDABLE);
}

/** A stream is not: it could not be sent again. */
const SENDABLE = 'text, bytes, or what JSON can say';

/** Not a stream, a form, a map: JSON would say nothing of what is in them. */
function isForJson(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || 'toJSON' in body) return true;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === Object.prototype || prototype === null;
}

function lifeOf({ cacheTtlMs }: FetchRequest): number | undefined {
  if (cacheTtlMs === undefined || cacheTtlMs >= 0) return cacheTtlMs;
  throw invalid('cacheTtlMs', cacheTtlMs, '0 or more');
}

const invalid = (field: string, value: unknown, expected: string): PortcullisError =>
  new PortcullisError('INPUT_INVALID', `fetch: ${field}: expected ${expected}, got ${String(value)}`);
