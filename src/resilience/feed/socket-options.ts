import { validateHeaderName, validateHeaderValue } from 'node:http';
import { z } from 'zod';
import { tlsOptionsSchema } from '../tls-options.ts';
import { parseUnshown } from '../unshown-options.ts';

const schema = z.strictObject({
  /** The largest frame, decompressed, in bytes; a larger one ends the connection. Default 1 MiB. */
  maxPayloadBytes: z.number().int().min(1).max(1_073_741_824).default(1_048_576),
  /** Whether permessage-deflate is offered. Default false: it costs memory and time for each message. */
  compression: z.boolean().default(false),
  /** Addresses that are not of the public internet, such as localhost: all of them, none, or those of these CIDRs. Default false. */
  allowPrivateAddresses: z.union([z.boolean(), z.array(z.string())]).default(false),
  /** Sent with the handshake. */
  headers: z
    .record(z.string(), z.string())
    .superRefine((headers, context) => {
      for (const [name, value] of Object.entries(headers)) {
        if (!isHeader(name, value))
          context.addIssue({ code: 'custom', path: [name], message: 'expected a header' });
      }
    })
    .default({}),
  /** Certificates and keys, in PEM, and the name that the certificate of the server must have. */
  tls: tlsOptionsSchema.default({}),
});

/** @interface */
export type FeedSocketOptions = z.input<typeof schema>;

export type FeedSocketSettings = z.output<typeof schema>;

/** @throws {PortcullisError} `OPTION_INVALID`, without any value, as headers and keys are secrets */
export const feedSocketSettings = (options: FeedSocketOptions): FeedSocketSettings =>
  parseUnshown('feed: socket', schema, options);

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
