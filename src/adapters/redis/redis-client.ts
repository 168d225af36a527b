import { type RedisClientOptions, createClient } from '@redis/client';
import { redactText } from '../../telemetry/redact.ts';

/** What is used of a client of `@redis/client`. Anything that does the same will do. */
export interface RedisClientPort {
  /** Rejects when the server cannot be reached or does not let it in. It is not asked to come back by itself. */
  connect(): Promise<unknown>;
  /** Commands go out in the order of calls. Replies are those of RESP 2. */
  sendCommand(args: readonly string[]): Promise<unknown>;
  /** Ends the connection at once; commands under way reject. */
  destroy(): void;
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown;
}

/** What a connection is made of: as much of the client's own options as the user gave, and what the bus needs of it. */
export type RedisClientSettings = RedisClientOptions;

/**
 * Makes a client for one attempt to connect; asked again for each. The default is `createClient` of `@redis/client`. One that
 * asks Sentinel for the master first, and connects to that, follows a failover.
 */
export type CreateRedisClient = (settings: RedisClientSettings) => RedisClientPort | Promise<RedisClientPort>;

export const defaultClient: CreateRedisClient = (settings) => createClient(settings);

/** The user's settings with what the bus insists on: it connects again itself, keeps time itself, and keeps nothing in the client. */
export function settingsOf(
  given: RedisClientSettings,
  { name, connectTimeoutMs }: { readonly name: string; readonly connectTimeoutMs: number },
): RedisClientSettings {
  const socket = { ...given.socket, reconnectStrategy: false, connectTimeout: connectTimeoutMs };
  return {
    ...given,
    name,
    RESP: 2 as never, // the same replies from every version of the server
    socket: socket as NonNullable<RedisClientSettings['socket']>,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
    commandOptions: { timeout: undefined as never },
  };
}

/** A word shorter than this is not searched for: it would be found in any text. */
const SHORTEST_SECRET = 4;

/**
 * Takes what must not be seen out of a text: credentials in URLs, and passwords of the settings wherever they turn up, if they
 * have 4 letters or more.
 */
export function withoutSecrets(settings: RedisClientSettings): (text: string) => string {
  const secrets = new Set([...passwordsUnder(settings), ...passwordsIn(settings.url)]);
  const known = [...secrets].filter((secret) => secret.length >= SHORTEST_SECRET);
  known.sort((a, b) => b.length - a.length);
  return (text) => known.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), redactText(text));
}

/** In the settings themselves, and in those of Sentinel or a cluster beneath them. What a provider of credentials gives is not known here. */
function passwordsUnder(settings: object, seen = new Set<object>()): string[] {
  if (seen.has(settings)) return [];
  seen.add(settings);
  return Object.entries(settings).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === 'string') return /^(password|passphrase)$/i.test(name) ? [value] : [];
    const isPlain = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
    return isPlain ? passwordsUnder(value, seen) : [];
  });
}

function passwordsIn(url: string | undefined): string[] {
  const password = url === undefined ? undefined : /:\/\/[^/?#]*?:([^/?#]*)@/.exec(url)?.[1];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
