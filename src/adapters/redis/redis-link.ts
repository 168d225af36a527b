import type { RedisConnection } from './redis-connection.ts';

/** What those who read need of a connection. */
export type RedisLink = Pick<RedisConnection, 'isConnected' | 'command' | 'onChange' | 'start' | 'close'>;
