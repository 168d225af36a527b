import { PortcullisError } from '../../core/errors.ts';
import type { HttpRequest } from './http-message.ts';

const METHOD = /^[A-Z]+$/;
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const NOT_IN_A_PATH = /[^\x21-\x7e]/;

/** Headers that frame the message or belong to the connection: a caller's own would contradict the transport's. */
const OF_THE_TRANSPORT: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Why a request can not be sent, or nothing. A value with a line break would smuggle a second header, or a second request,
 * into the first. Names what is wrong, never a value: it may be a secret.
 */
export function requestProblem({ method, path, headers }: HttpRequest): PortcullisError | undefined {
  if (!METHOD.test(method) || method === 'CONNECT' || method === 'TRACE') return invalid('method');
  if (!path.startsWith('/') || NOT_IN_A_PATH.test(path)) {
    return invalid('path: expected / and then printable ASCII without spaces');
  }
  return headersProblem(headers);
}

/** Why these headers can not be sent, or nothing. */
export function headersProblem(headers: HttpRequest['headers']): PortcullisError | undefined {
  for (const name in headers) {
    const problem = headerProblem(name, headers[name]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function headerProblem(name: string, value: unknown): PortcullisError | undefined {
  if (!HEADER_NAME.test(name)) return invalid('headers: a name has characters that no header may have');
  if (OF_THE_TRANSPORT.has(name.toLowerCase())) return invalid(`headers.${name}: the transport sets it`);
  if (typeof value === 'string' && !NOT_IN_A_VALUE.test(value)) return undefined;
  return invalid(`headers.${name}: expected text without line breaks or other control characters`);
}

/** Why an origin can not be asked, or nothing: it is scheme, name and port, and nothing else. */
export function originProblem(origin: string): PortcullisError | undefined {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (
    url !== undefined &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    url.password === '' &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === ''
  ) {
    return undefined;
  }
  return invalid('origin: expected scheme, name and port, such as https://api.example.com');
}

const invalid = (what: string): PortcullisError =>
  new PortcullisError('OPTION_INVALID', `HttpRequest: ${what}`);
