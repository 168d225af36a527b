import { z } from 'zod';
import { PortcullisError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { type TlsOptions, type TlsSettings, tlsOptionsSchema } from '../tls-options.ts';
import { parseUnshown } from '../unshown-options.ts';

export type { TlsOptions } from '../tls-options.ts';

const schema = z.strictObject({
  connections: z.int().min(1).default(16),
  connectTimeoutMs: z.number().positive().default(5_000),
  silenceTimeoutMs: z.int().min(1).default(60_000),
  keepAliveMs: z.int().min(1).default(4_000),
  connectionMaxAgeMs: z.int().min(1).default(300_000),
  maxResponseBytes: z
    .int()
    .min(1)
    .default(10 * 1024 * 1024),
  maxHeaderBytes: z
    .int()
    .min(1)
    .default(16 * 1024),
  dnsTtlMs: z.number().min(0).default(30_000),
  allowPrivateAddresses: z.union([z.boolean(), z.array(z.string())]).default(false),
  allowH2: z.boolean().default(false),
  // These two hold secrets, which the message about a bad option would show: they are judged apart.
  proxyUrl: z.custom<string>().optional(),
  tls: z.custom<TlsOptions>().optional(),
});

/**
 * How an {@link HttpTransport} connects, and what it takes.
 *
 * - `connections`: the most per origin at a time. Default 16.
 * - `connectTimeoutMs`: for a connection with its name lookup and its TLS handshake. Default 5,000.
 * - `silenceTimeoutMs`: how long a server may send nothing while it is asked; a backstop for callers without a timeout,
 *   to within half a second. Default 60,000.
 * - `keepAliveMs`: how long an idle connection is kept, unless the server says how long it does. Default 4,000.
 * - `connectionMaxAgeMs`: after that a connection takes no further request, so that new addresses of a name come into
 *   use. Default 300,000.
 * - `maxResponseBytes`: the most a body may have, as it comes and as it is when decoded. Default 10 MiB.
 * - `maxHeaderBytes`: the most the headers of an answer may have. Default 16 KiB.
 * - `dnsTtlMs`: how long the addresses of a name hold. Default 30,000.
 * - `allowPrivateAddresses`: `true`, or CIDRs such as `10.1.0.0/16`. Default `false`: public addresses only.
 * - `allowH2`: whether HTTP/2 may be agreed on over TLS. Default false.
 * - `proxyUrl`: an HTTP proxy, `http://user:password@name:port`. The proxy resolves the names then, so that only
 *   addresses written in the URL itself can be judged here; its own address may be private.
 * - `tls`: see {@link TlsOptions}.
 *
 * @interface
 */
export type TransportOptions = z.input<typeof schema>;

export interface TransportSettings extends Omit<z.output<typeof schema>, 'tls'> {
  readonly tls: TlsSettings;
}

/** @throws {PortcullisError} `OPTION_INVALID`, without the value of anything that may be secret */
export function transportSettings(options: TransportOptions): TransportSettings {
  const { tls = {}, ...settings } = parseOptions('HttpTransport', schema, options);
  if (settings.proxyUrl !== undefined && !isHttpUrl(settings.proxyUrl)) {
    throw new PortcullisError('OPTION_INVALID', 'HttpTransport: proxyUrl: expected an http or https URL');
  }
  return { ...settings, tls: parseUnshown('HttpTransport: tls', tlsOptionsSchema, tls) };
}

const isHttpUrl = (text: unknown): boolean =>
  typeof text === 'string' && URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol);
