import { z } from 'zod';
import type { RedisClientSettings } from './redis-client.ts';
import { overflowSchema } from './overflow-options.ts';

const dayMs = 86_400_000;

export const redisBusSchema = z
  .strictObject({
    /** `redis[s]://[[user][:password]@]host[:port][/database]`. */
    url: z.string().optional(),
    /** Options of `createClient` of `@redis/client`, for TLS and credentials; what the bus needs of them it sets itself. */
    client: z.custom<RedisClientSettings>((value) => typeof value === 'object' && value !== null).optional(),
    /** What all keys begin with. Buses with the same one are one bus. Default: `portcullis`. */
    prefix: z
      .string()
      .regex(/^[\w.:-]{1,64}$/, 'expected 1 to 64 letters, digits and . _ : -')
      .default('portcullis'),
    /** In metrics, logs and `CLIENT LIST`. Default: `events`. */
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected 1 to 64 lower-case letters, digits and hyphens')
      .default('events'),
    /** `source` of events that do not name another. Default: `/` and the name. */
    source: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters without blanks')
      .optional(),
    /** Of each topic; for ever, since the key says where an event goes: the server keeps it on record. 1 to 1,024. Default: 1. */
    partitions: z.int().min(1).max(1024).default(1),
    /** Events that go out, and are read, in one piece. The dial between latency and throughput. 1 to 1,000. Default: 32. */
    batch: z.int().min(1).max(1000).default(32),
    /** After which a server without an answer counts as hanging, milliseconds. Default: 2,000. */
    commandTimeoutMs: z.int().min(10).max(600_000).default(2_000),
    /** For connecting, and for `open`, milliseconds. Default: 5,000. */
    connectTimeoutMs: z.int().min(10).max(600_000).default(5_000),
    /** Longest wait before connecting again, milliseconds; doubles from 50 with each attempt, full jitter. Default: 5,000. */
    maxBackoffMs: z.int().min(1).max(600_000).default(5_000),
    /**
     * For how long the server knows an id again that a caller gave, milliseconds. Default: 10 minutes. What spilled to disk after
     * an answer was lost is known again for 7 days without an id too; sent later than that, it may be there twice.
     */
    dedupeWindowMs: z
      .int()
      .min(1)
      .max(30 * dayMs)
      .default(600_000),
    /** Of an event as JSON; `publish` refuses a longer one. No server takes less. 1,024 to 1,048,576. Default: 1,048,576. */
    maxEventBytes: z.int().min(1024).max(1_048_576).default(1_048_576),
    overflow: overflowSchema.optional(),
    /** For how long a member that does not speak keeps its partitions, milliseconds. Default: 10,000. */
    leaseMs: z.int().min(100).max(600_000).default(10_000),
    /** What members of this process are called on the server. Default: the host and the process id. */
    consumer: z
      .string()
      .regex(/^[\x21-\x7e]{1,64}$/, 'expected 1 to 64 visible ASCII characters without blanks')
      .optional(),
    /** Events older than this go once every group has acknowledged them, milliseconds. Default: 7 days. */
    keepMs: z
      .int()
      .min(1)
      .default(7 * dayMs),
    /** Events that a partition keeps at most once every group has acknowledged them. Default: all. */
    keepEvents: z.int().min(0).optional(),
    /** How often what may go is looked for, milliseconds. Default: 10,000. */
    trimEveryMs: z.int().min(10).max(dayMs).default(10_000),
  })
  // Of the whole, so that the message does not show the URL, which may hold a password.
  .refine(({ url }) => url === undefined || isRedisUrl(url), {
    path: [],
    message: 'url: expected redis[s]://[[user][:password]@]host[:port][/database]',
  });

/** @interface */
export type RedisEventBusOptions = z.input<typeof redisBusSchema>;

function isRedisUrl(text: string): boolean {
  try {
    return ['redis:', 'rediss:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
