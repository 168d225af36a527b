import { X509Certificate } from 'node:crypto';
import { type SecureContext, createSecureContext } from 'node:tls';
import { z } from 'zod';
import { PortcullisError } from '../core/errors.ts';

// An empty `ca` would mean the authorities of Node.
const pem = z.union([
  z.string().min(1),
  z.custom<Buffer>((value) => Buffer.isBuffer(value) && value.length > 0, 'expected PEM'),
]);

/** To be parsed by `parseUnshown`: it holds secrets. */
export const tlsOptionsSchema = z.strictObject({
  ca: z.union([pem, z.array(pem)]).optional(),
  cert: pem.optional(),
  key: pem.optional(),
  passphrase: z.string().optional(),
  servername: z.string().min(1).optional(),
});

/**
 * What TLS is spoken with. A server is always verified, whatever the environment says.
 *
 * - `ca`: PEM, one or several; default: those of Node.
 * - `cert`, `key`: PEM, for mutual TLS; `passphrase` of the key.
 * - `servername`: asked for, and looked for in the certificate, instead of the name in the URL.
 *
 * @interface
 */
export type TlsOptions = z.input<typeof tlsOptionsSchema>;

export type TlsSettings = z.output<typeof tlsOptionsSchema>;

/**
 * The certificates and keys, read once.
 *
 * @throws {PortcullisError} `OPTION_INVALID`, without anything of them
 */
export function secureContextOf(
  component: string,
  { ca, cert, key, passphrase }: TlsSettings,
): SecureContext {
  try {
    // Node passes over an authority that is no certificate.
    for (const one of ca === undefined ? [] : [ca].flat()) new X509Certificate(one);
    return createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  } catch (error) {
    throw new PortcullisError(
      'OPTION_INVALID',
      `${component}: tls: certificates and keys that are not PEM, or do not belong together`,
      { cause: error },
    );
  }
}
