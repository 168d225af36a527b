import { z } from 'zod';
import { redactText } from '../../telemetry/redact.ts';
import type { PostgresClientSettings } from './postgres-client.ts';

export const postgresSchema = z
  .strictObject({
    /** `postgres://user:password@host:port/database`, with `?sslmode=...` and the like as `pg` takes them. */
    url: z.string().optional(),
    /** Settings of `pg`, in place of the URL or beside it: `host`, `user`, a `password` or a function that gives it, `ssl`. */
    client: z
      .custom<PostgresClientSettings>((value) => typeof value === 'object' && value !== null)
      .optional(),
    /** Where all tables are, created by the first migration: lower-case letters, digits and `_`. Default: `portcullis`. */
    schema: z
      .string()
      .regex(
        /^(?!pg_)[a-z_][a-z0-9_]{0,47}$/,
        'expected 1 to 48 lower-case letters, digits and underscores, not beginning with pg_',
      )
      .default('portcullis'),
    /** As `pg_stat_activity` shows it. Default: `portcullis`. */
    applicationName: z
      .string()
      .regex(/^[\x20-\x7e]{1,40}$/, 'expected 1 to 40 visible ASCII characters')
      .default('portcullis'),
    /** After which the server gives up a statement, and a transaction in which nothing is asked, milliseconds. Default: 5,000. */
    statementTimeoutMs: z.int().min(10).max(3_600_000).default(5_000),
    /** For connecting, and for waiting until a connection is free, milliseconds. Default: 5,000. */
    connectTimeoutMs: z.int().min(10).max(600_000).default(5_000),
    /** How much longer than the server we wait, milliseconds: without any answer by then it hangs. Default: 1,000. */
    graceMs: z.int().min(1).max(600_000).default(1_000),
    /** Of the pool; each log that is written and the listener for signals have one more. Default: 10. */
    maxConnections: z.int().min(1).max(1_000).default(10),
    /** A connection that was not used for so long is closed, milliseconds. Default: 60,000. */
    idleMs: z.int().min(10).max(86_400_000).default(60_000),
    /** Whether `open` brings the tables up to date. Without, it refuses a database that is not. Default: true. */
    migrate: z.boolean().default(true),
    /** For each migration, and for waiting until another process has done its own, milliseconds. Default: 60,000. */
    migrateTimeoutMs: z.int().min(10).max(3_600_000).default(60_000),
  })
  // Of the whole, so that the message does not show the URL, which may hold a password.
  .refine(({ url }) => url === undefined || isPostgresUrl(url), {
    path: [],
    message: 'url: expected postgres[ql]://[user[:password]@]host[:port]/database',
  })
  .refine(({ url, client }) => url !== undefined || client !== undefined, {
    path: [],
    message: 'expected url or client',
  });

/** @interface */
export type PostgresDatabaseOptions = z.input<typeof postgresSchema>;
export type PostgresSettings = z.output<typeof postgresSchema>;

function isPostgresUrl(text: string): boolean {
  try {
    return ['postgres:', 'postgresql:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}

/** What `pg` is given, with what this package insists on. */
export function clientSettings(settings: PostgresSettings, of: string): PostgresClientSettings {
  const { url, client, applicationName } = settings;
  return {
    ...client,
    ...(url === undefined ? {} : { connectionString: url }),
    application_name: `${applicationName}:${of}`.slice(0, 63),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionTimeoutMillis: 0,
    query_timeout: 0,
  };
}

/** A word shorter than this is not searched for: it would be found in any text. */
const SHORTEST_SECRET = 4;

/** Takes credentials of URLs and the password of the settings out of a text. */
export function withoutSecrets({ url, client }: PostgresSettings): (text: string) => string {
  const known = [
    ...(url === undefined ? [] : passwordsIn(url)),
    ...(client?.connectionString === undefined ? [] : passwordsIn(client.connectionString)),
    ...(typeof client?.password === 'string' ? [client.password] : []),
  ].filter((secret) => secret.length >= SHORTEST_SECRET);
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), redactText(text));
}

function passwordsIn(url: string): string[] {
  try {
    const { password, searchParams } = new URL(url);
    return [password, decodeURIComponent(password), searchParams.get('password') ?? ''];
  } catch {
    return [];
  }
}
