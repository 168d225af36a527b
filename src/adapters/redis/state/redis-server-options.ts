import { z } from 'zod';
import { PortcullisError } from '../../../core/errors.ts';
import { parseOptions } from '../../../core/options.ts';
import type { CreateRedisClient, RedisClientSettings } from '../redis-client.ts';

/** Options of whatever keeps state on a server. They are those of the event bus, of the same names. */
const redisServerSchema = z
  .strictObject({
    /** `redis[s]://[[user][:password]@]host[:port][/database]`. */
    url: z.string().optional(),
    /** Options of `createClient` of `@redis/client`, for TLS and credentials; what is needed of them is set here. */
    client: z.custom<RedisClientSettings>((value) => typeof value === 'object' && value !== null).optional(),
    /** What all keys begin with. Default: `portcullis`. */
    prefix: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ : -')
      .default('portcullis'),
    /** Of this among those of the same prefix, on the server, in logs and `CLIENT LIST`: with the same prefix and name it is the same. Default: `state`. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens')
      .default('state'),
    /** After which a server without an answer counts as hanging, milliseconds. Default: 2,000. */
    commandTimeoutMs: z.int().min(10).max(600_000).default(2_000),
    /** For connecting, and for `open`, milliseconds. Default: 5,000. */
    connectTimeoutMs: z.int().min(10).max(600_000).default(5_000),
    /** Longest wait before connecting again, milliseconds; doubles from 50 with each attempt, full jitter. Default: 1,000. */
    maxBackoffMs: z.int().min(1).max(600_000).default(1_000),
  })
  // Of the whole, so that the message does not show the URL, which may hold a password.
  .refine(({ url }) => url === undefined || isRedisUrl(url), {
    path: [],
    message: 'url: expected redis[s]://[[user][:password]@]host[:port][/database]',
  });

/** @interface */
export type RedisServerOptions = z.input<typeof redisServerSchema>;

export type RedisServerSettings = z.output<typeof redisServerSchema>;

/** @throws {PortcullisError} `OPTION_INVALID` */
export function redisServerSettings(
  component: string,
  options: RedisServerOptions,
  deps: { readonly createClient?: CreateRedisClient | undefined },
): RedisServerSettings {
  const settings = parseOptions(component, redisServerSchema, options);
  if (settings.url === undefined && settings.client === undefined && deps.createClient === undefined)
    throw new PortcullisError('OPTION_INVALID', `${component}: expected url, client, or a dep createClient`);
  return settings;
}

function isRedisUrl(text: string): boolean {
  try {
    return ['redis:', 'rediss:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
