/**
 * The event bus on Redis Streams, shared state, its announcements and shared rate limits, for more than one process: Redis 6.2 or
 * newer, through `@redis/client` (an optional peer of this package). Start with {@link RedisEventBus} and
 * {@link RedisStateStore}.
 *
 * @packageDocumentation
 */
export type { RedisEventBusOptions } from './redis-bus-options.ts';
export type { CreateRedisClient, RedisClientPort, RedisClientSettings } from './redis-client.ts';
export { RedisEventBus, type RedisEventBusDeps } from './redis-event-bus.ts';
export { RedisRateLimit } from './state/redis-rate-limit.ts';
export type { RedisServerOptions } from './state/redis-server-options.ts';
export {
  type CreateRedisSubscriber,
  RedisStateSignals,
  type RedisStateSignalsDeps,
  type RedisSubscriberPort,
} from './state/redis-state-signals.ts';
export { type RedisStateDeps, RedisStateStore } from './state/redis-state-store.ts';
