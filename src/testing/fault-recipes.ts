import { corruptGzip } from './fault-bodies.ts';
import type { HttpFault } from './fault-http.ts';

/** Faults that are nothing but an answer of a certain kind, by name. */
export const httpFaults = {
  /** 429 or 418, and when to come back: in seconds, or as an HTTP date. */
  comeBackLater: ({
    status = 429,
    retryAfter,
  }: {
    status?: 418 | 429 | 503;
    retryAfter: number | Date;
  }): HttpFault => ({
    status,
    headers: { 'retry-after': typeof retryAfter === 'number' ? `${retryAfter}` : retryAfter.toUTCString() },
    body: { code: -1003, msg: 'Too many requests.' },
  }),
  /** JSON that breaks off, with the right length. */
  garbageJson: (): HttpFault => ({ body: '{"price": "27000.10", "quantity": ' }),
  /** The page of a proxy where JSON was asked for, with status 200. */
  wrongContentType: (): HttpFault => ({
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: '<!doctype html><title>Checking your browser</title>',
  }),
  /** Leads to where no client of a public service should go. Default: the metadata address of cloud machines. */
  redirect: (location = 'http://169.254.169.254/latest/meta-data/', status = 302): HttpFault => ({
    status,
    headers: { location },
    body: '',
  }),
  /** Gzip that inflates to the end, and whose checksum is wrong. */
  corruptGzip: (body: unknown = {}): HttpFault => ({
    headers: { 'content-encoding': 'gzip' },
    body: corruptGzip(body),
  }),
  unknownEncoding: (body: unknown = {}): HttpFault => ({
    headers: { 'content-encoding': 'x-rot13' },
    body,
  }),
  /** One header of so many bytes. */
  oversizedHeaders: (bytes: number): HttpFault => ({ headers: { 'x-padding': 'a'.repeat(bytes) } }),
  /** Another protocol altogether. */
  notHttp: (): HttpFault => ({ fault: 'raw', bytes: 'SSH-2.0-OpenSSH_9.2p1\r\n' }),
} as const;
