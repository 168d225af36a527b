/**
 * The event bus on Redis Streams, for more than one process: Redis 6.2 or newer, through `@redis/client` (an optional peer of
 * this package). Start with {@link RedisEventBus}.
 *
 * @packageDocumentation
 */
export type { RedisEventBusOptions } from './redis-bus-options.ts';
export type { CreateRedisClient, RedisClientPort, RedisClientSettings } from './redis-client.ts';
export { RedisEventBus, type RedisEventBusDeps } from './redis-event-bus.ts';
