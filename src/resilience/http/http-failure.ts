import { errors } from 'undici';
import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';
import { type Aborted, type Failure, type UpstreamStatus } from '../failure.ts';
import { retryAfterMs } from '../retry-after.ts';
import { RefusedAddress } from './connector.ts';
import { decodedExcerpt } from './content-coding.ts';
import type { HttpHeaders } from './http-message.ts';

/** How far a request had come when it failed. */
export type Phase = 'connect' | 'send' | 'receive';

/** What the check of a certificate says, by OpenSSL and by Node. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_FORMAT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_CRL',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** The client is closed, and what was in flight has failed. */
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_CLOSED', 'UND_ERR_DESTROYED']);

/** It was never a request: nothing of it has left. */
const NO_REQUEST: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED']);

/** Statuses that another attempt may turn into success. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

export interface FailedRequest {
  readonly phase: Phase;
  /** Whether the headers of its answer were whole. */
  readonly hasHeaders: boolean;
  readonly isRepeatable: boolean;
  /** The longest silence that a server is allowed. */
  readonly silenceTimeoutMs: number;
}

/** What became of a request whose connection, or whose answer, is not one. */
export function connectionFailure(thrown: unknown, request: FailedRequest): Failure {
  const error = rootOf(thrown);
  if (error instanceof RefusedAddress) return addressRefused(error.address, 'private-address');
  const code = codeOf(error);
  if (CLOSED.has(code)) return closedFailure();
  if (NO_REQUEST.has(code) && request.phase === 'connect') {
    return requestFailure(new PortcullisError('OPTION_INVALID', `HttpRequest: ${messageOf(error)}`));
  }
  if (UNTRUSTED.has(code)) return { code: 'UPSTREAM_UNTRUSTED', upstream: 'failing', mayRetry: false, error };
  const mayRetry = request.phase === 'connect' || request.isRepeatable;
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return {
        code: 'TIMED_OUT',
        upstream: 'failing',
        mayRetry,
        scope: 'attempt',
        timeoutMs: request.silenceTimeoutMs,
      };
    case 'UND_ERR_HEADERS_OVERFLOW':
      return invalidResponse('headers', 'larger than is allowed', false);
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return notHttp('not as long as content-length says', 'truncated', request);
    default:
      if (!(error instanceof errors.HTTPParserError)) {
        return { code: 'UPSTREAM_UNREACHABLE', upstream: 'failing', mayRetry, phase: request.phase, error };
      }
      return notHttp(error.message, error.message.includes('EOF') ? 'truncated' : 'encoding', request);
  }
}

/** What HTTP's own rules forbid: before the headers are whole it was never HTTP, after that its body is wrong. */
function notHttp(
  detail: string,
  ofBody: 'truncated' | 'encoding',
  { hasHeaders, isRepeatable }: FailedRequest,
): Failure {
  const because = hasHeaders ? ofBody : 'headers';
  return invalidResponse(because, detail, because === 'truncated' && isRepeatable);
}

/** A request that is none, found before anything was sent. */
export const requestFailure = (error: PortcullisError): Failure => ({
  code: 'WORK_FAILED',
  upstream: 'unknown',
  mayRetry: false,
  error,
});

/** A call that the end of the transport has ended. */
export const closedFailure = (): Aborted => ({
  code: 'ABORTED',
  upstream: 'unknown',
  mayRetry: false,
  reason: new PortcullisError('SERVICE_STOPPED', 'the HTTP transport is closed'),
});

export const addressRefused = (address: string, because: 'private-address' | 'redirect'): Failure => ({
  code: 'ADDRESS_REFUSED',
  upstream: because === 'redirect' ? 'alive' : 'unknown',
  mayRetry: false,
  address,
  because,
});

export const isSuccess = (status: number): boolean => (status >= 200 && status < 300) || status === 304;

/** The most of a body that a failure quotes, in characters. */
const QUOTED = 1_000;

/**
 * An answer that is no success.
 *
 * @param wire the beginning of its body, as it came
 */
export function statusFailure(
  status: number,
  headers: HttpHeaders,
  wire: Buffer,
  isRepeatable: boolean,
  nowMs: number,
): Failure {
  if (status < 400) return addressRefused(placeOf(headers['location']), 'redirect');
  // A date is of the server's clock, which stands in the same answer; ours may be another.
  const serverMs = Date.parse(firstOf(headers['date']) ?? '');
  const waitMs = retryAfterMs(firstOf(headers['retry-after']), Number.isNaN(serverMs) ? nowMs : serverMs);
  const failure: UpstreamStatus = {
    code: 'UPSTREAM_STATUS',
    upstream: upstreamOf(status),
    mayRetry: isRepeatable && PASSING.has(status),
    status,
    headers,
    body: decodedExcerpt(wire, headers['content-encoding']).toString('utf8').slice(0, QUOTED),
  };
  return waitMs === undefined ? failure : { ...failure, retryAfterMs: waitMs };
}

function upstreamOf(status: number): Failure['upstream'] {
  if (status === 429) return 'unknown';
  return status < 500 ? 'alive' : 'failing';
}

/** Without its query, which may repeat the secrets of ours. */
const placeOf = (location: string | string[] | undefined): string =>
  (firstOf(location) ?? '')
    .replace(/[?#].*$/su, '')
    .replace(/\/\/[^/]*@/u, '//')
    .slice(0, 200);

const firstOf = (header: string | string[] | undefined): string | undefined =>
  Array.isArray(header) ? header[0] : header;

const invalidResponse = (
  because: 'truncated' | 'encoding' | 'headers',
  detail: string,
  mayRetry: boolean,
): Failure => ({ code: 'RESPONSE_INVALID', upstream: 'failing', mayRetry, because, detail });

/** Through a proxy, what went wrong stands behind an error of the tunnel. */
function rootOf(error: unknown): unknown {
  if (error instanceof Error && codeOf(error).startsWith('UND_ERR_PRX') && error.cause !== undefined) {
    return error.cause;
  }
  return error;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';
